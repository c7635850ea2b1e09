//! Random draws from given entropy: xoshiro256++ for sampling, ids and jitter.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng as _, SeedableRng as _};

/// A xoshiro256++ generator. The engine never asks the host for entropy: it is given.
#[derive(Clone, Debug)]
pub struct Rng(Xoshiro256PlusPlus);

impl Rng {
    /// The generator of `seed`: the same sequence native and in every runtime.
    #[must_use]
    pub fn from_seed(seed: u64) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    /// The generator of 32 bytes of the host's randomness.
    #[must_use]
    pub fn from_entropy(entropy: [u8; 32]) -> Self {
        Self(Xoshiro256PlusPlus::from_seed(entropy))
    }

    /// One draw in [0, 1): the upper 53 bits of the next word.
    #[inline(always)]
    pub fn draw(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
    }

    /// A random id of `N` bytes, a multiple of 8, never all zero (W3C Trace Context 3.2.2.3, 3.2.2.4).
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
