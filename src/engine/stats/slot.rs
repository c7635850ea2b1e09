//! The figures of one slot: 32 bytes. A row has 61 slots.

use super::pool::BlockId;

/// An event with its slot and its bucket.
pub(super) struct Placed {
    /// When it ended; not later than now.
    pub(super) at: f64,
    pub(super) position: usize,
    pub(super) is_open: bool,
    pub(super) duration: Option<(f64, usize)>,
    pub(super) is_error: bool,
}

/// The figures of one slot, and the packed histogram of a closed one.
#[derive(Clone, Copy)]
pub(super) struct Slot {
    pub(super) sum: f64,
    /// The longest duration in ms; -1 if none is known.
    pub(super) max: f64,
    pub(super) count: u32,
    pub(super) errors: u32,
    /// What rounding took from `sum`. With it, sums that are merged in any order agree to 1e-12.
    correction: f32,
    /// The packed durations of a closed slot, at scale `6 - shift`.
    pub(super) head: BlockId,
    pub(super) shift: u8,
}

impl Slot {
    pub(super) const EMPTY: Self =
        Self { sum: 0.0, max: -1.0, count: 0, errors: 0, correction: 0.0, head: 0, shift: 0 };

    /// A slot of another store, without its durations.
    pub(super) fn from_figures(count: u32, errors: u32, sum: f64, max: f64) -> Self {
        Self { sum, max, count, errors, ..Self::EMPTY }
    }

    /// The sum of all known durations, in ms.
    pub(super) fn sum_ms(&self) -> f64 {
        self.sum + f64::from(self.correction)
    }

    /// Counts one event.
    #[inline(always)]
    pub(super) fn record(&mut self, event: &Placed) {
        self.count += 1;
        self.errors += u32::from(event.is_error);
        if let Some((ms, _)) = event.duration {
            if ms > self.max {
                self.max = ms;
            }
            self.add_to_sum(ms);
        }
    }

    /// Adds the figures of another slot, without its packed durations.
    pub(super) fn absorb(&mut self, other: &Self) {
        self.count += other.count;
        self.errors += other.errors;
        self.max = self.max.max(other.max);
        self.add_to_sum(other.sum);
        self.correction += other.correction;
    }

    fn add_to_sum(&mut self, ms: f64) {
        // Knuth's TwoSum gives what rounding took, whichever of the two numbers is larger.
        let rounded = self.sum + ms;
        let added = rounded - self.sum;
        let lost = (self.sum - (rounded - added)) + (ms - added);
        let rest = f64::from(self.correction) + lost;
        let sum = rounded + rest;
        self.sum = if sum < f64::MAX { sum } else { f64::MAX };
        let correction = (rest - (self.sum - rounded)) as f32;
        self.correction = if correction.is_finite() { correction } else { 0.0 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_agree_in_any_order() {
        let event =
            |ms| Placed { at: 0.0, position: 0, is_open: true, duration: Some((ms, 0)), is_error: false };
        let (mut one, mut parts) = (Slot::EMPTY, [Slot::EMPTY; 4]);
        for i in 0..400_000 {
            one.record(&event(0.1));
            parts[i % 4].record(&event(0.1));
        }
        parts.iter().rev().for_each(|part| one.absorb(part));
        assert!((one.sum_ms() / 80_000.0 - 1.0).abs() < 1e-15, "{}", one.sum_ms());
    }

    #[test]
    fn a_sum_too_large_for_a_float_is_the_largest_float() {
        let mut slot = Slot::EMPTY;
        for ms in [f64::MAX, f64::MAX, 1e300, 1.0] {
            slot.record(&Placed {
                at: 0.0,
                position: 0,
                is_open: true,
                duration: Some((ms, 0)),
                is_error: false,
            });
        }
        assert_eq!((slot.sum_ms(), slot.max), (f64::MAX, f64::MAX));
    }
}
