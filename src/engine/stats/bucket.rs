//! The buckets of durations: OpenTelemetry's at scale 6, from 1 ns to 1 h.
//!
//! They are numbered from 0 on. [`OFFSET`] keeps pairs aligned: halving an index gives the index at the next coarser scale.

use crate::engine::buckets::{index_of, lower_bound};

/// The index here of OpenTelemetry's bucket 0: one whole power of two.
const OFFSET: i32 = 64;

/// The number of buckets at scale 6, with the 64 below 1 ns.
pub(super) const BUCKETS: usize = 2734;

/// After this many coarsening steps one bucket is left.
pub(super) const MAX_SHIFT: u8 = 12;

/// The longest duration with a bucket of its own, in ns: one hour.
const LONGEST_NS: f64 = 3.6e12;

/// The bucket that ends at 1 ns.
const SHORTEST: usize = 63;

/// The bucket of durations that are 0 to the nanosecond. It shares a page with [`SHORTEST`], and no bucket down to scale 3.
const ZERO: usize = 48;

/// The bucket of a duration, which is neither NaN nor negative. Durations outside 1 ns … 1 h are clamped; below half a
/// nanosecond they are 0.
#[inline(always)]
pub(super) fn index(ms: f64) -> usize {
    let ns = ms * 1e6;
    if ns < 1.0 {
        return if ns < 0.5 { ZERO } else { SHORTEST };
    }
    (index_of(if ns > LONGEST_NS { LONGEST_NS } else { ns }) + OFFSET) as usize
}

/// The duration in ms that represents bucket `index` of scale `6 - shift`.
///
/// It is the harmonic mean of the bounds. Its relative error is at most `(high - low) / (high + low)`: 0.55 % at scale 6,
/// 1.09 % at scale 5.
pub(super) fn middle_ms(index: usize, shift: u8) -> f64 {
    if (index + 1) << shift <= SHORTEST {
        return 0.0;
    }
    let (low, high) = (lower_ns(index << shift), lower_ns((index + 1) << shift));
    2.0 * low * high / (low + high) / 1e6
}

fn lower_ns(index: usize) -> f64 {
    lower_bound(index as i32 - OFFSET)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_range_is_one_nanosecond_to_one_hour() {
        assert_eq!(index(1e-6), 63);
        assert_eq!((index(0.0), index(1e-300), index(0.49e-6)), (ZERO, ZERO, ZERO));
        assert_eq!((index(0.5e-6), index(0.99e-6)), (63, 63));
        assert_eq!(index(3_600_000.0), BUCKETS - 1);
        assert_eq!(index(f64::MAX), BUCKETS - 1);
    }

    #[test]
    fn a_measured_zero_reads_zero() {
        for shift in 0..=3 {
            assert_eq!(middle_ms(index(0.0) >> shift, shift), 0.0);
            assert!(middle_ms(index(1e-6) >> shift, shift) > 0.0);
        }
    }

    #[test]
    fn the_middle_is_within_the_promised_error() {
        for (shift, promised) in [(0, 0.0055), (1, 0.011)] {
            for i in (63usize >> shift)..(BUCKETS >> shift) {
                let (low, high) = (lower_ns(i << shift), lower_ns((i + 1) << shift));
                let middle = middle_ms(i, shift) * 1e6;
                assert!(middle / low - 1.0 < promised && 1.0 - middle / high < promised);
            }
        }
    }
}
