//! Buffered children: records in one pool, payload bytes in blocks of another, both linked by index.
//!
//! Each pool grows up to its bound and never shrinks.

use crate::engine::event::names::Names;
use crate::engine::event::record::Record;

/// The children of one request, oldest first. They lie in the [`Pool`]; [`Pool::pop`] removes them.
#[derive(Debug)]
#[must_use]
pub(crate) struct Children {
    first: u16,
    last: u16,
    count: usize,
}

/// All buffered children.
#[derive(Debug)]
pub(super) struct Pool {
    children: Vec<Child>,
    blocks: Vec<Block>,
    free_child: u16,
    free_block: u16,
    buffered: usize,
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
    pub(super) const NONE: Self = Self { first: END, last: END, count: 0 };

    pub(super) fn count(&self) -> usize {
        self.count
    }
}

impl Pool {
    pub(super) const fn new() -> Self {
        Self {
            children: Vec::new(),
            blocks: Vec::new(),
            free_child: END,
            free_block: END,
            buffered: 0,
            blocks_used: 0,
        }
    }

    /// How many children are buffered.
    pub(super) fn buffered(&self) -> usize {
        self.buffered
    }

    /// Whether there is room for one more child with `bytes` of payload.
    pub(super) fn has_room(&self, bytes: usize) -> bool {
        self.buffered < CHILDREN && self.blocks_used + bytes.div_ceil(BLOCK) <= BLOCKS
    }

    /// Whether there is room for a child with `bytes` of payload in place of the last of `children`.
    pub(super) fn has_room_in_place_of_last(&self, children: &Children, bytes: usize) -> bool {
        let freed = self.children.get(usize::from(children.last));
        let freed = freed.map_or(0, |last| usize::from(last.record.payload_len).div_ceil(BLOCK));
        self.blocks_used - freed + bytes.div_ceil(BLOCK) <= BLOCKS
    }

    /// Adds a child to `children`. There must be room for it.
    pub(super) fn push(&mut self, children: &mut Children, record: Record, payload: &[u8]) {
        let child = Child { record, block: self.write(payload), next: END };
        let at = insert(&mut self.children, &mut self.free_child, child, |free| free.next);
        match children.last {
            END => children.first = at,
            last => self.children[usize::from(last)].next = at,
        }
        children.last = at;
        children.count += 1;
        self.buffered += 1;
    }

    /// Replaces the last of `children`, and returns it. There must be room for the new one.
    pub(super) fn replace_last(&mut self, children: &Children, record: Record, payload: &[u8]) -> Record {
        let at = usize::from(children.last);
        self.free(self.children[at].block);
        self.children[at].block = self.write(payload);
        std::mem::replace(&mut self.children[at].record, record)
    }

    /// Removes the oldest of `children` and copies its payload to `payload`.
    pub(super) fn pop(&mut self, children: &mut Children, payload: &mut Vec<u8>) -> Option<Record> {
        if children.first == END {
            return None;
        }
        let at = children.first;
        let Child { record, block, next } = self.children[usize::from(at)];
        self.read(block, usize::from(record.payload_len), payload);
        self.free(block);
        self.children[usize::from(at)].next = std::mem::replace(&mut self.free_child, at);
        self.buffered -= 1;
        (children.first, children.count) = (next, children.count - 1);
        if next == END {
            children.last = END;
        }
        Some(record)
    }

    /// Drops `children` and their references to names. Returns how many there were.
    pub(super) fn clear(
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

    fn write(&mut self, payload: &[u8]) -> u16 {
        let mut first = END;
        // From the last block to the first, since each one links to the next.
        for chunk in payload.chunks(BLOCK).rev() {
            let mut bytes = [0; BLOCK];
            bytes[..chunk.len()].copy_from_slice(chunk);
            let block = Block { bytes, next: first };
            first = insert(&mut self.blocks, &mut self.free_block, block, |free| free.next);
            self.blocks_used += 1;
        }
        first
    }

    fn read(&self, mut block: u16, len: usize, payload: &mut Vec<u8>) {
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

/// Puts `item` into a free slot of `pool`, or into a new one. Returns its index.
fn insert<T>(pool: &mut Vec<T>, free: &mut u16, item: T, next: impl Fn(&T) -> u16) -> u16 {
    if *free == END {
        pool.push(item);
        return (pool.len() - 1) as u16;
    }
    let at = *free;
    *free = next(&pool[usize::from(at)]);
    pool[usize::from(at)] = item;
    at
}

/// The most buffered children.
const CHILDREN: usize = 1024;
/// The payload bytes of a block. With its link it takes 64 bytes; all blocks take 256 KiB.
const BLOCK: usize = 62;
const BLOCKS: usize = 4096;
/// No index.
const END: u16 = u16::MAX;
