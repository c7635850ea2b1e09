//! The decisions on one request: at its entry, and by its outcome.

/// The decision when a request begins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SamplingDecision {
    /// The request is neither recorded nor counted in the statistics, whatever its outcome.
    Excluded,
    /// The request is counted. [`Policy::decide_outcome`](super::Policy::decide_outcome) decides whether it is recorded.
    Decided {
        /// Whether it is recorded whatever its outcome.
        sampled: bool,
        /// Its effective rate, in [0, 1].
        rate: f64,
        /// Whether a sampled parent made it sampled, without a draw.
        forced: bool,
    },
}

impl SamplingDecision {
    /// The decision for events outside a request (FN, DB, EVT): all are recorded.
    pub(crate) const RECORD_ALL: Self = Self::Decided { sampled: true, rate: 1.0, forced: false };

    /// The probability that a sampled request is recorded, before its outcome is known.
    pub(crate) fn sampling_probability(self) -> f64 {
        match self {
            Self::Decided { rate, forced: false, .. } => rate,
            Self::Decided { forced: true, .. } | Self::Excluded => 1.0,
        }
    }
}

/// Decides on a request of `rate`; `None` excludes it.
#[inline(always)]
pub(super) fn decide(rate: Option<f64>, forced: bool, mut draw: impl FnMut() -> f64) -> SamplingDecision {
    let Some(rate) = rate else { return SamplingDecision::Excluded };
    SamplingDecision::Decided { sampled: forced || should_sample_request(rate, &mut draw), rate, forced }
}

/// Whether a request of `rate`, in [0, 1], is sampled.
///
/// A rate ≥ 1 or ≤ 0 takes no draw. Any other, NaN too, takes exactly one, and samples if the draw is below the rate.
pub fn should_sample_request(rate: f64, rng: &mut (impl FnMut() -> f64 + ?Sized)) -> bool {
    // NaN is not ≤ 0.
    #[allow(clippy::neg_cmp_op_on_partial_ord)]
    let may_draw = !(rate <= 0.0);
    rate >= 1.0 || (may_draw && rng() < rate)
}

/// Whether a finished request is recorded: it is sampled, or it is an error and `always_sample_errors` is set.
///
/// A request is an error if it has an error value, or if `status` ≥ `error_threshold` (default
/// [`DEFAULT_ERROR_THRESHOLD`](super::DEFAULT_ERROR_THRESHOLD)). An unknown status is no error.
#[must_use]
pub fn should_record_request(
    sampled: bool,
    status: Option<u16>,
    has_error: bool,
    always_sample_errors: bool,
    error_threshold: u16,
) -> bool {
    sampled || (always_sample_errors && is_error(status, has_error, error_threshold))
}

pub(super) fn is_error(status: Option<u16>, has_error: bool, error_threshold: u16) -> bool {
    has_error || status.is_some_and(|status| status >= error_threshold)
}
