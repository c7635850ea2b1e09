//! Cutting a batch and leasing it.

use super::batch::Lease;
use super::payload::Payload;
use super::round::Round;
use super::settings::Settings;
use super::sink::Sink;
use crate::engine::event::names::Names;
use crate::engine::event::record::Record;
use crate::engine::exceptions::Exceptions;
use crate::engine::queue::Queue;
use crate::engine::time::Millis;

impl Sink {
    /// Leases a batch that is due: the one that waits, or a new one. Returns whether it is new.
    pub(crate) fn hand_out(
        &mut self,
        lease: u64,
        now: Millis,
        round: Round,
        queue: &Queue,
        names: &mut Names,
        settings: &Settings,
    ) -> bool {
        if !self.has_batch() {
            self.take_items(round, queue, names);
        }
        let is_new = self.batch.len == 0;
        if is_new {
            self.batch.sequence += 1;
            self.last_cut = now;
            self.batch.len = self.batch.left().min(self.limit);
        }
        self.batch.lease = Some(Lease { id: lease, expires: now + settings.lease });
        is_new
    }

    /// Ends the interval of a new batch, which is cut at `wall`.
    pub(crate) fn end_interval(&mut self, wall: f64, exceptions: &Exceptions) {
        self.batch.payload.end_interval(wall, exceptions);
    }

    /// Takes the lease back if it has expired. Returns whether it has.
    pub(crate) fn expire_lease(&mut self, now: Millis) -> bool {
        self.batch.lease.take_if(|lease| now >= lease.expires).is_some()
    }

    /// Moves the records of a batch out of the queue; or makes the filled interval the one that is sent.
    fn take_items(&mut self, round: Round, queue: &Queue, names: &mut Names) {
        self.batch.first = self.place(queue);
        if let Payload::Metrics(intervals) = &mut self.batch.payload {
            intervals.advance(self.waiting);
            self.waiting = 0;
        }
        let Payload::Records { records, bytes } = &mut self.batch.payload else { return };
        while self.waiting > 0 && records.len() < self.limit && self.cursor < round.queue_end {
            let (record, payload) = queue.get(self.cursor);
            if !self.options.format.accepts(record.kind) {
                self.cursor += 1;
                continue;
            }
            if !records.is_empty() && bytes.len() + payload.len() > MAX_BATCH_BYTES {
                break;
            }
            let payload_at = bytes.len() as u32;
            if !payload.is_empty() {
                bytes.extend_from_slice(payload);
            }
            records.push(Record { payload_at, ..*record });
            record.retain(names);
            self.cursor += 1;
            self.waiting -= 1;
        }
    }
}

/// The most payload bytes of one batch. A single record may have more.
const MAX_BATCH_BYTES: usize = 256 * 1024;
