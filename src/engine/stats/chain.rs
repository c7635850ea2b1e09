//! The durations of a closed slot: a chain of blocks, first those with late durations, then the packed stream.
//!
//! A stream cannot be changed in place. So a duration that comes late for its slot is written into a block of its own kind,
//! and the stream is written anew once for many of them.
//!
//! | where in a block of late durations | bits | meaning |
//! |---|---|---|
//! | word 0 | 0 … 15 | id of the next block |
//! | | 16 … 20 | the number of late durations |
//! | | 31 | 1; a block of the stream has 0 |
//! | words 1 … 15 | 16 each, the low half first | the bucket of each |

use super::packed::{self, Unpack};
use super::pool::{BlockId, Pool};

/// Adds a late duration to the chain at `head`. Returns the new head.
///
/// `None`: nothing was added. The whole chain must be packed now: its late durations are many beside the entries of its
/// stream, or no block is free.
#[inline]
pub(super) fn add_late(pool: &mut Pool, head: BlockId, bucket: usize) -> Option<BlockId> {
    let late = late_count(pool, head);
    let (head, late) = if late == 0 || late == PER_BLOCK { (begin(pool, head)?, 0) } else { (head, late) };
    let block = pool.block_mut(head);
    block[0] += 1 << 16;
    block[1 + late / 2] |= (bucket as u32) << (16 * (late % 2));
    Some(head)
}

/// Whether the chain at `head` has late durations.
pub(super) fn has_late(pool: &Pool, head: BlockId) -> bool {
    late_count(pool, head) > 0
}

/// Puts an empty block for late durations in front of the chain at `head`.
fn begin(pool: &mut Pool, head: BlockId) -> Option<BlockId> {
    let (mut late, mut block) = (0, head);
    while has_late(pool, block) {
        (late, block) = (late + PER_BLOCK, pool.next(block));
    }
    // The stream is read and written anew only for more durations than it has entries: so many share the cost.
    if late >= MOST.max(2 * packed::entries(pool, block)) || pool.free() == 0 {
        return None;
    }
    let first = pool.take_late();
    pool.block_mut(first)[0] = LATE | u32::from(head);
    Some(first)
}

/// The late durations in one block. 0: it is a block of a stream, or no block.
fn late_count(pool: &Pool, id: BlockId) -> usize {
    let header = pool.block(id)[0];
    if header & LATE == 0 { 0 } else { (header >> 16 & 31) as usize }
}

/// Reads all durations of a chain, in no order. It does not borrow the pool, so pages can change between two entries.
pub(super) struct Durations {
    block: BlockId,
    /// The late durations of this block that are not yet read.
    late: usize,
    stream: Unpack,
}

impl Durations {
    /// Begins to read the chain at `head`. 0 is the empty chain.
    pub(super) fn new(pool: &Pool, head: BlockId) -> Self {
        Self { block: head, late: late_count(pool, head), stream: Unpack::new(pool, stream_of(pool, head)) }
    }

    /// The next bucket and its count. A bucket can come again.
    pub(super) fn next(&mut self, pool: &Pool) -> Option<(usize, u32)> {
        let Some(late) = self.late.checked_sub(1) else { return self.stream.next(pool) };
        let word = pool.block(self.block)[1 + late / 2];
        self.late = late;
        if late == 0 {
            self.block = pool.next(self.block);
            self.late = late_count(pool, self.block);
        }
        Some(((word >> (16 * (late % 2)) & 0xFFFF) as usize, 1))
    }
}

/// The first block of the stream of a chain, or 0.
fn stream_of(pool: &Pool, head: BlockId) -> BlockId {
    let mut block = head;
    while has_late(pool, block) {
        block = pool.next(block);
    }
    block
}

/// Marks a block of late durations, in word 0.
const LATE: u32 = 1 << 31;

/// The late durations of one block.
const PER_BLOCK: usize = 30;

/// The most late durations before a short stream.
const MOST: usize = 2 * PER_BLOCK;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pool: &Pool, head: BlockId) -> Vec<(usize, u32)> {
        let mut durations = Durations::new(pool, head);
        let mut found: Vec<_> = std::iter::from_fn(|| durations.next(pool)).collect();
        found.sort_unstable();
        found
    }

    fn packed(pool: &mut Pool, buckets: std::ops::Range<usize>) -> BlockId {
        let (entries, end) = (buckets.len() as u32, buckets.end as u32);
        let used = buckets.map(|bucket| (bucket, 1));
        let plan = packed::Plan::of(used.clone(), entries, u64::from(entries), end);
        packed::write(pool, plan, used)
    }

    #[test]
    fn late_durations_are_read_with_the_stream() {
        let mut pool = Pool::new(40);
        let mut head = packed(&mut pool, 100..200);
        let late: Vec<usize> = (0..95).map(|i| i * 28).collect();
        for bucket in &late {
            head = add_late(&mut pool, head, *bucket).unwrap_or(0);
        }
        let mut expected: Vec<_> = (100..200).chain(late).map(|bucket| (bucket, 1)).collect();
        expected.sort_unstable();
        assert_eq!(read(&pool, head), expected);
        pool.give_chain(head);
        assert_eq!(pool.free(), pool.capacity());
    }

    #[test]
    fn a_chain_is_to_be_packed_when_most_of_it_is_late() {
        let mut pool = Pool::new(40);
        let count = |pool: &mut Pool, mut head| {
            let added = std::iter::from_fn(|| {
                head = add_late(pool, head, 7)?;
                Some(())
            });
            added.count()
        };
        assert_eq!(count(&mut pool, 0), MOST);
        let head = packed(&mut pool, 0..100);
        assert_eq!(count(&mut pool, head), 7 * PER_BLOCK);
        while pool.free() > 0 {
            pool.take();
        }
        assert_eq!(add_late(&mut pool, 0, 7), None, "no block is free");
    }
}
