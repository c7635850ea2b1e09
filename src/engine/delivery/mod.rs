//! Delivery to one sink: its view of the queue, the staged batch, lease, backoff, disabling and probing.
//!
//! A batch is *moved* out of the queue into staging when it is cut, so that the queue never evicts it; a retry or an
//! expired lease sends the same events under the same batch id. Only a batch that was too large is cut anew.
//! A metrics sink reads no queue: it fills an accumulator, and a batch is what it holds, frozen.

mod load;
mod outcome;
mod settling;
mod staged;

pub(crate) use load::Content;
pub use outcome::Outcome;
pub(crate) use outcome::Settled;
pub(crate) use staged::StagedBatch;

use super::config::{Config, Number, SinkOptions};
use super::event::names::Names;
use super::event::{EventKind, Record};
use super::ledger::Counters;
use super::queue::Queue;
use super::stats::metrics::Observation;
use super::time::Millis;
use load::Load;
use staged::{Lease, Staged};

/// The settings of delivery, the same for all sinks of a collector.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    interval: f64,
    lease: f64,
    retry_base: f64,
    retry_max: f64,
    probe: f64,
    max_failures: u32,
}

/// The state of one sink.
#[derive(Debug)]
pub(crate) struct Delivery {
    pub(crate) options: SinkOptions,
    batch_max: usize,
    /// The next record to stage.
    cursor: u64,
    /// Records in the queue, from the cursor on, that this sink accepts; or observations of the open round.
    waiting: usize,
    staged: Staged,
    /// The most items the next batch may have: halved by a batch too large, regrown by one per ok.
    limit: usize,
    failures: u32,
    not_before: Millis,
    state: State,
    flush: Option<Flush>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Live,
    /// Rests; one batch probes at `not_before`. The wait doubles with each failed probe.
    Disabled {
        wait: f64,
    },
    /// Takes nothing any more: disabled for good, or closed.
    Dead {
        disabled: bool,
    },
}

/// A flush in progress: everything before `until` is due, as long as the deadline has not passed.
#[derive(Clone, Copy, Debug)]
struct Flush {
    until: u64,
    deadline: Millis,
}

impl Settings {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            interval: config.get(Number::FlushIntervalMs),
            lease: config.get(Number::LeaseMs),
            retry_base: config.get(Number::RetryBaseMs),
            retry_max: config.get(Number::RetryMaxMs),
            probe: config.get(Number::SinkProbeMs),
            max_failures: config.get(Number::MaxConsecutiveSinkFailures) as u32,
        }
    }
}

impl Delivery {
    pub(crate) fn new(options: SinkOptions, config: &Config) -> Self {
        let load = Load::new(options.format.is_metrics());
        let wanted = options.batch_max.map_or(config.get(Number::BatchMax) as usize, |max| max as usize);
        let batch_max = load.batch_max(wanted);
        Self {
            options,
            batch_max,
            cursor: 0,
            waiting: 0,
            staged: Staged::new(load),
            limit: batch_max,
            failures: 0,
            not_before: Millis(0.0),
            state: State::Live,
            flush: None,
        }
    }

    #[inline(always)]
    pub(crate) fn accepts(&self, kind: EventKind) -> bool {
        self.options.format.accepts(kind)
    }

    /// Whether the sink may ever be sent events of `kind`.
    pub(crate) fn takes(&self, kind: EventKind) -> bool {
        !self.is_dead() && self.accepts(kind)
    }

    /// An event that the sink accepts is being queued; whether it will ever take it.
    pub(crate) fn enqueued(&mut self) -> bool {
        let takes = !self.is_dead();
        self.waiting += usize::from(takes);
        takes
    }

    /// Measures what was observed; `None`: this is no metrics sink. Else whether it ever takes anything again.
    pub(crate) fn observe(&mut self, observation: &Observation<'_>, now: Millis, wall: f64) -> Option<bool> {
        let is_dead = self.is_dead();
        let Load::Metrics(metrics) = &mut self.staged.load else { return None };
        if !is_dead {
            metrics.observe(observation, now, wall);
            self.waiting += 1;
        }
        Some(!is_dead)
    }

    /// The record `at` is about to leave the queue: whether this sink loses it.
    pub(crate) fn evicted(&mut self, at: u64, kind: EventKind) -> bool {
        if self.cursor > at {
            return false;
        }
        self.cursor = at + 1;
        let lost = self.takes(kind);
        self.waiting -= usize::from(lost);
        lost
    }

    /// The oldest record this sink still needs; past the end when it needs none.
    pub(crate) fn needs(&mut self, queue: &Queue) -> u64 {
        if self.waiting == 0 {
            self.cursor = queue.next();
        }
        while self.cursor < queue.next() && !self.accepts(queue.get(self.cursor).0.kind) {
            self.cursor += 1;
        }
        self.cursor
    }

    /// After how many events more a full batch waits that nothing keeps; `None`: something keeps it.
    pub(crate) fn room(&self, now: Millis) -> Option<usize> {
        let is_free = self.staged.lease.is_none() && now >= self.not_before;
        self.staged.load.room(self.waiting, self.limit).filter(|_| is_free)
    }

    /// Whether anything waits or is handed out.
    pub(crate) fn has_work(&self) -> bool {
        self.waiting > 0 || self.has_staged()
    }

    /// Events that wait: in the queue, or staged and not handed out.
    pub(crate) fn queued(&self) -> usize {
        let leased = if self.staged.lease.is_some() { self.staged.window } else { 0 };
        let Staged { load, settled, .. } = &self.staged;
        self.waiting + load.count(settled + leased..load.items())
    }

    /// Events handed out.
    pub(crate) fn in_flight(&self) -> usize {
        if self.staged.lease.is_some() { self.staged.count() } else { 0 }
    }

    fn has_staged(&self) -> bool {
        self.staged.left() > 0
    }

    pub(crate) fn is_disabled(&self) -> bool {
        matches!(self.state, State::Disabled { .. } | State::Dead { disabled: true })
    }

    pub(crate) fn lease(&self) -> Option<u64> {
        self.staged.lease.map(|lease| lease.id)
    }

    /// Everything queued now is due until `deadline`, or longer if an earlier flush lasts longer.
    pub(crate) fn flush(&mut self, deadline: Millis, now: Millis, queue: &Queue) {
        let earlier = if self.is_flushing(now, queue) { self.flush } else { None };
        if self.state == State::Live {
            let deadline = earlier.map_or(deadline, |earlier| earlier.deadline.max(deadline));
            self.flush = Some(Flush { until: self.staged.load.end(queue), deadline });
        }
    }

    /// Whether the flush in progress has something left that may still be sent in time.
    pub(crate) fn is_flushing(&mut self, now: Millis, queue: &Queue) -> bool {
        let Some(Flush { until, deadline }) = self.flush else { return false };
        if now >= deadline || self.state != State::Live {
            return false;
        }
        if self.has_staged() {
            return self.staged.first < until && (self.staged.lease.is_some() || self.not_before < deadline);
        }
        self.waiting > 0 && self.place(queue) < until && self.not_before < deadline
    }

    /// Takes back a batch whose lease has run out; whether it did.
    pub(crate) fn expire(&mut self, now: Millis) -> bool {
        self.staged.lease.take_if(|lease| now >= lease.expires).is_some()
    }

    /// When this sink next wants a look, if ever.
    pub(crate) fn next_deadline(
        &mut self,
        now: Millis,
        queue: &Queue,
        settings: &Settings,
    ) -> Option<Millis> {
        if let Some(lease) = self.staged.lease {
            return Some(lease.expires);
        }
        if self.is_dead() {
            return None;
        }
        if self.has_staged() || self.is_flushing(now, queue) {
            return Some(self.not_before);
        }
        if self.waiting == 0 {
            return None;
        }
        let oldest = match &self.staged.load {
            Load::Metrics(metrics) => metrics.first,
            Load::Records { .. } => queue.get(self.needs(queue)).0.queued_at,
        };
        let is_full = self.staged.load.room(self.waiting, self.limit) == Some(0);
        let due = if is_full { oldest } else { oldest + settings.interval };
        Some(due.max(self.not_before))
    }

    /// Whether a batch is to be handed out now.
    pub(crate) fn is_due(&mut self, now: Millis, queue: &Queue, settings: &Settings) -> bool {
        self.staged.lease.is_none() && self.next_deadline(now, queue, settings).is_some_and(|at| now >= at)
    }

    /// Hands out a batch that is due: the staged one again, or a new one moved out of the queue; whether it is new.
    pub(crate) fn hand_out(
        &mut self,
        lease: u64,
        now: Millis,
        queue: &Queue,
        names: &mut Names,
        settings: &Settings,
    ) -> bool {
        if !self.has_staged() {
            self.stage(queue, names);
        }
        let is_new = self.staged.window == 0;
        if is_new {
            self.staged.sequence += 1;
            self.staged.window = self.staged.left().min(self.limit);
        }
        self.staged.lease = Some(Lease { id: lease, expires: now + settings.lease });
        is_new
    }

    /// Takes out the counters of the batch before, to be filled anew and given to [`freeze`](Self::freeze).
    pub(crate) fn thaw(&mut self) -> Counters {
        std::mem::take(&mut self.staged.meta)
    }

    /// Keeps the counters as they are when a batch is cut, at `wall`: its sends all tell the same.
    pub(crate) fn freeze(&mut self, meta: Counters, wall: f64) {
        (self.staged.meta, self.staged.at) = (meta, wall);
        self.staged.load.cut(wall);
    }

    /// The batch handed out last.
    pub(crate) fn batch(&self) -> StagedBatch<'_> {
        let Staged { load, sequence, meta, at, .. } = &self.staged;
        let content = load.content(self.staged.batch());
        StagedBatch { content, count: self.staged.count(), sequence: *sequence, meta, at: *at }
    }

    fn is_dead(&self) -> bool {
        matches!(self.state, State::Dead { .. })
    }

    /// The place of the oldest thing that waits.
    fn place(&mut self, queue: &Queue) -> u64 {
        let cursor = self.needs(queue);
        self.staged.load.place(cursor)
    }

    /// Stages what is due: records moved out of the queue, within the batch's limits, or the round, frozen.
    fn stage(&mut self, queue: &Queue, names: &mut Names) {
        self.staged.first = self.place(queue);
        if let Load::Metrics(metrics) = &mut self.staged.load {
            metrics.freeze();
            self.waiting = 0;
        }
        let Load::Records { records, payload: staged } = &mut self.staged.load else { return };
        while self.waiting > 0 && records.len() < self.limit {
            let (record, payload) = queue.get(self.cursor);
            if !self.options.format.accepts(record.kind) {
                self.cursor += 1;
                continue;
            }
            if !records.is_empty() && staged.len() + payload.len() > MAX_BATCH_PAYLOAD {
                break;
            }
            let payload_at = staged.len() as u32;
            if !payload.is_empty() {
                staged.extend_from_slice(payload);
            }
            records.push(Record { payload_at, ..*record });
            record.retain(names);
            self.cursor += 1;
            self.waiting -= 1;
        }
    }
}

/// The most payload bytes of one batch.
const MAX_BATCH_PAYLOAD: usize = 256 * 1024;
