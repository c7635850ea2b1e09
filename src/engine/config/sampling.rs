//! The options of sampling.

use crate::engine::error::{Error, ErrorKind};
use crate::engine::text::number::text;

/// The options of sampling.
///
/// # Examples
/// ```
/// use tidegate::engine::sampling::{KeepSlow, SamplingOptions};
///
/// let sampling = SamplingOptions {
///     rate: 0.1,
///     overrides: vec![("/checkout".into(), 1.0)],
///     keep_slow: Some(KeepSlow::P99),
///     ..SamplingOptions::default()
/// };
/// assert!(sampling.validate().is_ok());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct SamplingOptions {
    /// The probability that a request is sampled, in [0, 1]. Default 1.
    pub rate: f64,
    /// Rules of requests that are neither recorded nor counted. Default none.
    pub exclude: Vec<String>,
    /// Pairs of a rule and a rate. The first rule that matches replaces `rate`. Default none.
    pub overrides: Vec<(String, f64)>,
    /// Whether errors are recorded whatever was drawn. Default true.
    pub always_sample_errors: bool,
    /// The lowest status that is an error. Default [`DEFAULT_ERROR_THRESHOLD`].
    pub error_threshold: u16,
    /// Which slow requests are recorded whatever was drawn. Default none.
    pub keep_slow: Option<KeepSlow>,
    /// Whether a sampled `traceparent` forces recording. Default false: with true, callers decide how much is recorded.
    pub respect_parent: bool,
    /// The seed of the draws. Default `None`: they are seeded by
    /// [`Collector::seed_entropy`](crate::engine::Collector::seed_entropy).
    pub seed: Option<u64>,
}

/// The limit above which a request is slow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum KeepSlow {
    /// This many milliseconds, finite and ≥ 0.
    Ms(f64),
    /// The 99th percentile of its route as of the last tick.
    P99,
}

impl Default for SamplingOptions {
    fn default() -> Self {
        Self {
            rate: 1.0,
            exclude: Vec::new(),
            overrides: Vec::new(),
            always_sample_errors: true,
            error_threshold: DEFAULT_ERROR_THRESHOLD,
            keep_slow: None,
            respect_parent: false,
            seed: None,
        }
    }
}

impl SamplingOptions {
    /// Checks `keep_slow`. Rates and rules are checked where they are compiled.
    ///
    /// # Errors
    /// [`ErrorKind::KeepSlow`] for [`KeepSlow::Ms`] that is negative or not finite.
    pub fn validate(&self) -> Result<(), Error> {
        if let Some(KeepSlow::Ms(ms)) = self.keep_slow
            && !(ms.is_finite() && ms >= 0.0)
        {
            return Err(Self::keep_slow_error(ms, "sampling.keep_slow", "P99"));
        }
        Ok(())
    }

    /// The error of a limit for slow requests. `name` is that of the option, `percentile` its other value.
    pub(crate) fn keep_slow_error(ms: f64, name: &str, percentile: &str) -> Error {
        let hint = " is not a duration: give milliseconds ≥ 0, or ";
        Error::new(ErrorKind::KeepSlow, &[name, ": ", &text(ms), hint, percentile])
    }
}

/// The lowest HTTP status that is an error, unless configured: 500.
pub const DEFAULT_ERROR_THRESHOLD: u16 = 500;
