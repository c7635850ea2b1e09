//! A dense histogram in which a slot is unpacked, changed, and packed again.

use super::bucket::{BUCKETS, MAX_SHIFT, middle_ms};
use super::chain::Durations;
use super::packed::{Plan, write};
use super::pool::{BlockId, Pool};

/// Counts by bucket, at one scale. All rows of a store share it; [`start`](Self::start) empties it.
pub(super) struct Scratch {
    counts: Box<[u32]>,
    used: Used,
    total: u64,
    shift: u8,
}

/// One bit for each bucket: set if the bucket is used. Few are.
type Used = [u64; BUCKETS.div_ceil(64)];

const NONE: Used = [0; BUCKETS.div_ceil(64)];

impl Scratch {
    pub(super) fn new() -> Self {
        Self { counts: vec![0; BUCKETS].into_boxed_slice(), used: NONE, total: 0, shift: 0 }
    }

    /// Empties it and sets its scale to `6 - shift`.
    pub(super) fn start(&mut self, shift: u8) {
        for bucket in Buckets::of(&self.used) {
            self.counts[bucket] = 0;
        }
        (self.used, self.total, self.shift) = (NONE, 0, shift);
    }

    /// Adds `count` to a bucket of scale `6 - shift`, which must not be coarser than this histogram.
    pub(super) fn add(&mut self, bucket: usize, shift: u8, count: u32) {
        let bucket = bucket >> (self.shift - shift);
        self.used[bucket / 64] |= 1 << (bucket % 64);
        self.counts[bucket] += count;
        self.total += u64::from(count);
    }

    /// Adds the durations of a closed slot, of scale `6 - shift`.
    pub(super) fn add_chain(&mut self, pool: &Pool, head: BlockId, shift: u8) {
        let mut entries = Durations::new(pool, head);
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

    /// Merges pairs of buckets: the next coarser scale.
    pub(super) fn coarsen(&mut self) {
        let used = std::mem::replace(&mut self.used, NONE);
        (self.total, self.shift) = (0, self.shift + 1);
        for bucket in Buckets::of(&used) {
            let count = std::mem::take(&mut self.counts[bucket]);
            self.add(bucket, self.shift - 1, count);
        }
    }

    /// The used buckets and their counts, in order.
    pub(super) fn entries(&self) -> impl Iterator<Item = (usize, u32)> + Clone + '_ {
        Buckets::of(&self.used).map(|bucket| (bucket, self.counts[bucket]))
    }

    /// Finds the durations in ms that all but the given per mille do not exceed; the per mille descend.
    pub(super) fn ranks(&self, above: &[u64], found: &mut [Option<f64>]) {
        let mut seen = 0;
        let mut wanted = above.iter().zip(found).peekable();
        for (bucket, count) in self.entries() {
            seen += u64::from(count);
            while let Some((_, found)) =
                wanted.next_if(|(above, _)| self.total - self.total * **above / 1000 <= seen)
            {
                *found = Some(middle_ms(bucket, self.shift));
            }
        }
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

    /// Packs all counts. Returns the first block of the chain, or 0 if there are no counts.
    ///
    /// The scale becomes coarser until the free blocks are enough; one is always enough. Afterwards the scale of the chain is
    /// [`shift`](Self::shift).
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

/// The used buckets, in order.
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

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::super::packed::Unpack;
    use super::*;
    use proptest::prelude::*;

    fn unpack(pool: &Pool, head: BlockId) -> Vec<(usize, u32)> {
        let mut entries = Unpack::new(pool, head);
        std::iter::from_fn(|| entries.next(pool)).collect()
    }

    fn fill(scratch: &mut Scratch, entries: impl IntoIterator<Item = (usize, u32)>) {
        scratch.start(0);
        entries.into_iter().for_each(|(bucket, count)| scratch.add(bucket, 0, count));
    }

    proptest! {
        #[test]
        fn packing_is_lossless(entries in prop::collection::btree_map(0..BUCKETS, count(), 0..300)) {
            let (mut pool, mut scratch) = (Pool::new(400), Scratch::new());
            fill(&mut scratch, entries.clone());
            let planned = scratch.plan().blocks();
            let head = scratch.pack(&mut pool);
            prop_assert_eq!(pool.capacity() - pool.free(), planned);
            prop_assert_eq!(unpack(&pool, head), entries.into_iter().collect::<Vec<_>>());
            pool.give_chain(head);
            prop_assert_eq!(pool.free(), pool.capacity());
        }

        #[test]
        fn too_few_blocks_make_it_coarser_and_keep_the_count(
            entries in prop::collection::btree_map(0..BUCKETS, 1..1000u32, 1..300), blocks in 1..4usize,
        ) {
            let (mut pool, mut scratch) = (Pool::new(blocks), Scratch::new());
            let total: u32 = entries.values().sum();
            fill(&mut scratch, entries);
            let head = scratch.pack(&mut pool);
            prop_assert_eq!(unpack(&pool, head).iter().map(|(_, n)| n).sum::<u32>(), total);
        }
    }

    fn count() -> impl Strategy<Value = u32> {
        prop_oneof![4 => Just(1u32), 4 => 1..200u32, 1 => 1..=u32::MAX]
    }

    #[test]
    fn a_page_of_any_plausible_counts_packs_into_one_block() {
        let (mut pool, mut scratch) = (Pool::new(9), Scratch::new());
        fill(&mut scratch, (64..80).map(|bucket| (bucket, (1 << 20) + bucket as u32 * 9999)));
        scratch.pack(&mut pool);
        assert_eq!(pool.capacity() - pool.free(), 1);
    }

    #[test]
    fn the_empty_histogram_takes_no_block() {
        let (mut pool, mut scratch) = (Pool::new(1), Scratch::new());
        assert_eq!(scratch.pack(&mut pool), 0);
        assert!(unpack(&pool, 0).is_empty());
    }
}
