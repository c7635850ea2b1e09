//! A live histogram: pages of sixteen 32-bit counters, from the pool.

use super::bucket::{BUCKETS, MAX_SHIFT, middle_ms};
use super::chain::Durations;
use super::pool::{Block, BlockId, Pool};
use super::scratch::Scratch;

/// Counts by bucket, at scale 6 or coarser. It keeps its blocks until it is cleared.
pub(super) struct Histogram {
    pages: [BlockId; PAGES],
    shift: u8,
    total: u32,
}

impl Histogram {
    pub(super) fn new() -> Self {
        Self { pages: [0; PAGES], shift: 0, total: 0 }
    }

    /// The number of durations.
    pub(super) fn total(&self) -> u32 {
        self.total
    }

    /// How many steps the scale is coarser than 6.
    pub(super) fn shift(&self) -> u8 {
        self.shift
    }

    /// Sets the scale. The histogram must be empty.
    pub(super) fn set_shift(&mut self, shift: u8) {
        debug_assert_eq!(self.total, 0);
        self.shift = shift;
    }

    /// Adds `count` to a bucket of scale `6 - shift`.
    ///
    /// A new page needs a free block, which the caller has reserved. Without one the histogram becomes coarser until an
    /// existing page has the bucket.
    #[inline(never)]
    pub(super) fn add(&mut self, pool: &mut Pool, bucket: usize, shift: u8, count: u32) {
        self.add_inline(pool, bucket, shift, count);
    }

    /// Adds one duration to a bucket of scale 6. As [`add`](Self::add), for the hot path.
    #[inline(always)]
    pub(super) fn add_one(&mut self, pool: &mut Pool, bucket: usize) {
        self.add_inline(pool, bucket, 0, 1);
    }

    #[inline(always)]
    fn add_inline(&mut self, pool: &mut Pool, bucket: usize, shift: u8, count: u32) {
        let at = bucket >> (self.shift - shift);
        let page = self.pages[at / 16];
        if page == 0 {
            return self.add_page(pool, bucket, shift, count);
        }
        pool.block_mut(page)[at % 16] += count;
        self.total += count;
    }

    #[cold]
    fn add_page(&mut self, pool: &mut Pool, bucket: usize, shift: u8, count: u32) {
        let page = (bucket >> (self.shift - shift)) / 16;
        self.pages[page] = pool.take();
        if self.pages[page] == 0 {
            if self.shift == MAX_SHIFT {
                return debug_assert!(false, "no block for the only page");
            }
            self.coarsen(pool);
        }
        self.add(pool, bucket, shift, count);
    }

    /// Subtracts the durations of a closed slot that were added before.
    pub(super) fn subtract(&mut self, pool: &mut Pool, head: BlockId, shift: u8) {
        let mut entries = Durations::new(pool, head);
        while let Some((bucket, count)) = entries.next(pool) {
            let at = bucket >> (self.shift - shift);
            let page = self.pages[at / 16];
            let counts = pool.block_mut(page);
            counts[at % 16] -= count;
            self.total -= count;
            if counts[at % 16] == 0 && *counts == [0; 16] {
                pool.give(page);
                self.pages[at / 16] = 0;
            }
        }
    }

    /// Moves all counts of `other`, which has the same scale, to this one. Needs no free block.
    pub(super) fn absorb(&mut self, pool: &mut Pool, other: &mut Self) {
        debug_assert_eq!(self.shift, other.shift);
        for (mine, theirs) in self.pages.iter_mut().zip(&mut other.pages) {
            let theirs = std::mem::take(theirs);
            if *mine == 0 {
                *mine = theirs;
            } else if theirs != 0 {
                let counts = *pool.block(theirs);
                pool.block_mut(*mine).iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
                pool.give(theirs);
            }
        }
        self.total += std::mem::take(&mut other.total);
    }

    /// Makes the scale at least `shift` steps coarser than 6. Needs no free block.
    pub(super) fn coarsen_to(&mut self, pool: &mut Pool, shift: u8) {
        while self.shift < shift {
            self.coarsen(pool);
        }
    }

    fn coarsen(&mut self, pool: &mut Pool) {
        for to in 0..PAGES.div_ceil(2) {
            let pair = [2 * to, 2 * to + 1].map(|from| self.pages.get(from).copied().unwrap_or(0));
            self.pages[to] = merge_pair(pool, pair);
        }
        self.pages[PAGES.div_ceil(2)..].fill(0);
        self.shift += 1;
    }

    /// Returns all pages to the pool. The scale stays.
    pub(super) fn clear(&mut self, pool: &mut Pool) {
        for page in &mut self.pages {
            if *page != 0 {
                pool.give(std::mem::take(page));
            }
        }
        self.total = 0;
    }

    /// Adds all counts to `scratch`, whose scale must be the same or coarser.
    pub(super) fn copy_to(&self, pool: &Pool, scratch: &mut Scratch) {
        for (index, page) in self.pages.iter().enumerate() {
            if *page == 0 {
                continue;
            }
            for (offset, count) in pool.block(*page).iter().enumerate() {
                if *count > 0 {
                    scratch.add(index * 16 + offset, self.shift, *count);
                }
            }
        }
    }

    /// How many pages one coarsening step would free.
    pub(super) fn coarsening_gain(&self) -> usize {
        self.pages.chunks(2).filter(|pair| pair.len() == 2 && pair[0] != 0 && pair[1] != 0).count()
    }

    /// The number of pages.
    pub(super) fn page_count(&self) -> usize {
        self.pages.iter().filter(|page| **page != 0).count()
    }

    /// Finds the durations in ms at `ranks`, counted from the longest.
    ///
    /// Ranks start at 1, ascend, and are at most [`total`](Self::total). Pages below the last rank are not read.
    pub(super) fn ranks_from_top(&self, pool: &Pool, ranks: &[u64], found: &mut [f64]) {
        let (mut seen, mut next) = (0, 0);
        for (index, page) in self.pages.iter().enumerate().rev() {
            if *page == 0 {
                continue;
            }
            for (offset, count) in pool.block(*page).iter().enumerate().rev() {
                seen += u64::from(*count);
                while ranks[next] <= seen {
                    found[next] = middle_ms(index * 16 + offset, self.shift);
                    next += 1;
                    if next == ranks.len() {
                        return;
                    }
                }
            }
        }
    }
}

/// Merges two neighboring pages into one of the next coarser scale. It replaces one of them; the other is returned.
fn merge_pair(pool: &mut Pool, [low, high]: [BlockId; 2]) -> BlockId {
    let kept = if low != 0 { low } else { high };
    if kept == 0 {
        return 0;
    }
    let mut merged: Block = [0; 16];
    for (page, half) in [(low, 0), (high, 8)] {
        if page != 0 {
            let counts = pool.block(page).iter().enumerate();
            counts.for_each(|(offset, count)| merged[half + offset / 2] += count);
        }
    }
    *pool.block_mut(kept) = merged;
    if low != 0 && high != 0 {
        pool.give(high);
    }
    kept
}

/// The number of pages that cover all buckets.
pub(super) const PAGES: usize = BUCKETS.div_ceil(16);

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(histogram: &Histogram, pool: &Pool) -> Vec<(usize, u32)> {
        let mut scratch = Scratch::new();
        scratch.start(histogram.shift());
        histogram.copy_to(pool, &mut scratch);
        scratch.entries().collect()
    }

    #[test]
    fn coarsening_adds_pairs_and_frees_pages() {
        let (mut pool, mut histogram) = (Pool::new(9), Histogram::new());
        for bucket in [0, 1, 17, 30, 31, 48, 2733] {
            histogram.add(&mut pool, bucket, 0, 2);
        }
        assert_eq!((histogram.page_count(), histogram.coarsening_gain()), (4, 1));
        histogram.coarsen_to(&mut pool, 1);
        assert_eq!(counts(&histogram, &pool), [(0, 4), (8, 2), (15, 4), (24, 2), (1366, 2)]);
        assert_eq!((histogram.page_count(), pool.free()), (3, 6));
        histogram.coarsen_to(&mut pool, MAX_SHIFT);
        assert_eq!((counts(&histogram, &pool), histogram.total()), (vec![(0, 14)], 14));
        histogram.clear(&mut pool);
        assert_eq!(pool.free(), 9);
    }

    #[test]
    fn what_was_added_can_be_subtracted() {
        let (mut pool, mut scratch) = (Pool::new(40), Scratch::new());
        let (mut slot, mut live) = (Histogram::new(), Histogram::new());
        for bucket in (5..2700).step_by(97) {
            slot.add(&mut pool, bucket, 0, bucket as u32);
        }
        slot.copy_to(&pool, &mut scratch);
        slot.clear(&mut pool);
        let head = scratch.pack(&mut pool);
        live.set_shift(1);
        let mut entries = Durations::new(&pool, head);
        while let Some((bucket, count)) = entries.next(&pool) {
            live.add(&mut pool, bucket, 0, count);
        }
        live.add(&mut pool, 3, 1, 1);
        live.subtract(&mut pool, head, 0);
        pool.give_chain(head);
        assert_eq!((counts(&live, &pool), live.total(), pool.free()), (vec![(3, 1)], 1, 39));
    }

    #[test]
    fn ranks_are_found_from_the_top() {
        let (mut pool, mut histogram) = (Pool::new(9), Histogram::new());
        (0..100).for_each(|bucket| histogram.add(&mut pool, bucket, 0, 1));
        let mut found = [-1.0; 5];
        histogram.ranks_from_top(&pool, &[1, 51, 51, 100, 101], &mut found);
        let [last, median, first] = [99, 49, 0].map(|bucket| middle_ms(bucket, 0));
        assert_eq!(found, [last, median, median, first, -1.0]);
    }

    #[test]
    fn absorbing_needs_no_free_block() {
        let (mut pool, mut one, mut two) = (Pool::new(3), Histogram::new(), Histogram::new());
        one.add(&mut pool, 0, 0, 1);
        two.add(&mut pool, 0, 0, 2);
        two.add(&mut pool, 99, 0, 3);
        one.absorb(&mut pool, &mut two);
        assert_eq!((counts(&one, &pool), one.total(), two.total()), (vec![(0, 3), (99, 3)], 6, 0));
        assert_eq!((two.page_count(), pool.free()), (0, 1));
    }
}
