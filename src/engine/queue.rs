//! The queue: a ring of records and a ring of payload bytes. Both are allocated once; the oldest events are dropped.

use super::event::EventKind;
use super::event::names::Names;
use super::event::payload::MAX_PAYLOAD;
use super::event::record::Record;

/// The queue that all sinks share. Every record has a sequence number; each sink has a cursor, which is such a number.
#[derive(Debug)]
pub(crate) struct Queue {
    records: Vec<Record>,
    capacity: usize,
    first: u64,
    next: u64,
    /// The index of the record `first`.
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

    /// Whether the oldest record must be removed before a record with `len` payload bytes fits.
    #[inline(always)]
    pub(crate) fn is_full(&self, len: usize) -> bool {
        self.len() == self.capacity || !self.payload.fits(len)
    }

    /// Adds a record, which must fit, and returns its sequence number. The queue takes its references to names.
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

    /// Removes the oldest record and drops its references to names.
    pub(crate) fn pop(&mut self, names: &mut Names) {
        debug_assert!(self.first < self.next);
        let record = &self.records[self.head];
        self.head += 1;
        self.first += 1;
        // An empty ring starts again at its beginning: that memory is still in the processor's cache.
        if self.head == self.capacity || self.first == self.next {
            self.head = 0;
        }
        if record.payload_len > 0 {
            self.payload.pop(record.payload_at, record.payload_len);
        }
        record.release(names);
    }

    /// Sets the probability of `count` events below the span `root`, from sequence number `first` on.
    pub(crate) fn set_probability(&mut self, first: u64, count: usize, root: [u8; 8], p: f64) {
        let mut spans = [root; SPANS];
        let (mut known, mut left) = (1, count);
        // Backwards, since a span is recorded after what happened within it. What happened later is found the second time.
        for _ in 0..2 {
            let mut at = self.next;
            while left > 0 && at > first.max(self.first) {
                at -= 1;
                let index = self.index(at);
                let record = &mut self.records[index];
                // A request that this one made to the same collector has its own probability.
                if record.kind == EventKind::Req || !spans[..known].contains(&record.ids.parent_id) {
                    continue;
                }
                if record.p != p {
                    record.p = p;
                    left -= 1;
                }
                if record.kind != EventKind::Evt
                    && known < SPANS
                    && !spans[..known].contains(&record.ids.span_id)
                {
                    spans[known] = record.ids.span_id;
                    known += 1;
                }
            }
        }
    }

    /// The record with sequence number `at`, and its payload. It must be in the queue.
    pub(crate) fn get(&self, at: u64) -> (&Record, &[u8]) {
        let record = &self.records[self.index(at)];
        (record, self.payload.get(record.payload_at, record.payload_len))
    }

    /// The sequence number of the oldest record.
    pub(crate) fn first(&self) -> u64 {
        self.first
    }

    /// The sequence number of the next record.
    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    /// How many records are in the queue.
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

/// The most spans of a request with events within them.
const SPANS: usize = 64;

/// A first-in, first-out ring of byte slices. A slice never wraps around.
#[derive(Debug)]
struct ByteRing {
    /// The part of the ring that was ever used. The rest of the memory is not touched.
    bytes: Vec<u8>,
    capacity: usize,
    head: Position,
    tail: Position,
}

/// A place in the ring. `passed` counts the bytes up to it over all laps, with those that were skipped at the ends.
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

    /// The start of the next slice of `len` bytes: the tail, or the start of the next lap if the slice would wrap.
    fn place(&self, len: usize) -> Position {
        if self.tail.at + len <= self.capacity { self.tail } else { self.next_lap(self.tail) }
    }

    fn next_lap(&self, Position { passed, at }: Position) -> Position {
        Position { passed: passed + (self.capacity - at) as u64, at: 0 }
    }

    /// The place behind `len` bytes, which do not wrap.
    fn after(&self, Position { passed, at }: Position, len: usize) -> Position {
        let at = at + len;
        Position { passed: passed + len as u64, at: if at == self.capacity { 0 } else { at } }
    }
}
