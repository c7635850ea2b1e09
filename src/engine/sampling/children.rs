//! Held children: records and payload bytes in two pools of fixed parts, chained by index.
//!
//! Both pools grow to their bound as they are first used and never again.

use crate::engine::event::Record;
use crate::engine::event::names::Names;

/// The children of one request, oldest first: places in the [`Pool`], to be drained with [`Pool::pop`].
#[derive(Debug)]
#[must_use]
pub(crate) struct Children {
    first: u16,
    last: u16,
    count: usize,
}

/// All held children.
#[derive(Debug)]
pub(crate) struct Pool {
    children: Vec<Child>,
    blocks: Vec<Block>,
    free_child: u16,
    free_block: u16,
    held: usize,
    blocks_used: usize,
}

#[derive(Debug)]
struct Child {
    record: Record,
    block: u16,
    next: u16,
}

#[derive(Debug)]
struct Block {
    bytes: [u8; BLOCK],
    next: u16,
}

impl Children {
    pub(crate) const NONE: Self = Self { first: END, last: END, count: 0 };

    pub(crate) fn count(&self) -> usize {
        self.count
    }
}

impl Pool {
    pub(crate) const fn new() -> Self {
        Self {
            children: Vec::new(),
            blocks: Vec::new(),
            free_child: END,
            free_block: END,
            held: 0,
            blocks_used: 0,
        }
    }

    /// Children held now.
    pub(crate) fn held(&self) -> usize {
        self.held
    }

    /// Whether one more child with `bytes` of payload finds a place.
    pub(crate) fn has_room(&self, bytes: usize) -> bool {
        self.held < CHILDREN && self.blocks_used + bytes.div_ceil(BLOCK) <= BLOCKS
    }

    /// Whether a child with `bytes` of payload finds a place once the last of `children` is gone.
    pub(crate) fn has_room_in_place_of_last(&self, children: &Children, bytes: usize) -> bool {
        let freed = self.children.get(usize::from(children.last));
        let freed = freed.map_or(0, |last| usize::from(last.record.payload_len).div_ceil(BLOCK));
        self.blocks_used - freed + bytes.div_ceil(BLOCK) <= BLOCKS
    }

    /// Adds a child, for which there is room, to `children`.
    pub(crate) fn push(&mut self, children: &mut Children, record: Record, payload: &[u8]) {
        let child = Child { record, block: self.store(payload), next: END };
        let at = place(&mut self.children, &mut self.free_child, child, |free| free.next);
        match children.last {
            END => children.first = at,
            last => self.children[usize::from(last)].next = at,
        }
        children.last = at;
        children.count += 1;
        self.held += 1;
    }

    /// Puts a child, for which there is room then, in the place of the last of `children`, which is returned.
    pub(crate) fn replace_last(&mut self, children: &Children, record: Record, payload: &[u8]) -> Record {
        let at = usize::from(children.last);
        self.free(self.children[at].block);
        self.children[at].block = self.store(payload);
        std::mem::replace(&mut self.children[at].record, record)
    }

    /// Takes the oldest of `children` out, its payload into `payload`.
    pub(crate) fn pop(&mut self, children: &mut Children, payload: &mut Vec<u8>) -> Option<Record> {
        if children.first == END {
            return None;
        }
        let at = children.first;
        let Child { record, block, next } = self.children[usize::from(at)];
        self.load(block, usize::from(record.payload_len), payload);
        self.free(block);
        self.children[usize::from(at)].next = std::mem::replace(&mut self.free_child, at);
        self.held -= 1;
        (children.first, children.count) = (next, children.count - 1);
        if next == END {
            children.last = END;
        }
        Some(record)
    }

    /// Drops `children` and their references to names; how many they were.
    pub(crate) fn clear(
        &mut self,
        mut children: Children,
        names: &mut Names,
        scratch: &mut Vec<u8>,
    ) -> usize {
        let count = children.count;
        while let Some(record) = self.pop(&mut children, scratch) {
            record.release(names);
        }
        count
    }

    fn store(&mut self, payload: &[u8]) -> u16 {
        let mut first = END;
        // From the end, so that each block knows the next.
        for chunk in payload.chunks(BLOCK).rev() {
            let mut bytes = [0; BLOCK];
            bytes[..chunk.len()].copy_from_slice(chunk);
            let block = Block { bytes, next: first };
            first = place(&mut self.blocks, &mut self.free_block, block, |free| free.next);
            self.blocks_used += 1;
        }
        first
    }

    fn load(&self, mut block: u16, len: usize, payload: &mut Vec<u8>) {
        payload.clear();
        while block != END {
            let Block { bytes, next } = &self.blocks[usize::from(block)];
            payload.extend_from_slice(&bytes[..BLOCK.min(len - payload.len())]);
            block = *next;
        }
    }

    fn free(&mut self, mut block: u16) {
        while block != END {
            let next = std::mem::replace(&mut self.blocks[usize::from(block)].next, self.free_block);
            self.free_block = std::mem::replace(&mut block, next);
            self.blocks_used -= 1;
        }
    }
}

/// Puts `item` into a free place of `pool`, or a new one; where.
fn place<T>(pool: &mut Vec<T>, free: &mut u16, item: T, next: impl Fn(&T) -> u16) -> u16 {
    if *free == END {
        pool.push(item);
        return (pool.len() - 1) as u16;
    }
    let at = *free;
    *free = next(&pool[usize::from(at)]);
    pool[usize::from(at)] = item;
    at
}

/// Children held in all.
pub(crate) const CHILDREN: usize = 1024;
/// A block is 64 bytes with its link; all of them 256 KiB.
const BLOCK: usize = 62;
const BLOCKS: usize = 4096;
/// No place.
const END: u16 = u16::MAX;
