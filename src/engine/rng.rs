//! Random numbers for sampling, ids and jitter: xoshiro256++.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng as _, SeedableRng as _};

/// A xoshiro256++ generator. The caller gives the entropy.
///
/// # Examples
/// ```
/// use tidegate::engine::rng::Rng;
///
/// assert_eq!(Rng::from_seed(0).draw(), 0.3245752680314067); // The same on every target.
/// ```
#[derive(Clone, Debug)]
pub struct Rng(Xoshiro256PlusPlus);

impl Rng {
    /// A generator with `seed`. Its sequence is the same on every target.
    #[must_use]
    pub fn from_seed(seed: u64) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    /// A generator whose state is 32 random bytes.
    #[must_use]
    pub fn from_entropy(entropy: [u8; 32]) -> Self {
        Self(Xoshiro256PlusPlus::from_seed(entropy))
    }

    /// A number in [0, 1), from the upper 53 bits of the next word.
    #[inline(always)]
    pub fn draw(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
    }

    /// A random id of `N` bytes, a multiple of 8. It is never all zero.
    ///
    /// Spec: W3C Trace Context, 3.2.2.3 and 3.2.2.4.
    #[inline(always)]
    pub fn id<const N: usize>(&mut self) -> [u8; N] {
        loop {
            let mut id = [0; N];
            let mut any = 0;
            for chunk in id.as_chunks_mut::<8>().0 {
                let word = self.0.next_u64();
                any |= word;
                *chunk = word.to_le_bytes();
            }
            if any != 0 {
                return id;
            }
        }
    }
}
