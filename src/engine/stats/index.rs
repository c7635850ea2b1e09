//! From (kind, name) to row: a small table with linear probing.
//!
//! Not std's HashMap: that one draws on the host's randomness. A name made to collide costs a probe,
//! never a wrong row, since names are compared.

use super::SeriesKind;

/// Row numbers by hash. Rows are only added; when one changes its name the table is built anew.
pub(super) struct Index {
    entries: Box<[(u32, u16)]>,
}

impl Index {
    /// An index of at most `rows` rows, numbered from 1 on.
    pub(super) fn new(rows: usize) -> Self {
        Self { entries: vec![(0, 0); (rows * 2).next_power_of_two()].into_boxed_slice() }
    }

    /// The row with this hash for which `is_it` holds.
    pub(super) fn find(&self, hash: u64, is_it: impl Fn(usize) -> bool) -> Option<usize> {
        let mut at = self.start(hash);
        loop {
            let (tag, row) = self.entries[at];
            if row == 0 {
                return None;
            }
            if tag == hash as u32 && is_it(usize::from(row)) {
                return Some(usize::from(row));
            }
            at = (at + 1) % self.entries.len();
        }
    }

    /// Adds a row.
    pub(super) fn insert(&mut self, hash: u64, row: usize) {
        let mut at = self.start(hash);
        while self.entries[at].1 != 0 {
            at = (at + 1) % self.entries.len();
        }
        self.entries[at] = (hash as u32, row as u16);
    }

    /// Builds the table anew from all rows.
    pub(super) fn rebuild(&mut self, rows: impl Iterator<Item = (u64, usize)>) {
        self.entries.fill((0, 0));
        rows.for_each(|(hash, row)| self.insert(hash, row));
    }

    pub(super) fn memory_bytes(&self) -> usize {
        size_of_val(&*self.entries)
    }

    fn start(&self, hash: u64) -> usize {
        (hash >> 32) as usize & (self.entries.len() - 1)
    }
}

/// A 64-bit hash, eight bytes at a step; the same everywhere.
pub(super) fn hash(kind: SeriesKind, name: &str) -> u64 {
    let (chunks, rest) = name.as_bytes().as_chunks();
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    let mut hash = mix((name.len() as u64) << 8 | kind as u64);
    for chunk in chunks {
        hash = mix(hash ^ u64::from_le_bytes(*chunk));
    }
    let hash = mix(hash ^ u64::from_le_bytes(last));
    mix(hash ^ hash >> 32)
}

#[inline(always)]
fn mix(value: u64) -> u64 {
    let product = (value ^ 0x9E37_79B9_7F4A_7C15).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    product ^ product >> 32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_every_row_though_all_hashes_collide() {
        let mut index = Index::new(100);
        (1..=100).for_each(|row| index.insert(5, row));
        assert!((1..=100).all(|row| index.find(5, |found| found == row) == Some(row)));
        assert_eq!((index.find(5, |_| false), index.find(6, |_| true)), (None, None));
        index.rebuild([(5, 7)].into_iter());
        assert_eq!((index.find(5, |row| row == 8), index.find(5, |_| true)), (None, Some(7)));
    }

    #[test]
    fn kind_length_and_every_byte_count() {
        let hashes = [
            hash(SeriesKind::Req, "/a"),
            hash(SeriesKind::Fn, "/a"),
            hash(SeriesKind::Req, "/a\0"),
            hash(SeriesKind::Req, "/aaaaaaaaaaaaaaa"),
            hash(SeriesKind::Req, "/aaaaaaaaaaaaaab"),
            hash(SeriesKind::Req, "/baaaaaaaaaaaaaa"),
        ];
        let mut unique = hashes.to_vec();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), hashes.len());
    }
}
