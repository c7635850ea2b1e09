//! A dense histogram to unpack a slot into, change, and pack again.

use super::bucket::{BUCKETS, MAX_SHIFT};
use super::packed::{Plan, Unpack, write};
use super::pool::{BlockId, Pool};

/// Counts by bucket, of one scale. One per store; whoever starts it empties it.
pub(super) struct Scratch {
    counts: Box<[u32]>,
    /// Only counts in `low..high` may be non-zero.
    low: usize,
    high: usize,
    shift: u8,
}

impl Scratch {
    pub(super) fn new() -> Self {
        Self { counts: vec![0; BUCKETS].into_boxed_slice(), low: BUCKETS, high: 0, shift: 0 }
    }

    /// Empties it, for data of scale `6 - shift`.
    pub(super) fn start(&mut self, shift: u8) {
        if self.low < self.high {
            self.counts[self.low..self.high].fill(0);
        }
        (self.low, self.high, self.shift) = (BUCKETS, 0, shift);
    }

    /// Adds to a bucket of scale `6 - shift`, which must not be coarser than the data here.
    pub(super) fn add(&mut self, bucket: usize, shift: u8, count: u32) {
        let bucket = bucket >> (self.shift - shift);
        self.low = self.low.min(bucket);
        self.high = self.high.max(bucket + 1);
        self.counts[bucket] += count;
    }

    /// Adds a packed histogram of scale `6 - shift`.
    pub(super) fn add_packed(&mut self, pool: &Pool, head: BlockId, shift: u8) {
        let mut entries = Unpack::new(pool, head);
        while let Some((bucket, count)) = entries.next(pool) {
            self.add(bucket, shift, count);
        }
    }

    pub(super) fn shift(&self) -> u8 {
        self.shift
    }

    pub(super) fn memory_bytes(&self) -> usize {
        size_of_val(&*self.counts)
    }

    /// The next coarser scale: every two buckets become one.
    pub(super) fn coarsen(&mut self) {
        let range = self.low..self.high;
        (self.low, self.high, self.shift) = (self.low / 2, self.high.div_ceil(2), self.shift + 1);
        for from in range {
            let count = std::mem::take(&mut self.counts[from]);
            self.counts[from / 2] += count;
        }
    }

    /// The used buckets with their counts, in order.
    pub(super) fn entries(&self) -> impl Iterator<Item = (usize, u32)> + Clone + '_ {
        let range = self.low..self.high.max(self.low);
        let low = self.low;
        self.counts[range].iter().enumerate().filter(|(_, n)| **n > 0).map(move |(i, n)| (low + i, *n))
    }

    /// Packs what is here, coarser if need be until it fits the free blocks, and empties it.
    ///
    /// One free block is always enough. The chain's scale is [`Scratch::shift`] afterwards.
    pub(super) fn pack(&mut self, pool: &mut Pool) -> BlockId {
        let mut plan = Plan::of(self.entries());
        while plan.blocks() > pool.free() && self.shift < MAX_SHIFT {
            self.coarsen();
            plan = Plan::of(self.entries());
        }
        if plan.is_empty() || plan.blocks() > pool.free() {
            return 0;
        }
        write(pool, plan, self.entries())
    }
}
