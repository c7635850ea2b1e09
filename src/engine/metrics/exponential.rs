//! The exponential histogram of OTLP.
//!
//! Spec: <https://opentelemetry.io/docs/specs/otel/metrics/data-model/#exponentialhistogram>

use crate::engine::buckets::{SCALE, index_of, lower_bound};

/// Counts of finite numbers by bucket, and of zeros. It has 160 buckets for each sign, at scale 6 or coarser.
///
/// At scale 6 the buckets span a factor of 5.6. When a number lies outside, pairs of buckets are merged: each step squares
/// the factor. Those of negative numbers are allocated with the first one.
#[derive(Debug)]
pub struct Exponential {
    positive: Buckets,
    negative: Option<Box<Buckets>>,
    shift: u8,
    zeros: u64,
    count: u64,
    sum: f64,
    min: f64,
    max: f64,
}

/// The counts of the numbers of one sign.
#[derive(Clone, Debug)]
struct Buckets {
    /// Bucket `i` is at `i` modulo the length, so the range can grow in both directions without moving.
    counts: [u32; MAX_BUCKETS],
    /// The upper halves of the counts, from the first that needs one.
    carries: Option<Box<[u32; MAX_BUCKETS]>>,
    low: i32,
    high: i32,
}

impl Exponential {
    pub(crate) fn new() -> Self {
        Self {
            positive: Buckets::new(),
            negative: None,
            shift: 0,
            zeros: 0,
            count: 0,
            sum: 0.0,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
        }
    }

    /// Removes all numbers and keeps the memory.
    pub(crate) fn clear(&mut self) {
        let mut negative = self.negative.take();
        if let Some(buckets) = &mut negative {
            buckets.clear();
        }
        self.positive.clear();
        let positive = std::mem::replace(&mut self.positive, Buckets::new());
        *self = Self { positive, negative, ..Self::new() };
    }

    /// Adds a number, which is finite.
    pub(crate) fn record(&mut self, value: f64) {
        self.count += 1;
        let sum = self.sum + value;
        self.sum = if sum.is_finite() { sum } else { f64::MAX.copysign(sum) };
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        if value == 0.0 {
            self.zeros += 1;
            return;
        }
        let index = index_of(value.abs().max(f64::MIN_POSITIVE));
        let is_negative = value < 0.0;
        let mut at = index >> self.shift;
        while !self.side(is_negative).has_room(at) {
            self.coarsen();
            at = index >> self.shift;
        }
        self.side(is_negative).add(at, 1);
    }

    /// The scale: `base` is `2^(2^-scale)`. At most 6.
    #[must_use]
    pub fn scale(&self) -> i32 {
        SCALE - i32::from(self.shift)
    }

    /// The index of the first of [`buckets`](Self::buckets). Bucket `i` holds `(base^i, base^(i+1)]`.
    #[must_use]
    pub fn offset(&self) -> i32 {
        self.positive.low
    }

    /// The counts of the buckets of positive numbers, from the first that is not 0 to the last.
    pub fn buckets(&self) -> impl DoubleEndedIterator<Item = u64> + '_ {
        self.positive.iter()
    }

    /// As [`offset`](Self::offset) and [`buckets`](Self::buckets), for the absolute values of negative numbers. `None`:
    /// there are none.
    #[must_use]
    pub fn negative(&self) -> Option<(i32, impl DoubleEndedIterator<Item = u64> + '_)> {
        let buckets = self.negative.as_ref().filter(|buckets| !buckets.is_empty())?;
        Some((buckets.low, buckets.iter()))
    }

    /// How many numbers were 0.
    #[must_use]
    pub fn zeros(&self) -> u64 {
        self.zeros
    }

    /// How many numbers there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The sum of all numbers.
    #[must_use]
    pub fn sum(&self) -> f64 {
        self.sum
    }

    /// The smallest number; infinite if there is none.
    #[must_use]
    pub fn min(&self) -> f64 {
        self.min
    }

    /// The largest number; infinite if there is none.
    #[must_use]
    pub fn max(&self) -> f64 {
        self.max
    }

    /// The number at `q`, in [0, 1], by nearest rank: the middle of its bucket, within [`min`](Self::min) and
    /// [`max`](Self::max). `None`: there is no number.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<f64> {
        let rank = ((self.count as f64 * q).ceil() as u64).clamp(1, self.count.max(1));
        let middle = |at: i32| 2.0 * self.bound(at) / (1.0 + self.bound(at) / self.bound(at + 1));
        let below = self.negative().into_iter().flat_map(|(low, counts)| {
            let at = low + counts.size_hint().0 as i32 - 1;
            counts.rev().enumerate().map(move |(step, count)| (-middle(at - step as i32), count))
        });
        let above =
            self.buckets().enumerate().map(|(step, count)| (middle(self.offset() + step as i32), count));
        let mut seen = 0;
        let mut found = below.chain([(0.0, self.zeros)]).chain(above).skip_while(|(_, count)| {
            seen += count;
            seen < rank
        });
        found.next().map(|(value, _)| value.max(self.min).min(self.max)).filter(|_| self.count > 0)
    }

    /// The lower bound of bucket `at`.
    pub(crate) fn bound(&self, at: i32) -> f64 {
        let index = i64::from(at) << self.shift;
        lower_bound(index.clamp(-1022 * 64, 1023 * 64) as i32)
    }

    /// Makes this equal to `other`. Allocates only what `other` has allocated and this has not.
    pub(crate) fn copy_from(&mut self, other: &Self) {
        self.positive.copy_from(&other.positive);
        match (&mut self.negative, &other.negative) {
            (Some(mine), Some(theirs)) => mine.copy_from(theirs),
            (mine, theirs) => mine.clone_from(theirs),
        }
        let Self { shift, zeros, count, sum, min, max, .. } = *other;
        (self.shift, self.zeros, self.count, self.sum, self.min, self.max) =
            (shift, zeros, count, sum, min, max);
    }

    fn side(&mut self, is_negative: bool) -> &mut Buckets {
        if is_negative {
            self.negative.get_or_insert_with(|| Box::new(Buckets::new()))
        } else {
            &mut self.positive
        }
    }

    /// Merges pairs of buckets.
    fn coarsen(&mut self) {
        self.positive.coarsen();
        if let Some(buckets) = &mut self.negative {
            buckets.coarsen();
        }
        self.shift += 1;
    }
}

impl Buckets {
    fn new() -> Self {
        Self { counts: [0; MAX_BUCKETS], carries: None, low: 0, high: -1 }
    }

    fn clear(&mut self) {
        self.counts = [0; MAX_BUCKETS];
        if let Some(carries) = &mut self.carries {
            **carries = [0; MAX_BUCKETS];
        }
        (self.low, self.high) = (0, -1);
    }

    fn is_empty(&self) -> bool {
        self.low > self.high
    }

    /// Whether the range can reach to `at`.
    fn has_room(&self, at: i32) -> bool {
        self.is_empty() || self.high.max(at) - self.low.min(at) < MAX_BUCKETS as i32
    }

    fn add(&mut self, at: i32, count: u64) {
        (self.low, self.high) = match self.is_empty() {
            true => (at, at),
            false => (self.low.min(at), self.high.max(at)),
        };
        let slot = slot(at);
        let sum = self.get(slot) + count;
        self.counts[slot] = sum as u32;
        if sum > u64::from(u32::MAX) {
            self.carries.get_or_insert_with(|| Box::new([0; MAX_BUCKETS]))[slot] = (sum >> 32) as u32;
        }
    }

    fn get(&self, slot: usize) -> u64 {
        let carry = self.carries.as_ref().map_or(0, |carries| carries[slot]);
        u64::from(carry) << 32 | u64::from(self.counts[slot])
    }

    fn iter(&self) -> impl DoubleEndedIterator<Item = u64> + '_ {
        (self.low..=self.high).map(|at| self.get(slot(at)))
    }

    fn coarsen(&mut self) {
        let finer = self.clone();
        self.clear();
        for (at, count) in (finer.low..).zip(finer.iter()) {
            self.add(at >> 1, count);
        }
    }

    fn copy_from(&mut self, other: &Self) {
        (self.counts, self.low, self.high) = (other.counts, other.low, other.high);
        match (&mut self.carries, &other.carries) {
            (Some(mine), Some(theirs)) => **mine = **theirs,
            (mine, theirs) => mine.clone_from(theirs),
        }
    }
}

fn slot(at: i32) -> usize {
    at.rem_euclid(MAX_BUCKETS as i32) as usize
}

/// The default limit of OpenTelemetry.
const MAX_BUCKETS: usize = 160;

#[cfg(test)]
mod tests {
    use super::*;

    /// Records `values` and checks each bucket against the values inside its bounds.
    fn check(values: &[f64]) -> Exponential {
        let mut histogram = Exponential::new();
        values.iter().for_each(|value| histogram.record(*value));
        let base_log2 = (-f64::from(histogram.scale())).exp2();
        let buckets: Vec<_> = histogram.buckets().collect();
        assert!(buckets.len() <= MAX_BUCKETS);
        for (at, count) in buckets.iter().enumerate() {
            let low = (f64::from(histogram.offset() + at as i32) * base_log2).exp2();
            let high = (f64::from(histogram.offset() + at as i32 + 1) * base_log2).exp2();
            let near = |a: f64, b: f64| (a / b - 1.0).abs() < 1e-12;
            let inside = |v: f64| (v > low || near(v, low)) && (v < high || near(v, high));
            let within = values.iter().filter(|v| **v > 0.0 && inside(**v)).count() as u64;
            assert!(*count <= within, "bucket {at}: {count} of at most {within}");
        }
        assert_eq!(buckets.iter().sum::<u64>() + histogram.zeros(), values.len() as u64);
        histogram
    }

    #[test]
    fn values_lie_in_their_buckets_at_any_spread() {
        let spread: Vec<_> = (0..400).map(|i| 0.001 * 1.07f64.powi(i * 7 % 400)).collect();
        for wanted in [1, 5, 50, 400] {
            check(&spread[..wanted]);
        }
        let narrow = check(&[0.0101, 0.0119, 0.0, 0.05]);
        assert_eq!((narrow.scale(), narrow.zeros(), narrow.max(), narrow.min()), (6, 1, 0.05, 0.0));
        let mut extremes = check(&[f64::MAX, f64::MIN_POSITIVE, 1.0]);
        extremes.record(5e-324);
        extremes.record(f64::MAX);
        assert_eq!((extremes.scale(), extremes.sum(), extremes.min()), (-4, f64::MAX, 5e-324));
        assert_eq!(extremes.buckets().sum::<u64>(), 5);
    }

    #[test]
    fn a_power_of_two_belongs_to_the_bucket_below() {
        for (value, index) in [(1.0, -1), (2.0, 63), (0.5, -65), (1.5, 37)] {
            assert_eq!(check(&[value]).offset(), index);
        }
    }
}
