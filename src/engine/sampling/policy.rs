//! The sampling rules of one collector, compiled once, applied in their order.

use super::rules::{
    CompiledOverrides, CompiledRules, clamp_sampling_rate, get_effective_rate, should_exclude_route,
};
use super::{KeepSlow, Options, is_error, should_record_request, should_sample_request};
use crate::engine::decimal::text;
use crate::engine::rng::Rng;
use crate::engine::{Error, ErrorKind};

/// The sampling rules of one collector.
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

/// What is decided at a request's entry.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Head {
    /// Neither recorded nor counted, whatever becomes of it.
    Excluded,
    /// Counted; recorded as [`Policy::outcome`] says.
    Decided {
        /// Whether it is recorded whatever becomes of it.
        sampled: bool,
        /// Its effective rate, in [0, 1].
        rate: f64,
        /// Whether a sampled parent, not a draw, made it sampled.
        forced: bool,
    },
}

impl Policy {
    /// Compiles `options`.
    ///
    /// # Errors
    /// [`ErrorKind::SamplingRate`] and [`ErrorKind::SamplingRule`] as [`clamp_sampling_rate`],
    /// [`compile_rules`](super::compile_rules) and [`compile_overrides`](super::compile_overrides); code
    /// `config/keep-slow-ms` for a negative or non-finite [`KeepSlow::Ms`].
    pub fn new(options: &Options) -> Result<Self, Error> {
        if let Some(KeepSlow::Ms(ms)) = options.keep_slow
            && !(ms.is_finite() && ms >= 0.0)
        {
            let what =
                ["sampling.keepSlowMs: ", &text(ms), " is not a duration: give milliseconds ≥ 0, or \"p99\""];
            return Err(Error::new(ErrorKind::Option("config/keep-slow-ms"), &what));
        }
        let mut exclude = options.exclude.iter().map(String::as_str);
        let mut overrides = options.overrides.iter().map(|(pattern, rate)| (pattern.as_str(), *rate));
        Ok(Self {
            rate: clamp_sampling_rate(options.rate).map_err(|e| e.of_option("sampling.rate"))?,
            exclude: CompiledRules::of("sampling.exclude: rule", &mut exclude)?,
            overrides: CompiledOverrides::of("sampling.overrides: override", &mut overrides)?,
            always_sample_errors: options.always_sample_errors,
            error_threshold: options.error_threshold,
            keep_slow: options.keep_slow,
            respect_parent: options.respect_parent,
            rng: options.seed.map(Rng::from_seed),
        })
    }

    /// Whether [`seed_entropy`](Self::seed_entropy) is wanted before the next
    /// [`decide`](Self::decide): no seed is given yet, and some rate needs a draw.
    #[must_use]
    pub fn needs_entropy(&self) -> bool {
        self.rng.is_none() && ((0.0 < self.rate && self.rate < 1.0) || self.overrides.can_draw())
    }

    /// Seeds the draws with 32 bytes of the host's randomness; ignored once a seed is there.
    pub fn seed_entropy(&mut self, entropy: [u8; 32]) {
        self.rng.get_or_insert_with(|| Rng::from_entropy(entropy));
    }

    /// Decides at entry with the policy's own draws: exclude → forced by the parent → rate → draw.
    ///
    /// `path` is the route template if known, else the path as received without query. Without a
    /// seed and without entropy the draws are those of seed 0.
    pub fn decide(&mut self, path: &str, parent_sampled: bool) -> Head {
        let rate = self.rate_of(path);
        self.head(rate, parent_sampled)
    }

    /// Decides as [`decide`](Self::decide), of a path whose rate is known: [`rate_of`](Self::rate_of)'s answer.
    #[inline(always)]
    pub fn head(&mut self, rate: Option<f64>, parent_sampled: bool) -> Head {
        let forced = self.respect_parent && parent_sampled;
        head(rate, forced, || self.draw())
    }

    /// The rate, in [0, 1], that governs `path`; `None`: excluded. It is the same each time.
    #[must_use]
    pub fn rate_of(&self, path: &str) -> Option<f64> {
        if should_exclude_route(path, &self.exclude) {
            return None;
        }
        Some(get_effective_rate(path, &self.overrides, self.rate))
    }

    /// One draw in [0, 1) of the policy's own, for a root that has no path.
    pub fn draw(&mut self) -> f64 {
        self.rng.get_or_insert_with(|| Rng::from_seed(0)).draw()
    }

    /// Decides as [`decide`](Self::decide), with draws in [0, 1) from elsewhere.
    ///
    /// At most one draw is taken; none if excluded, forced, or the rate is 0 or 1.
    pub fn decide_with(&self, path: &str, parent_sampled: bool, draw: &mut dyn FnMut() -> f64) -> Head {
        self.head_with(self.rate_of(path), parent_sampled, draw)
    }

    /// Decides as [`head`](Self::head), with draws in [0, 1) from elsewhere.
    pub fn head_with(&self, rate: Option<f64>, parent_sampled: bool, draw: &mut dyn FnMut() -> f64) -> Head {
        head(rate, self.respect_parent && parent_sampled, draw)
    }

    /// Whether a finished request is recorded, and with which `p`.
    ///
    /// `None`: not recorded. `Some(p)`: recorded; `p`, in (0, 1], is the probability that an event
    /// with this outcome is recorded, so that Σ 1/p counts all. It is 1 for an error under
    /// `always_sample_errors`, a kept-slow or a parent-forced request, else the effective rate.
    /// `slow` is [`is_slow`](Self::is_slow)'s answer; it counts only if slow requests are kept.
    #[inline(always)]
    #[must_use]
    pub fn outcome(&self, head: Head, status: Option<u16>, has_error: bool, slow: bool) -> Option<f64> {
        let Head::Decided { sampled, rate, forced } = head else { return None };
        let by_outcome =
            should_record_request(false, status, has_error, self.always_sample_errors, self.error_threshold);
        if by_outcome || forced || (slow && self.keep_slow.is_some()) {
            return Some(1.0);
        }
        sampled.then_some(rate)
    }

    /// Whether a request counts as an error: it has an error value, or `status` ≥ the threshold.
    #[must_use]
    pub fn is_error(&self, status: Option<u16>, has_error: bool) -> bool {
        is_error(status, has_error, self.error_threshold)
    }

    /// Whether a request of `duration_ms` is slow enough to be kept.
    ///
    /// `p99_ms` is its route's 99th percentile as of the last tick, for [`KeepSlow::P99`]. An unknown
    /// duration or percentile is not slow.
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

    /// The rate, in [0, 1], where no override matches; it governs roots that have no path.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.rate
    }
}

#[inline(always)]
fn head(rate: Option<f64>, forced: bool, mut draw: impl FnMut() -> f64) -> Head {
    let Some(rate) = rate else { return Head::Excluded };
    Head::Decided { sampled: forced || should_sample_request(rate, &mut draw), rate, forced }
}
