//! The state of one sink.

use super::batch::SinkBatch;
use super::payload::{Intervals, Payload, PayloadRef};
use crate::engine::config::{Config, SinkOptions};
use crate::engine::event::{EventKind, Format};
use crate::engine::queue::Queue;
use crate::engine::time::Millis;

/// The state of one sink.
#[derive(Debug)]
pub(crate) struct Sink {
    pub(crate) options: SinkOptions,
    pub(super) batch_max: usize,
    /// The sequence number of the next record to take from the queue.
    pub(super) cursor: u64,
    /// The number of records from the cursor on that this sink takes; or of observations in the interval that is filled.
    pub(super) waiting: usize,
    pub(super) batch: SinkBatch,
    /// The most items of the next batch. A batch that was too large halves it, each ok adds one.
    pub(super) limit: usize,
    pub(super) failures: u32,
    /// Single events that were too large, since the last ok or failure.
    pub(super) lone_too_large: u32,
    /// No batch is handed out before this moment.
    pub(super) not_before: Millis,
    pub(super) state: State,
    pub(super) flush: Option<Flush>,
    /// How long an event waits at most until a batch is due, in ms.
    pub(super) interval: f64,
    /// When the last batch was cut.
    pub(super) last_cut: Millis,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum State {
    Live,
    /// One batch probes at `not_before`. `wait` doubles with each failed probe.
    Disabled {
        wait: f64,
    },
    /// The sink takes no events any more. `disabled`: because it was disabled and is not probed; else it was closed.
    ShutDown {
        disabled: bool,
    },
}

/// A flush in progress: until `deadline`, everything before the place `until` is due.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flush {
    pub(super) until: u64,
    pub(super) deadline: Millis,
}

impl Sink {
    pub(crate) fn new(options: SinkOptions, config: &Config) -> Self {
        let payload = Payload::new(&options, config);
        let batch_max = options.batch_max.map_or(config.batch_max, |max| max as usize);
        let batch_max = payload.batch_max(batch_max, config.metric_series);
        Self {
            interval: options.interval_ms.unwrap_or(config.flush_interval_ms),
            options,
            batch_max,
            cursor: 0,
            waiting: 0,
            batch: SinkBatch::new(payload),
            limit: batch_max,
            failures: 0,
            lone_too_large: 0,
            not_before: Millis(0.0),
            state: State::Live,
            flush: None,
            last_cut: Millis(f64::NEG_INFINITY),
        }
    }

    #[inline(always)]
    pub(crate) fn accepts(&self, kind: EventKind) -> bool {
        self.options.format.accepts(kind)
    }

    /// Counts an event that is being queued and that the sink accepts. Returns false if the sink is shut down.
    pub(crate) fn count_queued(&mut self) -> bool {
        let takes = !self.is_shut_down();
        self.waiting += usize::from(takes);
        takes
    }

    /// Whether its batches are summaries: statistics, measurements and exceptions.
    pub(crate) fn sends_summaries(&self) -> bool {
        self.options.format == Format::Stats
    }

    /// Follows a wall clock that stepped by `shift` ms.
    pub(crate) fn shift_clock(&mut self, shift: f64) {
        if let Payload::Metrics(intervals) = &mut self.batch.payload
            && let Some(summary) = &mut intervals.summary
        {
            summary.shift_clock(shift);
        }
    }

    /// Accumulates an observation by `record`. Returns false if the sink is shut down, `None` if it is no metrics sink.
    /// `begun` is the number of events and observations that were begun.
    #[inline(always)]
    pub(crate) fn observe(
        &mut self,
        record: impl FnOnce(&mut Intervals),
        now: Millis,
        wall: f64,
        begun: f64,
    ) -> Option<bool> {
        let is_shut_down = self.is_shut_down();
        let Payload::Metrics(intervals) = &mut self.batch.payload else { return None };
        if !is_shut_down {
            intervals.note_observation(self.waiting == 0, now, wall, begun);
            record(intervals);
            self.waiting += 1;
        }
        Some(!is_shut_down)
    }

    /// Notes that the record `at` leaves the queue. Returns whether this sink loses it.
    pub(crate) fn evict(&mut self, at: u64, kind: EventKind) -> bool {
        if self.cursor > at {
            return false;
        }
        self.cursor = at + 1;
        let is_lost = !self.is_shut_down() && self.accepts(kind);
        self.waiting -= usize::from(is_lost);
        is_lost
    }

    /// The sequence number of the oldest record that this sink still needs; the end of the queue if it needs none.
    pub(crate) fn oldest_needed(&mut self, queue: &Queue) -> u64 {
        if self.waiting == 0 {
            self.cursor = queue.next();
        }
        while self.cursor < queue.next() && !self.accepts(queue.get(self.cursor).0.kind) {
            self.cursor += 1;
        }
        self.cursor
    }

    /// How many events more make a full batch that can be sent at once. `None`: a lease or a wait prevents it.
    pub(crate) fn events_until_full(&self, now: Millis) -> Option<usize> {
        let is_free = self.batch.lease.is_none() && now >= self.not_before;
        self.batch.payload.events_until_full(self.waiting, self.limit).filter(|_| is_free)
    }

    /// Whether anything waits or is in flight.
    pub(crate) fn has_work(&self) -> bool {
        self.waiting > 0 || self.has_batch()
    }

    /// The number of events that wait: in the queue, or in a batch without a lease.
    pub(crate) fn queued(&self) -> usize {
        let leased = if self.batch.lease.is_some() { self.batch.len } else { 0 };
        let SinkBatch { payload, settled, .. } = &self.batch;
        self.waiting + payload.count(settled + leased..payload.items())
    }

    /// The number of events in a leased batch.
    pub(crate) fn in_flight(&self) -> usize {
        if self.batch.lease.is_some() { self.batch.count() } else { 0 }
    }

    pub(crate) fn is_disabled(&self) -> bool {
        matches!(self.state, State::Disabled { .. } | State::ShutDown { disabled: true })
    }

    /// The ms until the sink may be sent to. `None`: it is shut down.
    pub(crate) fn retry_in(&self, now: Millis) -> Option<f64> {
        (!self.is_shut_down()).then_some((self.not_before - now).max(0.0))
    }

    /// The id of the current lease.
    pub(crate) fn lease(&self) -> Option<u64> {
        self.batch.lease.map(|lease| lease.id)
    }

    /// The sequence number of the current batch.
    pub(crate) fn sequence(&self) -> u64 {
        self.batch.sequence
    }

    /// The number of events in the current batch, and its content.
    pub(crate) fn batch(&self) -> (usize, PayloadRef<'_>) {
        (self.batch.count(), self.batch.payload.get(self.batch.items()))
    }

    pub(super) fn has_batch(&self) -> bool {
        self.batch.left() > 0
    }

    pub(super) fn is_shut_down(&self) -> bool {
        matches!(self.state, State::ShutDown { .. })
    }

    /// The place of the oldest event that waits.
    pub(super) fn place(&mut self, queue: &Queue) -> u64 {
        let cursor = self.oldest_needed(queue);
        self.batch.payload.place(cursor)
    }
}
