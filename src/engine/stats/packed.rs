//! Closed slots: a histogram as a bit stream in a chain of blocks.
//!
//! | where | bits | meaning |
//! |---|---|---|
//! | word 0 of each block | 0 … 15 | id of the next block; 0: this is the last one |
//! | word 0 of the first block | 16 … 19 | `k` of the gaps |
//! | | 20 … 24 | `k` of the counts |
//! | stream, in words 1 … 15 | 12 | the number of entries |
//! | | then for each entry | gap to the entry before, and count - 1, each as a Rice code |
//!
//! A Rice code of `v` is `v >> k` ones, a zero, and the `k` low bits of `v`. Each slot has the `k` that fit its own means.
//! 140 events over 10 powers of two take 60 bytes.

use super::pool::{BlockId, Pool};

/// The parameters and the size of a stream.
#[derive(Clone, Copy)]
pub(super) struct Plan {
    entries: u32,
    gap_bits: u32,
    count_bits: u32,
    bits: usize,
}

impl Plan {
    /// Plans a stream of `used` buckets: `entries` of them, all before bucket `end`, with `total` counts.
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

    /// The number of blocks that the stream takes.
    pub(super) fn blocks(&self) -> usize {
        if self.entries == 0 { 0 } else { self.bits.div_ceil(32 * DATA_WORDS) }
    }
}

/// Writes a planned stream. The pool must have the blocks for it.
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

/// Writes bits, the lowest first.
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

/// The number of entries of the stream at `head`. 0 is the empty histogram.
pub(super) fn entries(pool: &Pool, head: BlockId) -> usize {
    // Block 0 is all zeros.
    (pool.block(head)[1] & 0xFFF) as usize
}

/// Reads a stream. It does not borrow the pool, so pages can change between two entries.
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
    /// Begins to read the chain at `head`. 0 is the empty histogram.
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

    /// Makes at least 32 bits pending. Beyond the end they are zeros.
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

/// This many ones mean that the value follows in 32 bits.
const ESCAPE: u32 = 24;

/// The words of a block that hold the stream.
const DATA_WORDS: usize = 15;
