//! Delivery to one sink: its view of the queue, the staged batch, lease, backoff, disabling and probing.
//!
//! A batch is *moved* out of the queue into staging when it is cut, so that the queue never evicts it; a retry or an
//! expired lease sends the same events under the same batch id. Only a batch that was too large is cut anew.
//! A metrics sink reads no queue: it fills an accumulator, and a batch is what it holds, frozen.

mod load;

pub(crate) use load::Content;

use super::config::{Config, Number, SinkOptions};
use super::event::names::Names;
use super::event::{EventKind, Record};
use super::ledger::{Counters, Reason};
use super::queue::Queue;
use super::stats::metrics::Observation;
use super::time::Millis;
use load::Load;
use std::ops::Range;

/// What a sink answered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Outcome {
    /// Taken, but for `rejected` events of the batch.
    Ok {
        /// Events of the batch that the receiver refused for good.
        rejected: u32,
    },
    /// Not taken now; again after `after_ms` if the receiver said so, else after a backoff.
    Retry {
        /// The receiver's `Retry-After` in milliseconds; at most 10 minutes are honored.
        after_ms: Option<f64>,
    },
    /// Refused for good: the batch is dropped, delivery goes on.
    Fatal,
    /// Too large: the batch is halved.
    TooLarge,
}

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
    /// Disabled for good.
    Dead,
}

/// Items on their way out. The batch being sent is the first `window` of those not yet settled.
#[derive(Debug)]
struct Staged {
    load: Load,
    settled: usize,
    window: usize,
    sequence: u64,
    lease: Option<Lease>,
    meta: Counters,
    /// The wall clock when the batch was cut.
    at: f64,
}

#[derive(Clone, Copy, Debug)]
struct Lease {
    id: u64,
    expires: Millis,
}

/// A flush in progress: everything before `until` is due, as long as the deadline has not passed.
#[derive(Clone, Copy, Debug)]
struct Flush {
    until: u64,
    deadline: Millis,
}

/// What a settle did, for the ledger and the notices.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Settled {
    pub(crate) delivered: usize,
    pub(crate) lost: Option<(Reason, usize)>,
    pub(crate) disabled: bool,
    pub(crate) recovered: bool,
}

/// The batch a sink is to be sent, borrowed from its staging.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StagedBatch<'a> {
    pub(crate) content: Content<'a>,
    pub(crate) count: usize,
    pub(crate) sequence: u64,
    pub(crate) meta: &'a Counters,
    pub(crate) at: f64,
}

impl Outcome {
    /// The name in notices.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok { .. } => "ok",
            Self::Retry { .. } => "retry",
            Self::Fatal => "fatal",
            Self::TooLarge => "too-large",
        }
    }
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
        let load = Load::of(options.format.is_metrics());
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

    pub(crate) fn accepts(&self, kind: EventKind) -> bool {
        self.options.format.accepts(kind)
    }

    /// Whether the sink may ever be sent events of `kind`.
    pub(crate) fn takes(&self, kind: EventKind) -> bool {
        self.state != State::Dead && self.accepts(kind)
    }

    /// An event of `kind` is being queued; whether the sink will ever take it.
    pub(crate) fn enqueued(&mut self, kind: EventKind) -> bool {
        let takes = self.takes(kind);
        self.waiting += usize::from(takes);
        takes
    }

    /// Measures what was observed; `None`: this is no metrics sink. Else whether it ever takes anything again.
    pub(crate) fn observe(&mut self, observation: &Observation<'_>, now: Millis, wall: f64) -> Option<bool> {
        let Load::Metrics(metrics) = &mut self.staged.load else { return None };
        if self.state == State::Dead {
            return Some(false);
        }
        metrics.observe(observation, now, wall);
        self.waiting += 1;
        Some(true)
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

    /// Whether a full batch waits and nothing keeps it.
    pub(crate) fn is_full(&self, now: Millis) -> bool {
        self.staged.load.is_full(self.waiting, self.limit)
            && self.staged.lease.is_none()
            && now >= self.not_before
    }

    /// Whether anything waits or is handed out.
    pub(crate) fn has_work(&self) -> bool {
        self.waiting > 0 || self.staged.left() > 0
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

    pub(crate) fn is_disabled(&self) -> bool {
        self.state != State::Live
    }

    pub(crate) fn lease(&self) -> Option<u64> {
        self.staged.lease.map(|lease| lease.id)
    }

    /// Everything queued now is due until `deadline`.
    pub(crate) fn flush(&mut self, queue: &Queue, deadline: Millis) {
        self.flush = Some(Flush { until: self.staged.load.end(queue), deadline });
    }

    /// Whether the flush in progress has something left that may still be sent in time.
    pub(crate) fn is_flushing(&mut self, now: Millis, queue: &Queue) -> bool {
        let Some(Flush { until, deadline }) = self.flush else { return false };
        if now >= deadline || self.is_disabled() {
            return false;
        }
        if self.staged.lease.is_some() {
            return true;
        }
        let left = self.staged.left() > 0 || (self.waiting > 0 && self.place(queue) < until);
        left && self.not_before < deadline
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
        if self.state == State::Dead {
            return None;
        }
        if self.staged.left() > 0 || self.is_flushing(now, queue) {
            return Some(self.not_before);
        }
        if self.waiting == 0 {
            return None;
        }
        let oldest = match &self.staged.load {
            Load::Metrics(metrics) => metrics.first,
            Load::Records { .. } => queue.get(self.needs(queue)).0.queued_at,
        };
        let is_full = self.staged.load.is_full(self.waiting, self.limit);
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
        if self.staged.left() == 0 {
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

    /// Settles the batch handed out; `draw` in [0, 1) spreads the backoff.
    pub(crate) fn settle(
        &mut self,
        outcome: Outcome,
        now: Millis,
        draw: f64,
        names: &mut Names,
        settings: &Settings,
    ) -> Settled {
        self.staged.lease = None;
        match outcome {
            Outcome::Ok { rejected } => self.succeed(rejected as usize, names),
            Outcome::Fatal => {
                let lost = self.staged.count();
                self.resolve(names);
                let settled = Settled { lost: Some((Reason::Rejected, lost)), ..Settled::default() };
                self.fail(None, now, draw, settings, settled)
            }
            Outcome::Retry { after_ms } => self.fail(after_ms, now, draw, settings, Settled::default()),
            Outcome::TooLarge if self.staged.window == 1 => {
                let lost = self.staged.count();
                self.resolve(names);
                Settled { lost: Some((Reason::TooLarge, lost)), ..Settled::default() }
            }
            Outcome::TooLarge => {
                self.limit = (self.staged.window / 2).max(1);
                self.staged.window = 0;
                Settled::default()
            }
        }
    }

    /// After [`die`](Self::die): drops the batch that was handed out then and has come back; how many events it held.
    pub(crate) fn bury(&mut self, names: &mut Names) -> usize {
        if self.state != State::Dead || self.staged.lease.is_some() {
            return 0;
        }
        let lost = self.queued();
        self.staged.window = 0;
        self.staged.truncate(names);
        lost
    }

    /// Gives up everything that waits, and all that comes later: how many events wait no more.
    pub(crate) fn die(&mut self, queue: &Queue, names: &mut Names) -> usize {
        let lost = self.queued();
        if self.staged.lease.is_none() {
            self.staged.window = 0;
        }
        self.staged.truncate(names);
        self.state = State::Dead;
        self.waiting = 0;
        self.cursor = queue.next();
        lost
    }

    fn succeed(&mut self, rejected: usize, names: &mut Names) -> Settled {
        let sent = self.staged.count();
        let rejected = self.staged.load.refused(self.staged.batch(), rejected);
        self.resolve(names);
        self.failures = 0;
        self.limit = (self.limit + 1).min(self.batch_max);
        let recovered = matches!(self.state, State::Disabled { .. });
        if recovered {
            self.state = State::Live;
        }
        let lost = (rejected > 0).then_some((Reason::Rejected, rejected));
        Settled { delivered: sent - rejected, lost, recovered, disabled: false }
    }

    fn fail(
        &mut self,
        after: Option<f64>,
        now: Millis,
        draw: f64,
        settings: &Settings,
        mut settled: Settled,
    ) -> Settled {
        let backoff = (settings.retry_base * 2f64.powi(self.failures.min(64) as i32)).min(settings.retry_max);
        self.failures += 1;
        let wait =
            after.filter(|ms| ms.is_finite() && *ms >= 0.0).map_or(draw * backoff, |ms| ms.min(MAX_WAIT_MS));
        self.not_before = now + wait;
        match self.state {
            State::Disabled { wait } => self.rest(now, (wait * 2.0).min(MAX_WAIT_MS.max(settings.probe))),
            State::Live if self.failures >= settings.max_failures => {
                self.rest(now, settings.probe);
                settled.disabled = true;
            }
            State::Live | State::Dead => {}
        }
        settled
    }

    fn rest(&mut self, now: Millis, wait: f64) {
        self.state = State::Disabled { wait };
        self.not_before = self.not_before.max(now + wait);
        self.flush = None;
    }

    /// The place of the oldest thing that waits.
    fn place(&mut self, queue: &Queue) -> u64 {
        let cursor = self.needs(queue);
        self.staged.load.place(cursor)
    }

    /// Stages what is due: records moved out of the queue, within the batch's limits, or the round, frozen.
    fn stage(&mut self, queue: &Queue, names: &mut Names) {
        if let Load::Metrics(metrics) = &mut self.staged.load {
            metrics.freeze();
            self.waiting = 0;
        }
        while self.waiting > 0 && self.staged.load.items() < self.limit {
            let (record, payload) = queue.get(self.needs(queue));
            let Load::Records { records, payload: staged } = &mut self.staged.load else { return };
            if !records.is_empty() && staged.len() + payload.len() > MAX_BATCH_PAYLOAD {
                break;
            }
            let payload_at = staged.len() as u32;
            staged.extend_from_slice(payload);
            records.push(Record { payload_at, ..*record });
            for id in [record.name, record.error, record.detail] {
                names.retain(id);
            }
            self.cursor += 1;
            self.waiting -= 1;
        }
    }

    /// The batch in the window needs no more sending.
    fn resolve(&mut self, names: &mut Names) {
        self.staged.resolve(names);
    }
}

impl Staged {
    fn new(load: Load) -> Self {
        let meta = Counters::default();
        Self { load, settled: 0, window: 0, sequence: 0, lease: None, meta, at: 0.0 }
    }

    /// Items not settled yet.
    fn left(&self) -> usize {
        self.load.items() - self.settled
    }

    /// The items of the batch being sent.
    fn batch(&self) -> Range<usize> {
        self.settled..self.settled + self.window
    }

    /// The events, or observations, of the batch being sent.
    fn count(&self) -> usize {
        self.load.count(self.batch())
    }

    fn resolve(&mut self, names: &mut Names) {
        if let Load::Records { records, .. } = &self.load {
            release(&records[self.batch()], names);
        }
        self.settled += self.window;
        self.window = 0;
        if self.left() == 0 {
            self.load.clear();
            self.settled = 0;
        }
    }

    /// Forgets all behind the window.
    fn truncate(&mut self, names: &mut Names) {
        self.load.truncate(self.settled + self.window, names);
    }
}

fn release(records: &[Record], names: &mut Names) {
    for record in records {
        for id in [record.name, record.error, record.detail] {
            names.release(id);
        }
    }
}

/// The longest `Retry-After` honored and the longest rest between probes: 10 minutes.
const MAX_WAIT_MS: f64 = 600_000.0;
/// The most payload bytes of one batch.
const MAX_BATCH_PAYLOAD: usize = 256 * 1024;
