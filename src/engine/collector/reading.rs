//! Reading a collector: notices, counters, statistics, memory.

use super::Collector;
use crate::engine::config::Config;
use crate::engine::event::names::Names;
use crate::engine::event::record::Record;
use crate::engine::exceptions::RecentException;
use crate::engine::ledger::{Counters, Totals};
use crate::engine::notice::Notice;
use crate::engine::stats::{Snapshot, Timeline};

impl Collector {
    /// The bytes of one queued event without its payload.
    pub const RECORD_BYTES: usize = size_of::<Record>();

    /// The next notice, oldest first.
    pub fn poll_notice(&mut self) -> Option<Notice> {
        self.shared.notices.pop()
    }

    /// Whether there are notices.
    #[must_use]
    pub fn has_notices(&self) -> bool {
        !self.shared.notices.is_empty()
    }

    /// The random id of the isolate: 16 hexadecimal digits; empty until entropy is given.
    #[must_use]
    pub fn isolate(&self) -> &str {
        &self.shared.isolate
    }

    /// All counters.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.delivery.counters(self.recorder.pending(), &self.shared)
    }

    /// Counters summed over all sinks.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.delivery.totals(&self.shared)
    }

    /// The statistics of the last 15 minutes.
    pub fn stats(&mut self, now_ms: f64) -> Snapshot {
        self.read_clock(now_ms);
        self.recorder.stats(&self.shared)
    }

    /// All requests, or a series by kind and name, over the last 15 minutes in steps of 15 s.
    pub fn timeline(&mut self, series: Option<(&str, &str)>, now_ms: f64) -> Timeline {
        self.read_clock(now_ms);
        self.recorder.timeline(series, &self.shared)
    }

    /// The last 20 exceptions, newest last: EVT events called [`Exception::NAME`](crate::engine::Exception::NAME) with an
    /// error, sampled or not. They take at most 160 KiB, and nothing until there is one.
    pub fn exceptions(&self) -> impl Iterator<Item = &RecentException> + Clone {
        self.shared.exceptions.since(0)
    }

    /// The number of events in the queue: those that at least one sink still needs.
    #[must_use]
    pub fn queue_depth(&self) -> usize {
        self.delivery.queue_depth()
    }

    /// The bytes of the queue and of the table of names. They depend on the configuration only.
    #[must_use]
    pub fn queue_bytes(&self) -> usize {
        self.delivery.queue_bytes() + Names::MEMORY_BYTES
    }

    /// The references of events to names: 0 when there is no event. For tests.
    #[doc(hidden)]
    #[must_use]
    pub fn name_references(&self) -> usize {
        self.shared.names.references() - self.recorder.name_references()
    }

    /// The configuration in force.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// All counters as one block. Its address never changes, so a host can read it after a trap.
    #[must_use]
    pub fn ledger_block(&self) -> &[f64] {
        self.shared.ledger.block()
    }

    /// Continues from the block of a collector that trapped, with the same sinks. Its undelivered events are counted as
    /// dropped by `core_reset`.
    pub fn restore(&mut self, block: &[f64]) {
        self.shared.ledger.restore(block);
    }
}
