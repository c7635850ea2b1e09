//! When a batch of a sink is due.

use super::payload::Payload;
use super::round::Round;
use super::sink::{Flush, Sink, State};
use crate::engine::queue::Queue;
use crate::engine::time::Millis;

impl Sink {
    /// Makes everything that waits now due until `deadline`. An earlier flush with a later deadline keeps that deadline.
    pub(crate) fn flush(&mut self, deadline: Millis, now: Millis, queue: &Queue) {
        let earlier = if self.is_flushing(now, queue) { self.flush } else { None };
        if self.state == State::Live {
            let deadline = earlier.map_or(deadline, |earlier| earlier.deadline.max(deadline));
            self.flush = Some(Flush { until: self.batch.payload.end(queue), deadline });
        }
    }

    /// Flushes a sink with an interval of its own, if that time has passed since its last batch.
    pub(crate) fn flush_overdue(&mut self, deadline: Millis, now: Millis, queue: &Queue) {
        if self.options.interval_ms.is_some_and(|interval| now - self.last_cut >= interval) {
            self.flush(deadline, now, queue);
        }
    }

    /// Whether the flush in progress has events left that can be sent before its deadline.
    pub(crate) fn is_flushing(&mut self, now: Millis, queue: &Queue) -> bool {
        let Some(Flush { until, deadline }) = self.flush else { return false };
        if now >= deadline || self.state != State::Live {
            return false;
        }
        if self.has_batch() {
            return self.batch.first < until && (self.batch.lease.is_some() || self.not_before < deadline);
        }
        self.waiting > 0 && self.place(queue) < until && self.not_before < deadline
    }

    /// When the sink must be looked at again. `None`: nothing waits.
    pub(crate) fn next_deadline(&mut self, now: Millis, queue: &Queue) -> Option<Millis> {
        if let Some(lease) = self.batch.lease {
            return Some(lease.expires);
        }
        if self.is_shut_down() {
            return None;
        }
        if self.has_batch() || self.is_flushing(now, queue) {
            return Some(self.not_before);
        }
        if self.waiting == 0 {
            return None;
        }
        let oldest = match &self.batch.payload {
            Payload::Metrics(intervals) => intervals.first,
            Payload::Records { .. } => queue.get(self.oldest_needed(queue)).0.queued_at,
        };
        let is_full = self.batch.payload.events_until_full(self.waiting, self.limit) == Some(0);
        let due = if is_full { oldest } else { oldest + self.interval };
        Some(due.max(self.not_before))
    }

    /// Whether something that `round` may take waits.
    pub(crate) fn is_in(&mut self, round: Round, queue: &Queue) -> bool {
        self.has_batch()
            || match &self.batch.payload {
                Payload::Metrics(intervals) => intervals.first_event <= round.begun,
                Payload::Records { .. } => self.oldest_needed(queue) < round.queue_end,
            }
    }

    /// Whether a batch is due now.
    pub(crate) fn is_due(&mut self, now: Millis, queue: &Queue) -> bool {
        self.batch.lease.is_none() && self.next_deadline(now, queue).is_some_and(|at| now >= at)
    }
}
