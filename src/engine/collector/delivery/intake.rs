//! Taking records and observations from the recorder.

use super::Delivery;
use crate::engine::collector::output::Output;
use crate::engine::collector::shared::Shared;
use crate::engine::event::record::Record;
use crate::engine::event::{Event, EventKind};
use crate::engine::ledger::{Count, Reason, SinkCount};
use crate::engine::metrics::Observation;

impl Output for Delivery {
    #[inline(always)]
    fn takes_records(&self) -> bool {
        self.takes_records
    }

    #[inline(never)]
    fn enqueue(&mut self, record: &Record, payload: &[u8], shared: &mut Shared) -> Option<u64> {
        shared.ledger.add(Count::Accepted, 1);
        let mut is_wanted = false;
        for at in 0..self.sinks.len() {
            let sink = &mut self.sinks[at];
            if !sink.accepts(record.kind) {
                continue;
            }
            shared.ledger.add_sink(at, SinkCount::Accepted, 1);
            if sink.count_queued() {
                is_wanted = true;
            } else {
                shared.count_drop(at, Reason::Disabled, 1);
            }
        }
        if !is_wanted {
            record.release(&mut shared.names);
            return None;
        }
        while self.queue.is_full(usize::from(record.payload_len)) {
            self.evict(shared);
        }
        Some(self.queue.push(record, payload))
    }

    #[inline(always)]
    fn observe(&mut self, event: &Event<'_>, name: &str, shared: &mut Shared) {
        if self.takes_observations {
            self.accumulate(event, name, shared);
        }
    }

    fn set_probability(&mut self, first: u64, count: usize, parent: [u8; 8], p: f64) {
        self.queue.set_probability(first, count, parent, p);
    }
}

impl Delivery {
    #[inline(never)]
    fn accumulate(&mut self, event: &Event<'_>, name: &str, shared: &mut Shared) {
        let Some(observation) = Observation::of(event, name) else { return };
        let (now, wall, emitted) = (shared.now(), shared.wall(), shared.ledger.get(Count::Emitted));
        for at in 0..self.sinks.len() {
            let Some(is_taken) = self.sinks[at].observe(&observation, now, wall, emitted) else { continue };
            shared.ledger.note_measured(wall);
            shared.ledger.add_sink(at, SinkCount::Accepted, 1);
            if !is_taken {
                shared.count_drop(at, Reason::Disabled, 1);
            }
        }
    }

    /// Removes the oldest record from the queue. Each sink that still needs it loses it.
    #[inline(never)]
    fn evict(&mut self, shared: &mut Shared) {
        let first = self.queue.first();
        let kind: EventKind = self.queue.get(first).0.kind;
        for at in 0..self.sinks.len() {
            if self.sinks[at].evict(first, kind) {
                shared.count_drop(at, Reason::Overflow, 1);
            }
        }
        self.queue.pop(&mut shared.names);
    }
}
