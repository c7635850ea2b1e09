//! The batch of a sink.

use super::payload::Payload;
use crate::engine::event::names::Names;
use crate::engine::time::Millis;
use std::ops::Range;

/// The items of a sink that left the queue. The current batch is the first `len` of those that are not settled.
///
/// With a lease the batch is in flight, without one it waits.
#[derive(Debug)]
pub(super) struct SinkBatch {
    pub(super) payload: Payload,
    /// The place of the first item before it left the queue.
    pub(super) first: u64,
    /// The number of settled items.
    pub(super) settled: usize,
    /// 0: no batch is cut.
    pub(super) len: usize,
    /// The sequence number of the current batch.
    pub(super) sequence: u64,
    pub(super) lease: Option<Lease>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Lease {
    pub(super) id: u64,
    pub(super) expires: Millis,
}

impl SinkBatch {
    pub(super) fn new(payload: Payload) -> Self {
        Self { payload, first: 0, settled: 0, len: 0, sequence: 0, lease: None }
    }

    /// The number of items that are not settled.
    pub(super) fn left(&self) -> usize {
        self.payload.items() - self.settled
    }

    /// The items of the current batch.
    pub(super) fn items(&self) -> Range<usize> {
        self.settled..self.settled + self.len
    }

    /// The number of events, or observations, of the current batch.
    pub(super) fn count(&self) -> usize {
        self.payload.count(self.items())
    }

    /// Settles the current batch: its items are delivered or dropped.
    pub(super) fn resolve(&mut self, names: &mut Names) {
        self.payload.release(self.items(), names);
        self.settled += self.len;
        self.len = 0;
        if self.left() == 0 {
            self.payload.clear();
            self.settled = 0;
        }
    }

    /// Drops all items behind the current batch.
    pub(super) fn truncate(&mut self, names: &mut Names) {
        self.payload.truncate(self.settled + self.len, names);
    }
}
