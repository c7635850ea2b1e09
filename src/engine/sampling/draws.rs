//! Sampling draws without a policy.

use crate::engine::rng::Rng;

/// A source of draws in [0, 1).
pub type Draw = Box<dyn FnMut() -> f64>;

/// Options of [`make_rng`].
#[derive(Default)]
pub struct RngOptions {
    /// The seed of a repeatable sequence. Default `None`.
    pub seed: Option<u64>,
    /// A source of your own. It wins over `seed`. Default `None`.
    pub rng: Option<Draw>,
}

/// Makes a source of draws: `rng` if given, else xoshiro256++.
///
/// The generator starts from `seed` if given, else from the 32 bytes of `entropy`. `entropy` is called once, at the first
/// draw.
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
