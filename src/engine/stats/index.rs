//! The row of each series: a hash table with linear probing.
//!
//! The HashMap of std is not used: it needs the randomness of the host. A name that is made to collide costs one more
//! probe, but never gives a wrong row, since names are compared.

use super::sample::SeriesKind;
use crate::engine::text::hashed::{Hashed, mix};

/// Rows by [`key`]. Rows are only added; when a row gets another name, the table is rebuilt.
pub(super) struct Index {
    entries: Box<[(u32, u16)]>,
}

impl Index {
    /// An index of at most `rows` rows. Row 0 cannot be added.
    pub(super) fn new(rows: usize) -> Self {
        Self { entries: vec![(0, 0); (rows * 2).next_power_of_two()].into_boxed_slice() }
    }

    /// The row with this key for which `is_it` returns true.
    pub(super) fn find(&self, key: u64, is_it: impl Fn(usize) -> bool) -> Option<usize> {
        let mut at = self.start(key);
        loop {
            let (tag, row) = self.entries[at];
            if row == 0 {
                return None;
            }
            if tag == key as u32 && is_it(usize::from(row)) {
                return Some(usize::from(row));
            }
            at = (at + 1) % self.entries.len();
        }
    }

    /// Adds a row.
    pub(super) fn insert(&mut self, key: u64, row: usize) {
        let mut at = self.start(key);
        while self.entries[at].1 != 0 {
            at = (at + 1) % self.entries.len();
        }
        self.entries[at] = (key as u32, row as u16);
    }

    /// Rebuilds the table from all rows.
    pub(super) fn rebuild(&mut self, rows: impl Iterator<Item = (u64, usize)>) {
        self.entries.fill((0, 0));
        rows.for_each(|(key, row)| self.insert(key, row));
    }

    pub(super) fn memory_bytes(&self) -> usize {
        size_of_val(&*self.entries)
    }

    fn start(&self, key: u64) -> usize {
        (key >> 32) as usize & (self.entries.len() - 1)
    }
}

/// The key of a series.
pub(super) fn key(kind: SeriesKind, name: Hashed<'_>) -> u64 {
    mix(name.hash ^ kind as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_found_though_all_keys_are_the_same() {
        let mut index = Index::new(100);
        (1..=100).for_each(|row| index.insert(5, row));
        assert!((1..=100).all(|row| index.find(5, |found| found == row) == Some(row)));
        assert_eq!((index.find(5, |_| false), index.find(6, |_| true)), (None, None));
        index.rebuild([(5, 7)].into_iter());
        assert_eq!((index.find(5, |row| row == 8), index.find(5, |_| true)), (None, Some(7)));
    }

    #[test]
    fn keys_depend_on_kind_and_name() {
        let [a, b] = ["/a", "/b"].map(Hashed::new);
        let keys = [key(SeriesKind::Req, a), key(SeriesKind::Fn, a), key(SeriesKind::Req, b)];
        assert!(keys[0] != keys[1] && keys[0] != keys[2] && keys[1] != keys[2]);
    }
}
