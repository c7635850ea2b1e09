//! Which series may take a row: a count-min sketch that estimates the events of names without a row.
//!
//! It follows TinyLFU (<https://arxiv.org/abs/1512.00727>). All counters are halved every half window, so an estimate
//! follows the count in the window. The average counter is noise from other names: it is subtracted, with one standard
//! deviation more. So names that are seen once are estimated as zero.

use super::window::SHOWN;

/// A series with fewer events than this takes no row.
pub(super) const PROOF: u64 = 4;

/// The estimated events of each name, in constant memory.
pub(super) struct Sketch {
    counters: Box<[u32]>,
    width: usize,
    total: u64,
    age: usize,
}

impl Sketch {
    /// A sketch for a table of `series` rows.
    pub(super) fn new(series: usize) -> Self {
        let width = (series * 32).next_power_of_two().clamp(1024, 16_384);
        Self { counters: vec![0; width * DEPTH].into_boxed_slice(), width, total: 0, age: 0 }
    }

    /// Counts one event of a name. Returns the estimated number of its events in the window.
    pub(super) fn count(&mut self, key: u64) -> u64 {
        self.total += 1;
        let mut least = u32::MAX;
        for row in 0..DEPTH {
            let column = (key >> (16 * row)) as usize & (self.width - 1);
            let counter = &mut self.counters[row * self.width + column];
            *counter = counter.saturating_add(1);
            least = least.min(*counter);
        }
        let noise = self.total >> self.width.trailing_zeros();
        let above = u64::from(least).saturating_sub(noise);
        // For most names the estimate is too low for a row: no root is needed.
        if above < PROOF { above } else { above.saturating_sub((noise as f64).sqrt() as u64) }
    }

    /// Advances by `slots` slots. Returns how often all counters were halved.
    pub(super) fn advance(&mut self, slots: usize) -> u32 {
        let age = self.age + slots;
        self.age = age % (SHOWN / 2);
        let halvings = (age / (SHOWN / 2)) as u32;
        if halvings > 0 && self.total > 0 {
            self.counters.iter_mut().for_each(|counter| *counter >>= halvings);
            self.total >>= halvings;
        }
        halvings
    }

    pub(super) fn memory_bytes(&self) -> usize {
        size_of_val(&*self.counters)
    }
}

const DEPTH: usize = 4;

#[cfg(test)]
mod tests {
    use super::super::index::key;
    use super::super::sample::SeriesKind::Req;
    use super::*;
    use crate::engine::text::hashed::Hashed;

    fn count(sketch: &mut Sketch, name: &str) -> u64 {
        sketch.count(key(Req, Hashed::new(name)))
    }

    #[test]
    fn names_seen_once_are_estimated_as_zero() {
        let mut sketch = Sketch::new(128);
        let flood = (0..300_000u32).map(|i| count(&mut sketch, &format!("/{i:x}")));
        let (proven, most) = flood.fold((0, 0), |(n, most), e| (n + u32::from(e >= PROOF), most.max(e)));
        assert!(proven < 3_000 && most < 30, "{proven} names proven, the most with {most}");
    }

    #[test]
    fn a_real_name_is_seen_in_the_flood() {
        let mut sketch = Sketch::new(128);
        (0..100_000u32).for_each(|i| _ = count(&mut sketch, &format!("/{i}")));
        let estimate = (0..300).map(|_| count(&mut sketch, "/real")).last();
        assert!(estimate.is_some_and(|n| (270..=300).contains(&n)), "{estimate:?}");
    }

    #[test]
    fn estimates_follow_the_window() {
        let mut sketch = Sketch::new(1);
        let mut after = |slots| {
            (0..slots).fold(0, |_, _| {
                let estimate = (0..10).map(|_| sketch.count(7)).last();
                sketch.advance(1);
                estimate.unwrap_or(0)
            })
        };
        let steady = after(600);
        assert!((300..=620).contains(&steady), "{steady}");
        assert_eq!(sketch.advance(61), 2);
    }
}
