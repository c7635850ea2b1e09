//! The batch moved out of the queue: what is sent, sent again, or cut anew.

use crate::engine::event::Record;
use crate::engine::event::names::Names;
use crate::engine::ledger::Counters;
use crate::engine::time::Millis;

/// Records moved out of the queue. The batch being sent is the first `window` of those not yet settled.
#[derive(Debug, Default)]
pub(super) struct Staged {
    pub(super) records: Vec<Record>,
    pub(super) payload: Vec<u8>,
    /// The place in the queue that the first of them had.
    pub(super) first: u64,
    pub(super) settled: usize,
    pub(super) window: usize,
    pub(super) sequence: u64,
    pub(super) lease: Option<Lease>,
    pub(super) meta: Counters,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Lease {
    pub(super) id: u64,
    pub(super) expires: Millis,
}

/// The batch a sink is to be sent, borrowed from its staging.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StagedBatch<'a> {
    pub(crate) records: &'a [Record],
    pub(crate) payload: &'a [u8],
    pub(crate) sequence: u64,
    pub(crate) meta: &'a Counters,
}

impl Staged {
    /// Records not settled yet.
    pub(super) fn left(&self) -> usize {
        self.records.len() - self.settled
    }

    pub(super) fn resolve(&mut self, names: &mut Names) {
        release(&self.records[self.settled..self.settled + self.window], names);
        self.settled += self.window;
        self.window = 0;
        if self.left() == 0 {
            self.records.clear();
            self.payload.clear();
            self.settled = 0;
        }
    }

    /// Forgets all records behind the window.
    pub(super) fn truncate(&mut self, names: &mut Names) {
        let keep = self.settled + self.window;
        release(&self.records[keep..], names);
        self.records.truncate(keep);
    }
}

fn release(records: &[Record], names: &mut Names) {
    for record in records {
        record.release(names);
    }
}
