//! The figures of one slot: 32 bytes, 61 a row.

use super::pool::BlockId;

/// An event whose slot and bucket are known.
pub(super) struct Placed {
    pub(super) position: usize,
    pub(super) is_open: bool,
    pub(super) duration: Option<(f64, usize)>,
    pub(super) is_error: bool,
}

/// The figures of one slot, and the packed histogram of a closed one.
#[derive(Clone, Copy)]
pub(super) struct Slot {
    pub(super) sum: f64,
    /// The longest duration; negative if none is known.
    pub(super) max: f64,
    pub(super) count: u32,
    pub(super) errors: u32,
    /// What rounding took from `sum` (Neumaier): merged sums agree to 1e-12 in any order.
    correction: f32,
    /// The packed durations of a closed slot, of scale `6 - shift`.
    pub(super) head: BlockId,
    pub(super) shift: u8,
}

impl Slot {
    pub(super) const EMPTY: Self =
        Self { sum: 0.0, max: -1.0, count: 0, errors: 0, correction: 0.0, head: 0, shift: 0 };

    /// The figures of a slot that comes from elsewhere.
    pub(super) fn from_figures(count: u32, errors: u32, sum: f64, max: f64) -> Self {
        Self { sum, max, count, errors, ..Self::EMPTY }
    }

    /// The sum of all known durations in ms.
    pub(super) fn sum_ms(&self) -> f64 {
        self.sum + f64::from(self.correction)
    }

    /// Counts one event.
    pub(super) fn note(&mut self, event: &Placed) {
        self.count += 1;
        self.errors += u32::from(event.is_error);
        if let Some((ms, _)) = event.duration {
            self.max = self.max.max(ms);
            self.add_to_sum(ms);
        }
    }

    /// Adds the figures of another slot, its durations apart.
    pub(super) fn absorb(&mut self, other: &Self) {
        self.count += other.count;
        self.errors += other.errors;
        self.max = self.max.max(other.max);
        self.add_to_sum(other.sum);
        self.correction += other.correction;
    }

    fn add_to_sum(&mut self, ms: f64) {
        let sum = self.sum + ms;
        if sum.is_finite() {
            let (large, small) = if self.sum >= ms { (self.sum, ms) } else { (ms, self.sum) };
            self.correction += ((large - sum) + small) as f32;
        }
        self.sum = sum.min(f64::MAX);
        if !self.correction.is_finite() {
            self.correction = 0.0;
        }
    }
}
