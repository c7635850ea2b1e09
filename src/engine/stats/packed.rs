//! Closed slots: a histogram as a Rice-coded bit stream in a chain of blocks.
//!
//! A stream is 12 bits of entry count, then for each used bucket the gap since the last one and the
//! count less one, each as a Rice code (`v >> k` ones, a zero, the `k` low bits). Both `k` follow the
//! slot's own means and stand in the high half of the head block's first word. Of 140 events spread
//! over 10 octaves this takes 60 bytes, half of what nibble varints take.

use super::pool::{BlockId, Pool};

/// What a stream will look like.
#[derive(Clone, Copy)]
pub(super) struct Plan {
    entries: u32,
    gap_bits: u32,
    count_bits: u32,
    bits: usize,
}

impl Plan {
    /// Of so many `entries`, which hold `total` and all lie before bucket `end`.
    pub(super) fn of(used: impl Iterator<Item = (usize, u32)>, entries: u32, total: u64, end: u32) -> Self {
        let mean_bits = |sum: u64| (sum / u64::from(entries.max(1))).checked_ilog2().unwrap_or(0);
        let (gaps, counts) = (u64::from(end - entries), total - u64::from(entries));
        let mut plan = Self { entries, gap_bits: mean_bits(gaps), count_bits: mean_bits(counts), bits: 12 };
        let mut expected = 0;
        for (bucket, count) in used {
            plan.bits += rice_bits((bucket - expected) as u32, plan.gap_bits);
            plan.bits += rice_bits(count - 1, plan.count_bits);
            expected = bucket + 1;
        }
        plan
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries == 0
    }

    /// How many blocks the stream takes.
    pub(super) fn blocks(&self) -> usize {
        if self.entries == 0 { 0 } else { self.bits.div_ceil(32 * DATA_WORDS) }
    }
}

/// Writes a planned stream of used buckets; the pool has the blocks for it.
pub(super) fn write(pool: &mut Pool, plan: Plan, used: impl Iterator<Item = (usize, u32)>) -> BlockId {
    let mut pack = Pack::new(pool, plan);
    let mut expected = 0;
    for (bucket, count) in used {
        pack.rice(pool, (bucket - expected) as u32, plan.gap_bits);
        pack.rice(pool, count - 1, plan.count_bits);
        expected = bucket + 1;
    }
    pack.finish(pool)
}

/// Writes bits, lowest first.
struct Pack {
    head: BlockId,
    block: BlockId,
    word: usize,
    pending: u64,
    bits: u32,
}

impl Pack {
    fn new(pool: &mut Pool, plan: Plan) -> Self {
        let head = pool.take();
        pool.block_mut(head)[0] = plan.gap_bits << 16 | plan.count_bits << 20;
        Self { head, block: head, word: 1, pending: u64::from(plan.entries), bits: 12 }
    }

    fn rice(&mut self, pool: &mut Pool, value: u32, k: u32) {
        let ones = value >> k;
        if ones < ESCAPE {
            self.put(pool, u64::from((1u32 << ones) - 1), ones + 1);
            self.put(pool, u64::from(value & ((1 << k) - 1)), k);
        } else {
            self.put(pool, (1 << ESCAPE) - 1, ESCAPE);
            self.put(pool, u64::from(value), 32);
        }
    }

    fn put(&mut self, pool: &mut Pool, value: u64, bits: u32) {
        self.pending |= value << self.bits;
        self.bits += bits;
        if self.bits >= 32 {
            self.flush(pool);
            self.pending >>= 32;
            self.bits -= 32;
        }
    }

    fn flush(&mut self, pool: &mut Pool) {
        if self.word > DATA_WORDS {
            let next = pool.take();
            pool.block_mut(self.block)[0] |= u32::from(next);
            (self.block, self.word) = (next, 1);
        }
        pool.block_mut(self.block)[self.word] = self.pending as u32;
        self.word += 1;
    }

    fn finish(mut self, pool: &mut Pool) -> BlockId {
        if self.bits > 0 {
            self.flush(pool);
        }
        self.head
    }
}

/// Reads a stream. It holds no borrow of the pool, so that what is read can change pages meanwhile.
pub(super) struct Unpack {
    block: BlockId,
    word: usize,
    pending: u64,
    bits: u32,
    gap_bits: u32,
    count_bits: u32,
    left: u32,
    expected: usize,
}

impl Unpack {
    /// Reads the chain at `head`; 0 is the empty histogram.
    pub(super) fn new(pool: &Pool, head: BlockId) -> Self {
        let header = pool.block(head)[0];
        let (gap_bits, count_bits) = (header >> 16 & 15, header >> 20 & 31);
        let (block, word, pending, bits) = (head, 1, 0, 0);
        let mut unpack = Self { block, word, pending, bits, gap_bits, count_bits, left: 0, expected: 0 };
        if head != 0 {
            unpack.left = unpack.get(pool, 12);
        }
        unpack
    }

    /// The next used bucket and its count.
    pub(super) fn next(&mut self, pool: &Pool) -> Option<(usize, u32)> {
        self.left = self.left.checked_sub(1)?;
        let bucket = self.expected + self.rice(pool, self.gap_bits) as usize;
        self.expected = bucket + 1;
        Some((bucket, self.rice(pool, self.count_bits) + 1))
    }

    fn rice(&mut self, pool: &Pool, k: u32) -> u32 {
        self.fill(pool);
        let ones = self.pending.trailing_ones().min(ESCAPE);
        if ones == ESCAPE {
            self.skip(ESCAPE);
            return self.get(pool, 32);
        }
        self.skip(ones + 1);
        ones << k | self.get(pool, k)
    }

    fn get(&mut self, pool: &Pool, bits: u32) -> u32 {
        self.fill(pool);
        let value = self.pending & ((1 << bits) - 1);
        self.skip(bits);
        value as u32
    }

    fn skip(&mut self, bits: u32) {
        self.pending >>= bits;
        self.bits -= bits.min(self.bits);
    }

    /// At least 32 bits are pending afterwards, zeros beyond the end.
    fn fill(&mut self, pool: &Pool) {
        if self.bits >= 32 {
            return;
        }
        if self.word > DATA_WORDS {
            (self.block, self.word) = (pool.next(self.block), 1);
        }
        self.pending |= u64::from(pool.block(self.block)[self.word]) << self.bits;
        self.word += 1;
        self.bits += 32;
    }
}

fn rice_bits(value: u32, k: u32) -> usize {
    let ones = value >> k;
    (if ones < ESCAPE { ones + 1 + k } else { ESCAPE + 32 }) as usize
}

/// So many ones announce 32 plain bits.
const ESCAPE: u32 = 24;

/// Words of a block that hold the stream.
const DATA_WORDS: usize = 15;

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::super::bucket::BUCKETS;
    use super::super::scratch::Scratch;
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
        fn too_little_room_coarsens_and_keeps_the_count(
            entries in prop::collection::btree_map(0..BUCKETS, 1..1000u32, 1..300), room in 1..4usize,
        ) {
            let (mut pool, mut scratch) = (Pool::new(room), Scratch::new());
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
