//! The bounded drop-oldest queue: one ring of fixed records, one ring of payload bytes, both allocated once.

use super::event::names::Names;
use super::event::payload::MAX_PAYLOAD;
use super::event::{EventKind, Record};

/// The ring that all sinks share. Every record has a sequence number; sinks hold cursors into them.
#[derive(Debug)]
pub(crate) struct Queue {
    records: Vec<Record>,
    capacity: usize,
    first: u64,
    next: u64,
    /// Where the record numbered `first` is.
    head: usize,
    payload: ByteRing,
}

impl Queue {
    /// A queue of at most `capacity` records and `bytes` payload bytes.
    pub(crate) fn new(capacity: usize, bytes: usize) -> Self {
        Self {
            records: Vec::with_capacity(capacity),
            capacity,
            first: 0,
            next: 0,
            head: 0,
            payload: ByteRing::new(bytes),
        }
    }

    /// Whether the oldest record must go before one with a payload of `len` bytes fits.
    #[inline(always)]
    pub(crate) fn is_full(&self, len: usize) -> bool {
        self.len() == self.capacity || !self.payload.fits(len)
    }

    /// Adds a record that fits, and returns its sequence number. The queue takes over its references to names.
    #[inline(always)]
    pub(crate) fn push(&mut self, record: &Record, payload: &[u8]) -> u64 {
        debug_assert!(!self.is_full(payload.len()) && payload.len() <= MAX_PAYLOAD);
        let payload_at = if payload.is_empty() { 0 } else { self.payload.push(payload) };
        let at = self.index(self.next);
        if at == self.records.len() {
            self.records.push(*record);
        } else {
            self.records[at] = *record;
        }
        self.records[at].payload_at = payload_at;
        self.next += 1;
        self.next - 1
    }

    /// Removes the oldest record and its references to names.
    pub(crate) fn pop(&mut self, names: &mut Names) {
        debug_assert!(self.first < self.next);
        let record = &self.records[self.head];
        self.head += 1;
        self.first += 1;
        // Where nothing waits it begins anew, in memory that is still in the processor's caches.
        if self.head == self.capacity || self.first == self.next {
            self.head = 0;
        }
        if record.payload_len > 0 {
            self.payload.pop(record.payload_at, record.payload_len);
        }
        record.release(names);
    }

    /// Gives the children of span `parent` the probability `p`: `count` of them, from `first` on.
    pub(crate) fn reprice(&mut self, first: u64, mut count: usize, parent: [u8; 8], p: f64) {
        let mut at = first.max(self.first);
        while count > 0 && at < self.next {
            let index = self.index(at);
            let record = &mut self.records[index];
            // A request of our own that this one called has its own p.
            if record.link.parent_id == parent && record.kind != EventKind::Req {
                record.p = p;
                count -= 1;
            }
            at += 1;
        }
    }

    /// The record with sequence number `at`, which must be in the queue, and its payload.
    pub(crate) fn get(&self, at: u64) -> (&Record, &[u8]) {
        let record = &self.records[self.index(at)];
        (record, self.payload.get(record.payload_at, record.payload_len))
    }

    /// The sequence number of the oldest record.
    pub(crate) fn first(&self) -> u64 {
        self.first
    }

    /// The sequence number that the next record will get.
    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    /// How many records wait.
    pub(crate) fn len(&self) -> usize {
        (self.next - self.first) as usize
    }

    /// The bytes allocated.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.capacity * size_of::<Record>() + self.payload.capacity
    }

    #[inline(always)]
    fn index(&self, at: u64) -> usize {
        let index = self.head + (at - self.first) as usize;
        if index < self.capacity { index } else { index - self.capacity }
    }
}

/// Contiguous slices in first-in first-out order. `head` and `tail` only grow; a slice never wraps.
#[derive(Debug)]
struct ByteRing {
    /// As far as it was ever filled: the rest of its room is not touched before.
    bytes: Vec<u8>,
    capacity: usize,
    head: Position,
    tail: Position,
}

/// Bytes that have passed, those skipped at the end of a lap too, and where in the ring that is.
#[derive(Clone, Copy, Debug, Default)]
struct Position {
    passed: u64,
    at: usize,
}

impl ByteRing {
    fn new(capacity: usize) -> Self {
        let (head, tail) = (Position::default(), Position::default());
        Self { bytes: Vec::with_capacity(capacity), capacity, head, tail }
    }

    fn fits(&self, len: usize) -> bool {
        len == 0 || self.place(len).passed + len as u64 - self.head.passed <= self.capacity as u64
    }

    fn push(&mut self, slice: &[u8]) -> u32 {
        let place = self.place(slice.len());
        let end = place.at + slice.len();
        if end > self.bytes.len() {
            self.bytes.resize(end, 0);
        }
        self.bytes[place.at..end].copy_from_slice(slice);
        self.tail = self.after(place, slice.len());
        place.at as u32
    }

    fn pop(&mut self, at: u32, len: u16) {
        let mut place = self.head;
        if at as usize != place.at {
            place = self.next_lap(place);
        }
        self.head = self.after(place, usize::from(len));
        if self.head.passed == self.tail.passed {
            (self.head, self.tail) = (Position::default(), Position::default());
        }
    }

    fn get(&self, at: u32, len: u16) -> &[u8] {
        &self.bytes[at as usize..at as usize + usize::from(len)]
    }

    /// Where a slice of `len` bytes would start: at the tail, or at the start of the next lap if it would wrap.
    fn place(&self, len: usize) -> Position {
        if self.tail.at + len <= self.capacity { self.tail } else { self.next_lap(self.tail) }
    }

    fn next_lap(&self, Position { passed, at }: Position) -> Position {
        Position { passed: passed + (self.capacity - at) as u64, at: 0 }
    }

    /// Behind `len` bytes at `place`, which do not wrap.
    fn after(&self, Position { passed, at }: Position, len: usize) -> Position {
        let at = at + len;
        Position { passed: passed + len as u64, at: if at == self.capacity { 0 } else { at } }
    }
}
