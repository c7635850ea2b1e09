//! Which requests are recorded: exclude → effective rate → draw → your code → record?
//!
//! The free functions are the stand-alone rules; [`Policy`] is all of them in their order.

mod children;
pub mod open;
mod policy;
mod rules;
mod token;

pub use super::config::{DEFAULT_ERROR_THRESHOLD, KeepSlow, SamplingOptions as Options};
pub(crate) use children::Children;
pub use policy::{Head, Policy};
pub use rules::{
    CompiledOverrides, CompiledRules, REGEX_SIZE_LIMIT, clamp_sampling_rate, compile_overrides,
    compile_rules, get_effective_rate, should_exclude_route,
};

use super::rng::Rng;

/// A source of draws in [0, 1).
pub type Draw = Box<dyn FnMut() -> f64>;

/// Where draws come from; see [`make_rng`].
#[derive(Default)]
pub struct RngOptions {
    /// The seed of a repeatable sequence. Default: none.
    pub seed: Option<u64>,
    /// A source of your own; wins over `seed`. Default: none.
    pub rng: Option<Draw>,
}

/// The draws that `options` ask for: `rng` if given, else xoshiro256++ of `seed`, else xoshiro256++
/// of 32 bytes of `entropy`, which is asked once, at the first draw.
///
/// # Examples
/// ```
/// use tidegate::engine::sampling::{RngOptions, make_rng};
///
/// let options = RngOptions { seed: Some(0), ..RngOptions::default() };
/// let mut draw = make_rng(options, || [0; 32]);
/// assert_eq!(draw(), 0.3245752680314067);
/// ```
pub fn make_rng(options: RngOptions, entropy: impl FnOnce() -> [u8; 32] + 'static) -> Draw {
    if let Some(rng) = options.rng {
        return rng;
    }
    let mut rng = options.seed.map(Rng::from_seed);
    let mut entropy = Some(entropy);
    Box::new(move || {
        let fresh = || entropy.take().map_or_else(|| Rng::from_seed(0), |ask| Rng::from_entropy(ask()));
        rng.get_or_insert_with(fresh).draw()
    })
}

/// Whether a request of `rate`, in [0, 1], is sampled.
///
/// A rate ≥ 1 or ≤ 0 draws nothing; any other draws exactly once and samples if the draw is below it.
pub fn should_sample_request(rate: f64, rng: &mut (impl FnMut() -> f64 + ?Sized)) -> bool {
    rate >= 1.0 || (rate > 0.0 && rng() < rate)
}

/// Whether a finished request is recorded: sampled, or an error under `always_sample_errors`.
///
/// An error has an error value, or a `status` ≥ `error_threshold` (the default of both this and
/// [`Options`] is [`DEFAULT_ERROR_THRESHOLD`]). No status and no error value is no error.
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

fn is_error(status: Option<u16>, has_error: bool, error_threshold: u16) -> bool {
    has_error || status.is_some_and(|status| status >= error_threshold)
}
