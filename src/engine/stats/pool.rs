//! A fixed pool of 64-byte blocks, for histogram pages and packed slots.

/// A block of 16 words. In a chain, the low half of word 0 is the id of the next block.
pub(super) type Block = [u32; 16];

/// The id of a block. 0 is no block.
pub(super) type BlockId = u16;

/// The pool. It is allocated once and never grows. The memory of a block is touched when the block is taken for the first
/// time: few collectors need all blocks.
pub(super) struct Pool {
    blocks: Vec<Block>,
    returned: BlockId,
    capacity: usize,
    free: usize,
    /// Blocks taken for late durations since all of these were packed.
    late: usize,
}

impl Pool {
    /// A pool of `blocks` blocks, at most 65 535.
    pub(super) fn new(blocks: usize) -> Self {
        let capacity = blocks.min(usize::from(BlockId::MAX));
        let mut blocks = Vec::with_capacity(capacity + 1);
        blocks.push([0; 16]);
        Self { blocks, returned: 0, capacity, free: capacity, late: 0 }
    }

    /// Takes a block, filled with zeros. Returns 0 if none is left.
    pub(super) fn take(&mut self) -> BlockId {
        if self.free == 0 {
            return 0;
        }
        self.free -= 1;
        if self.returned == 0 {
            self.blocks.push([0; 16]);
            return (self.blocks.len() - 1) as BlockId;
        }
        let id = self.returned;
        self.returned = self.next(id);
        *self.block_mut(id) = [0; 16];
        id
    }

    /// As [`take`](Self::take), for late durations.
    pub(super) fn take_late(&mut self) -> BlockId {
        self.late += 1;
        self.take()
    }

    /// Whether blocks are short, and packing the late durations of all slots may free many.
    pub(super) fn has_much_late(&self) -> bool {
        self.free < self.capacity / 16 && self.late > self.capacity / 8
    }

    /// Notes that all late durations were packed.
    pub(super) fn reset_late(&mut self) {
        self.late = 0;
    }

    /// Returns one block to the pool.
    pub(super) fn give(&mut self, id: BlockId) {
        let next = u32::from(self.returned);
        self.block_mut(id)[0] = next;
        self.returned = id;
        self.free += 1;
    }

    /// Returns all blocks of a chain to the pool. 0 is the empty chain.
    pub(super) fn give_chain(&mut self, mut head: BlockId) {
        while head != 0 {
            let next = self.next(head);
            self.give(head);
            head = next;
        }
    }

    /// The number of blocks that can be taken.
    pub(super) fn free(&self) -> usize {
        self.free
    }

    /// Whether less than a quarter of the blocks can be taken.
    pub(super) fn is_tight(&self) -> bool {
        self.free < self.capacity / 4
    }

    /// The number of all blocks.
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.capacity
    }

    pub(super) fn block(&self, id: BlockId) -> &Block {
        &self.blocks[usize::from(id)]
    }

    pub(super) fn block_mut(&mut self, id: BlockId) -> &mut Block {
        &mut self.blocks[usize::from(id)]
    }

    /// The block after `id` in its chain.
    pub(super) fn next(&self, id: BlockId) -> BlockId {
        self.block(id)[0] as BlockId
    }

    pub(super) fn memory_bytes(&self) -> usize {
        (self.capacity + 1) * size_of::<Block>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_block_is_taken_once_and_comes_back_zeroed() {
        let mut pool = Pool::new(5);
        let mut taken: Vec<_> = (0..5).map(|_| pool.take()).collect();
        assert_eq!((pool.take(), pool.free()), (0, 0));
        for id in &taken {
            *pool.block_mut(*id) = [7; 16];
            pool.give(*id);
        }
        let mut again: Vec<_> = (0..5).map(|_| pool.take()).collect();
        assert!(again.iter().all(|id| *pool.block(*id) == [0; 16]));
        taken.sort_unstable();
        again.sort_unstable();
        assert_eq!(taken, again);
        assert_eq!(taken, [1, 2, 3, 4, 5]);
    }

    #[test]
    fn a_chain_comes_back_whole() {
        let mut pool = Pool::new(3);
        let ids = [pool.take(), pool.take(), pool.take()];
        pool.block_mut(ids[0])[0] = 0xAB_0000 | u32::from(ids[1]);
        pool.block_mut(ids[1])[0] = u32::from(ids[2]);
        pool.give_chain(ids[0]);
        assert_eq!((pool.free(), pool.capacity()), (3, 3));
    }
}
