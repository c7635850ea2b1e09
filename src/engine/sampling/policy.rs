//! The sampling policy of a collector: all steps in their order.

use super::decision::{SamplingDecision, decide, is_error, should_record_request};
use super::rules::{
    CompiledOverrides, CompiledRules, clamp_sampling_rate, get_effective_rate, should_exclude_route,
};
use crate::engine::config::{KeepSlow, SamplingOptions};
use crate::engine::error::Error;
use crate::engine::rng::Rng;

/// The sampling rules of a collector, compiled.
///
/// # Examples
/// ```
/// use tidegate::engine::sampling::{Policy, SamplingDecision, SamplingOptions};
///
/// let options = SamplingOptions { rate: 0.0, exclude: vec!["/health".into()], ..Default::default() };
/// let mut policy = Policy::new(&options)?;
/// assert_eq!(policy.decide_head("/health", false), SamplingDecision::Excluded);
/// let decision = policy.decide_head("/orders", false);
/// assert_eq!(policy.decide_outcome(decision, Some(200), false, false), None);
/// assert_eq!(policy.decide_outcome(decision, Some(500), false, false), Some(1.0)); // Errors are always recorded.
/// # Ok::<(), tidegate::engine::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Policy {
    rate: f64,
    exclude: CompiledRules,
    overrides: CompiledOverrides,
    always_sample_errors: bool,
    error_threshold: u16,
    keep_slow: Option<KeepSlow>,
    respect_parent: bool,
    rng: Option<Rng>,
}

impl Policy {
    /// Compiles `options`.
    ///
    /// # Errors
    /// The errors of [`SamplingOptions::validate`], [`clamp_sampling_rate`], [`compile_rules`](super::compile_rules) and
    /// [`compile_overrides`](super::compile_overrides).
    pub fn new(options: &SamplingOptions) -> Result<Self, Error> {
        options.validate()?;
        let mut exclude = options.exclude.iter().map(String::as_str);
        let mut overrides = options.overrides.iter().map(|(pattern, rate)| (pattern.as_str(), *rate));
        Ok(Self {
            rate: clamp_sampling_rate(options.rate).map_err(|e| e.of_option("sampling.rate"))?,
            exclude: CompiledRules::compile("sampling.exclude: rule", &mut exclude)?,
            overrides: CompiledOverrides::compile("sampling.overrides: override", &mut overrides)?,
            always_sample_errors: options.always_sample_errors,
            error_threshold: options.error_threshold,
            keep_slow: options.keep_slow,
            respect_parent: options.respect_parent,
            rng: options.seed.map(Rng::from_seed),
        })
    }

    /// Whether the next decision may need [`seed_entropy`](Self::seed_entropy): there is no seed, and some rate takes
    /// draws.
    #[must_use]
    pub fn needs_entropy(&self) -> bool {
        self.rng.is_none() && ((0.0 < self.rate && self.rate < 1.0) || self.overrides.can_draw())
    }

    /// Seeds the draws with 32 random bytes. Ignored if the draws have a seed already.
    pub fn seed_entropy(&mut self, entropy: [u8; 32]) {
        self.rng.get_or_insert_with(|| Rng::from_entropy(entropy));
    }

    /// Decides when a request begins: exclude rules → forced by the parent → rate → draw.
    ///
    /// `path` is the route template if it is known, else the path as received without query. Without seed and entropy the
    /// draws are those of seed 0.
    pub fn decide_head(&mut self, path: &str, parent_sampled: bool) -> SamplingDecision {
        let rate = self.rate_of(path);
        self.decide_at_rate(rate, parent_sampled)
    }

    /// As [`decide_head`](Self::decide_head), with draws in [0, 1) from the caller.
    ///
    /// At most one draw is taken. None is taken if the request is excluded or forced, or if the rate is 0 or 1.
    pub fn decide_head_with(
        &self,
        path: &str,
        parent_sampled: bool,
        draw: &mut dyn FnMut() -> f64,
    ) -> SamplingDecision {
        self.decide_at_rate_with(self.rate_of(path), parent_sampled, draw)
    }

    /// As [`decide_head`](Self::decide_head), at a rate that [`rate_of`](Self::rate_of) returned.
    #[inline(always)]
    pub fn decide_at_rate(&mut self, rate: Option<f64>, parent_sampled: bool) -> SamplingDecision {
        let forced = self.respect_parent && parent_sampled;
        decide(rate, forced, || self.draw())
    }

    /// As [`decide_at_rate`](Self::decide_at_rate), with draws in [0, 1) from the caller.
    pub fn decide_at_rate_with(
        &self,
        rate: Option<f64>,
        parent_sampled: bool,
        draw: &mut dyn FnMut() -> f64,
    ) -> SamplingDecision {
        decide(rate, self.respect_parent && parent_sampled, draw)
    }

    /// The rate for `path`, in [0, 1]. `None`: the path is excluded. It never changes.
    #[must_use]
    pub fn rate_of(&self, path: &str) -> Option<f64> {
        if should_exclude_route(path, &self.exclude) {
            return None;
        }
        Some(get_effective_rate(path, &self.overrides, self.rate))
    }

    /// The rate where no override matches, in [0, 1]. It is also the rate of handlers that have no path.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.rate
    }

    /// Takes one draw in [0, 1).
    pub fn draw(&mut self) -> f64 {
        self.rng.get_or_insert_with(|| Rng::from_seed(0)).draw()
    }

    /// Decides when a request has ended.
    ///
    /// `None`: it is not recorded. `Some(p)`: it is recorded; `p`, in (0, 1], is the probability that a request with this
    /// outcome is recorded, so that Σ 1/p counts all requests. `p` is 1 for an error under `always_sample_errors`, for a
    /// slow request that is kept, and for a request forced by its parent; else it is the effective rate. `slow` is the
    /// answer of [`is_slow`](Self::is_slow).
    #[inline(always)]
    #[must_use]
    pub fn decide_outcome(
        &self,
        decision: SamplingDecision,
        status: Option<u16>,
        has_error: bool,
        slow: bool,
    ) -> Option<f64> {
        let SamplingDecision::Decided { sampled, rate, forced } = decision else { return None };
        let by_outcome =
            should_record_request(false, status, has_error, self.always_sample_errors, self.error_threshold);
        if by_outcome || forced || (slow && self.keep_slow.is_some()) {
            return Some(1.0);
        }
        sampled.then_some(rate)
    }

    /// Whether a request is an error: it has an error value, or its status is at or above the threshold.
    #[must_use]
    pub fn is_error(&self, status: Option<u16>, has_error: bool) -> bool {
        is_error(status, has_error, self.error_threshold)
    }

    /// Whether an event with an error is recorded whatever was drawn.
    #[must_use]
    pub fn keeps_error(&self, has_error: bool) -> bool {
        has_error && self.always_sample_errors
    }

    /// Which slow requests are recorded whatever was drawn.
    #[inline(always)]
    #[must_use]
    pub fn keep_slow(&self) -> Option<KeepSlow> {
        self.keep_slow
    }

    /// Whether a request of `duration_ms` is slow.
    ///
    /// `p99_ms` is the 99th percentile of its route as of the last tick; it is used with [`KeepSlow::P99`]. An unknown
    /// duration is never slow, and neither is any duration while the percentile is unknown.
    #[must_use]
    pub fn is_slow(&self, duration_ms: Option<f64>, p99_ms: Option<f64>) -> bool {
        let limit = match self.keep_slow {
            Some(KeepSlow::Ms(ms)) => Some(ms),
            Some(KeepSlow::P99) => p99_ms,
            None => None,
        };
        match (duration_ms, limit) {
            (Some(duration), Some(limit)) => duration > limit,
            _ => false,
        }
    }
}
