//! The exponential histogram of OTLP.
//!
//! Spec: <https://opentelemetry.io/docs/specs/otel/metrics/data-model/#exponentialhistogram>

use crate::engine::buckets::{SCALE, index_of};

/// Counts of positive numbers by bucket, and of zeros. It has 160 buckets, at scale 6 or coarser.
///
/// At scale 6 the buckets span a factor of 5.6. When a number lies outside, pairs of buckets are merged: each step squares
/// the factor.
#[derive(Clone, Debug)]
pub struct Exponential {
    /// Bucket `i` is at `i` modulo the length, so the range can grow in both directions without moving.
    counts: [u32; MAX_BUCKETS],
    low: i32,
    high: i32,
    shift: u8,
    zeros: u32,
    count: u64,
    sum: f64,
    min: f64,
    max: f64,
}

impl Exponential {
    pub(super) fn new() -> Self {
        Self {
            counts: [0; MAX_BUCKETS],
            low: 0,
            high: -1,
            shift: 0,
            zeros: 0,
            count: 0,
            sum: 0.0,
            min: f64::INFINITY,
            max: 0.0,
        }
    }

    /// Adds a number, which is finite and not negative.
    pub(super) fn record(&mut self, value: f64) {
        self.count += 1;
        self.sum = (self.sum + value).min(f64::MAX);
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        if value == 0.0 {
            self.zeros = self.zeros.saturating_add(1);
            return;
        }
        let index = index_of(value.max(f64::MIN_POSITIVE));
        let mut at = index >> self.shift;
        if self.is_empty() {
            (self.low, self.high) = (at, at);
        }
        while self.high.max(at) - self.low.min(at) >= MAX_BUCKETS as i32 {
            self.coarsen();
            at = index >> self.shift;
        }
        (self.low, self.high) = (self.low.min(at), self.high.max(at));
        let bucket = &mut self.counts[slot(at)];
        *bucket = bucket.saturating_add(1);
    }

    /// The scale: `base` is `2^(2^-scale)`. At most 6.
    #[must_use]
    pub fn scale(&self) -> i32 {
        SCALE - i32::from(self.shift)
    }

    /// The index of the first of [`buckets`](Self::buckets). Bucket `i` holds `(base^i, base^(i+1)]`.
    #[must_use]
    pub fn offset(&self) -> i32 {
        self.low
    }

    /// The counts of the buckets from the first that is not 0 to the last.
    pub fn buckets(&self) -> impl Iterator<Item = u64> + '_ {
        (self.low..=self.high).map(|at| u64::from(self.counts[slot(at)]))
    }

    /// How many numbers were 0.
    #[must_use]
    pub fn zeros(&self) -> u64 {
        u64::from(self.zeros)
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

    /// The largest number; 0 if there is none.
    #[must_use]
    pub fn max(&self) -> f64 {
        self.max
    }

    fn is_empty(&self) -> bool {
        self.low > self.high
    }

    /// Merges pairs of buckets.
    fn coarsen(&mut self) {
        let finer = std::mem::replace(&mut self.counts, [0; MAX_BUCKETS]);
        for at in self.low..=self.high {
            let bucket = &mut self.counts[slot(at >> 1)];
            *bucket = bucket.saturating_add(finer[slot(at)]);
        }
        (self.low, self.high, self.shift) = (self.low >> 1, self.high >> 1, self.shift + 1);
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
