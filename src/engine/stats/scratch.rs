//! A dense histogram to unpack a slot into, change, and pack again.

use super::bucket::{BUCKETS, MAX_SHIFT};
use super::packed::{Plan, Unpack, write};
use super::pool::{BlockId, Pool};

/// Counts by bucket, of one scale. One per store; whoever starts it empties it.
pub(super) struct Scratch {
    counts: Box<[u32]>,
    used: Used,
    total: u64,
    shift: u8,
}

/// A bit for each bucket in use: they are few, and far between.
type Used = [u64; BUCKETS.div_ceil(64)];

const NONE: Used = [0; BUCKETS.div_ceil(64)];

impl Scratch {
    pub(super) fn new() -> Self {
        Self { counts: vec![0; BUCKETS].into_boxed_slice(), used: NONE, total: 0, shift: 0 }
    }

    /// Empties it, for data of scale `6 - shift`.
    pub(super) fn start(&mut self, shift: u8) {
        for bucket in Buckets::of(&self.used) {
            self.counts[bucket] = 0;
        }
        (self.used, self.total, self.shift) = (NONE, 0, shift);
    }

    /// Adds to a bucket of scale `6 - shift`, which must not be coarser than the data here.
    pub(super) fn add(&mut self, bucket: usize, shift: u8, count: u32) {
        let bucket = bucket >> (self.shift - shift);
        self.used[bucket / 64] |= 1 << (bucket % 64);
        self.counts[bucket] += count;
        self.total += u64::from(count);
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
        let used = std::mem::replace(&mut self.used, NONE);
        (self.total, self.shift) = (0, self.shift + 1);
        for bucket in Buckets::of(&used) {
            let count = std::mem::take(&mut self.counts[bucket]);
            self.add(bucket, self.shift - 1, count);
        }
    }

    /// The used buckets with their counts, in order.
    pub(super) fn entries(&self) -> impl Iterator<Item = (usize, u32)> + Clone + '_ {
        Buckets::of(&self.used).map(|bucket| (bucket, self.counts[bucket]))
    }

    pub(super) fn plan(&self) -> Plan {
        let (mut entries, mut end) = (0, 0);
        for (word, bits) in self.used.iter().enumerate() {
            if *bits != 0 {
                entries += bits.count_ones();
                end = (word * 64) as u32 + bits.ilog2() + 1;
            }
        }
        Plan::of(self.entries(), entries, self.total, end)
    }

    /// Packs what is here, coarser if need be until it fits the free blocks, and empties it.
    ///
    /// One free block is always enough. The chain's scale is [`Scratch::shift`] afterwards.
    pub(super) fn pack(&mut self, pool: &mut Pool) -> BlockId {
        let mut plan = self.plan();
        while plan.blocks() > pool.free() && self.shift < MAX_SHIFT {
            self.coarsen();
            plan = self.plan();
        }
        if plan.is_empty() || plan.blocks() > pool.free() {
            return 0;
        }
        write(pool, plan, self.entries())
    }
}

/// The buckets in use, in order.
#[derive(Clone)]
struct Buckets<'a> {
    used: &'a Used,
    next: usize,
    bits: u64,
}

impl<'a> Buckets<'a> {
    fn of(used: &'a Used) -> Self {
        Self { used, next: 0, bits: 0 }
    }
}

impl Iterator for Buckets<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        while self.bits == 0 {
            self.bits = *self.used.get(self.next)?;
            self.next += 1;
        }
        let bit = self.bits.trailing_zeros() as usize;
        self.bits &= self.bits - 1;
        Some((self.next - 1) * 64 + bit)
    }
}
