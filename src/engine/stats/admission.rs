//! Who gets a row: an aging count-min sketch of the names without one.
//!
//! After TinyLFU (<https://arxiv.org/abs/1512.00727>): all counters halve every half window, so an
//! estimate follows the count in the window. What the average counter holds is noise from other
//! names and is taken off, with a deviation more: a flood of one-shot names estimates to nothing.

use super::window::SHOWN;

/// A newcomer with fewer events than this proves nothing.
pub(super) const PROOF: u64 = 4;

/// Events per name, roughly, in constant memory.
pub(super) struct Sketch {
    counters: Box<[u32]>,
    width: usize,
    total: u64,
    age: usize,
}

impl Sketch {
    /// A sketch that tells newcomers apart beside `series` rows.
    pub(super) fn new(series: usize) -> Self {
        let width = (series * 32).next_power_of_two().clamp(1024, 16_384);
        Self { counters: vec![0; width * DEPTH].into_boxed_slice(), width, total: 0, age: 0 }
    }

    /// Counts one event of a name and estimates how many there were in the window.
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
        // Most names prove nothing, and need no root.
        if above < PROOF { above } else { above.saturating_sub((noise as f64).sqrt() as u64) }
    }

    /// Ages by `slots` slots. Returns how often everything was halved.
    pub(super) fn turn(&mut self, slots: usize) -> u32 {
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
    use super::super::SeriesKind::Req;
    use super::super::index::key;
    use super::*;
    use crate::engine::hashed::Hashed;

    fn count(sketch: &mut Sketch, name: &str) -> u64 {
        sketch.count(key(Req, Hashed::new(name)))
    }

    #[test]
    fn a_flood_of_one_shot_names_estimates_to_nothing() {
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
                sketch.turn(1);
                estimate.unwrap_or(0)
            })
        };
        let steady = after(600);
        assert!((300..=620).contains(&steady), "{steady}");
        assert_eq!(sketch.turn(61), 2);
    }
}
