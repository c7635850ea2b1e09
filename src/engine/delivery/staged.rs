//! The batch moved out of the queue: what is sent, sent again, or cut anew.

use super::load::{Content, Load};
use crate::engine::event::names::Names;
use crate::engine::ledger::Counters;
use crate::engine::time::Millis;
use std::ops::Range;

/// Items on their way out. The batch being sent is the first `window` of those not yet settled.
#[derive(Debug)]
pub(super) struct Staged {
    pub(super) load: Load,
    /// The place that the first of them had.
    pub(super) first: u64,
    pub(super) settled: usize,
    pub(super) window: usize,
    pub(super) sequence: u64,
    pub(super) lease: Option<Lease>,
    pub(super) meta: Counters,
    /// The wall clock when the batch was cut.
    pub(super) at: f64,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Lease {
    pub(super) id: u64,
    pub(super) expires: Millis,
}

/// The batch a sink is to be sent, borrowed from its staging.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StagedBatch<'a> {
    pub(crate) content: Content<'a>,
    /// The events, or observations, in it.
    pub(crate) count: usize,
    pub(crate) sequence: u64,
    pub(crate) meta: &'a Counters,
    pub(crate) at: f64,
}

impl Staged {
    pub(super) fn new(load: Load) -> Self {
        let meta = Counters::default();
        Self { load, first: 0, settled: 0, window: 0, sequence: 0, lease: None, meta, at: 0.0 }
    }

    /// Items not settled yet.
    pub(super) fn left(&self) -> usize {
        self.load.items() - self.settled
    }

    /// The items of the batch being sent.
    pub(super) fn batch(&self) -> Range<usize> {
        self.settled..self.settled + self.window
    }

    /// The events, or observations, of the batch being sent.
    pub(super) fn count(&self) -> usize {
        self.load.count(self.batch())
    }

    pub(super) fn resolve(&mut self, names: &mut Names) {
        self.load.release(self.batch(), names);
        self.settled += self.window;
        self.window = 0;
        if self.left() == 0 {
            self.load.clear();
            self.settled = 0;
        }
    }

    /// Forgets all behind the window.
    pub(super) fn truncate(&mut self, names: &mut Names) {
        self.load.truncate(self.settled + self.window, names);
    }
}
