//! The classic histogram of Prometheus, of durations of requests.

use super::sets::{Measure, Point};

/// Counts of requests, and of their durations by bucket.
#[derive(Clone, Debug, Default)]
pub struct Classic {
    requests: u64,
    buckets: [u64; BOUNDS_MS.len() + 1],
    sum_ms: f64,
}

impl Classic {
    /// Adds a request. A duration of NaN is unknown.
    #[inline(always)]
    pub(crate) fn add(&mut self, ms: f64) {
        self.requests += 1;
        if ms >= 0.0 {
            self.buckets[bucket(ms)] += 1;
            self.sum_ms = (self.sum_ms + ms).min(f64::MAX);
        }
    }
}

impl Measure for Classic {
    fn new() -> Self {
        Self::default()
    }

    fn clear(&mut self) {
        *self = Self::default();
    }

    fn record(&mut self, ms: f64) {
        self.add(ms);
    }
}

impl Point<Classic> {
    /// The number of requests, also of those with an unknown duration.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.measure.requests
    }

    /// The number of durations up to each bound in seconds, and the number of all.
    pub fn cumulative(&self) -> impl Iterator<Item = (f64, u64)> + '_ {
        let bounds = BOUNDS_MS.iter().map(|ms| ms / 1000.0).chain([f64::INFINITY]);
        let mut sum = 0;
        bounds.zip(self.measure.buckets).map(move |(bound, count)| {
            sum += count;
            (bound, sum)
        })
    }

    /// The sum of the durations, in seconds.
    #[must_use]
    pub fn sum(&self) -> f64 {
        self.measure.sum_ms / 1000.0
    }
}

/// The index of the bucket: the first whose bound is not exceeded.
#[inline(always)]
fn bucket(ms: f64) -> usize {
    // A quarter of an octave holds at most one bound.
    let cell = (ms.to_bits() >> 50).saturating_sub(FIRST_CELL).min(CELLS as u64 - 1) as usize;
    let below = usize::from(BELOW[cell]);
    below + usize::from(below < BOUNDS_MS.len() && ms > BOUNDS_MS[below])
}

/// The bounds that OpenTelemetry advises for `http.server.request.duration`, in ms.
///
/// Spec: <https://opentelemetry.io/docs/specs/semconv/http/http-metrics/#metric-httpserverrequestduration>
const BOUNDS_MS: [f64; 14] =
    [5.0, 10.0, 25.0, 50.0, 75.0, 100.0, 250.0, 500.0, 750.0, 1000.0, 2500.0, 5000.0, 7500.0, 10_000.0];
/// The cell that begins at 4 ms: everything below is in the first bucket.
const FIRST_CELL: u64 = 4f64.to_bits() >> 50;
const CELLS: usize = 48;
/// For each cell, the number of bounds below its start.
const BELOW: [u8; CELLS] = {
    let mut below = [0; CELLS];
    let mut cell = 0;
    while cell < CELLS {
        let start = f64::from_bits((FIRST_CELL + cell as u64) << 50);
        let mut count = 0;
        while count < BOUNDS_MS.len() && BOUNDS_MS[count] < start {
            count += 1;
        }
        below[cell] = count as u8;
        cell += 1;
    }
    below
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_in_the_first_bucket_whose_bound_it_does_not_exceed() {
        let near = BOUNDS_MS.iter().flat_map(|bound| [bound.next_down(), *bound, bound.next_up()]);
        let others = (0..200_000).map(|n| f64::from(n) * 0.1);
        for ms in near.chain(others).chain([0.0, 5e-324, 1e300, f64::MAX, f64::INFINITY]) {
            let wanted = BOUNDS_MS.iter().filter(|bound| ms > **bound).count();
            assert_eq!(bucket(ms), wanted, "{ms}");
        }
    }
}
