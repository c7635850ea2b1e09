//! Where recorded events go: into the queue, or into the pool until their request's fate is known.

use super::Collector;
use crate::engine::event::Record;
use crate::engine::ledger::{Count, Reason, SinkCount};
use crate::engine::sampling::Children;
use crate::engine::sampling::open::Token;

impl Collector {
    /// Holds the record just written until the fate of its request is known.
    pub(super) fn hold(&mut self, token: Token, record: Record) {
        while !self.open.has_room(token, self.writer.payload().len())
            && let Some(children) = self.open.decide_oldest()
        {
            self.let_go(children);
        }
        // It may have been the oldest itself.
        let replaced = if self.open.is_undecided(token) {
            self.open.hold(token, record, self.writer.payload())
        } else {
            Some(record)
        };
        if let Some(record) = replaced {
            self.ledger.add(Count::SampledOut, 1);
            record.release(&mut self.names);
        }
    }

    /// Children of a request that is not kept.
    pub(super) fn let_go(&mut self, children: Children) {
        let count = self.open.pool.clear(children, &mut self.names, &mut self.held);
        self.ledger.add(Count::SampledOut, count);
    }

    /// Children of a request that is kept, with the probability `p`.
    pub(super) fn keep(&mut self, mut children: Children, p: f64) {
        let mut payload = std::mem::take(&mut self.held);
        while let Some(record) = self.open.pool.pop(&mut children, &mut payload) {
            self.accept(&Record { p, queued_at: self.clock.now(), ..record }, Some(&payload));
        }
        self.held = payload;
    }

    /// Puts a record into the queue; its payload is `held`, or else that of the record just written. Its place there.
    #[inline(never)]
    pub(super) fn accept(&mut self, record: &Record, held: Option<&[u8]>) -> Option<u64> {
        self.ledger.add(Count::Accepted, 1);
        let mut wanted = false;
        for at in 0..self.sinks.len() {
            let sink = &mut self.sinks[at];
            if !sink.accepts(record.kind) {
                continue;
            }
            self.ledger.add_sink(at, SinkCount::Accepted, 1);
            if sink.enqueued() {
                wanted = true;
            } else {
                self.lose(at, Reason::Disabled, 1);
            }
        }
        if !wanted {
            record.release(&mut self.names);
            return None;
        }
        while self.queue.is_full(usize::from(record.payload_len)) {
            self.evict();
        }
        Some(self.queue.push(record, held.unwrap_or(self.writer.payload())))
    }

    /// The oldest event leaves the queue; every sink that still needed it loses it.
    #[inline(never)]
    fn evict(&mut self) {
        let first = self.queue.first();
        let kind = self.queue.get(first).0.kind;
        for at in 0..self.sinks.len() {
            if self.sinks[at].evicted(first, kind) {
                self.lose(at, Reason::Overflow, 1);
            }
        }
        self.queue.pop(&mut self.names);
    }
}
