//! The half of a collector that delivers: the queue, the state of each sink, and the leases.

mod counting;
mod intake;
mod leases;

use super::shared::Shared;
use crate::engine::config::Config;
use crate::engine::delivery::{Settings, Sink};
use crate::engine::event::EventKind;
use crate::engine::ledger::{Counters, Reason};
use crate::engine::metrics::Split;
use crate::engine::queue::Queue;
use crate::engine::time::Millis;

/// The half of a collector that delivers. It takes records and observations, and hands out batches.
pub(super) struct Delivery {
    queue: Queue,
    sinks: Vec<Sink>,
    /// What was noted when the current batch of each sink was cut.
    cuts: Vec<Cut>,
    settings: Settings,
    /// The number of leases given so far.
    leases: u64,
    takes_records: bool,
    takes_observations: bool,
    /// Whether no sink carries events of a kind, by the number of the kind. All false without sinks.
    uncarried: [bool; EventKind::ALL.len()],
    /// What splits the durations of requests.
    split: Split,
    /// The values of the labels of the current request.
    label_values: Vec<u8>,
}

/// What is noted when a batch is cut, so that every send of it reports the same.
#[derive(Default)]
struct Cut {
    counters: Counters,
    /// The wall clock.
    at: f64,
}

impl Delivery {
    pub(super) fn new(config: &Config) -> Self {
        let takes_observations = config.sinks.iter().any(|sink| sink.format.is_metrics());
        let formats = || config.sinks.iter().map(|sink| sink.format);
        let uncarried = EventKind::ALL
            .map(|kind| formats().next().is_some() && !formats().any(|format| format.carries(kind)));
        Self {
            queue: Queue::new(config.queue_size, config.queue_bytes),
            sinks: config.sinks.iter().map(|sink| Sink::new(sink.clone(), config)).collect(),
            cuts: config.sinks.iter().map(|_| Cut::default()).collect(),
            settings: Settings::new(config),
            leases: 0,
            takes_records: config.sinks.iter().any(|sink| !sink.format.is_metrics()),
            takes_observations,
            uncarried,
            split: Split { labels: config.labels.clone(), methods: config.methods.clone() },
            label_values: Vec::new(),
        }
    }

    /// Makes everything that waits now due until `deadline`.
    pub(super) fn flush(&mut self, deadline: Millis, shared: &Shared) {
        for sink in &mut self.sinks {
            sink.flush(deadline, shared.now(), &self.queue);
        }
    }

    /// Flushes the sinks with an interval of their own that has passed since their last batch.
    pub(super) fn flush_overdue(&mut self, deadline: Millis, shared: &Shared) {
        for sink in &mut self.sinks {
            sink.flush_overdue(deadline, shared.now(), &self.queue);
        }
    }

    /// Follows a wall clock that stepped by `shift` ms.
    pub(super) fn shift_clock(&mut self, shift: f64) {
        self.sinks.iter_mut().for_each(|sink| sink.shift_clock(shift));
    }

    /// Whether the flush in progress has events left that can be sent before its deadline.
    pub(super) fn is_flushing(&mut self, shared: &Shared) -> bool {
        let queue = &self.queue;
        self.sinks.iter_mut().any(|sink| sink.is_flushing(shared.now(), queue))
    }

    /// When a sink must be looked at again. `None`: nothing waits.
    pub(super) fn next_deadline(&mut self, shared: &Shared) -> Option<Millis> {
        let queue = &self.queue;
        let deadlines = self.sinks.iter_mut().filter_map(|sink| sink.next_deadline(shared.now(), queue));
        deadlines.reduce(Millis::min)
    }

    /// The ms until the sink `at` may be sent to. `None`: it is shut down.
    pub(super) fn retry_in(&self, at: usize, now: Millis) -> Option<f64> {
        self.sinks.get(at)?.retry_in(now)
    }

    /// How many events more make a full batch that can be sent at once. `None`: no number of events does.
    pub(super) fn events_until_full(&self, shared: &Shared) -> Option<usize> {
        let now = shared.now();
        self.sinks.iter().filter_map(|sink| sink.events_until_full(now)).min()
    }

    /// Whether anything waits or is in flight.
    pub(super) fn has_work(&self) -> bool {
        self.sinks.iter().any(Sink::has_work)
    }

    /// The sequence number of the next record.
    pub(super) fn queue_end(&self) -> u64 {
        self.queue.next()
    }

    /// The number of events in the queue.
    pub(super) fn queue_depth(&self) -> usize {
        self.queue.len()
    }

    /// The bytes that the queue allocates.
    pub(super) fn queue_bytes(&self) -> usize {
        self.queue.memory_bytes()
    }

    /// Shuts all sinks down. Events that wait are dropped as `closed`.
    pub(super) fn close(&mut self, shared: &mut Shared) {
        for at in 0..self.sinks.len() {
            self.shut_down(at, Reason::Closed, shared);
        }
    }

    fn shut_down(&mut self, at: usize, reason: Reason, shared: &mut Shared) {
        let dropped = self.sinks[at].shut_down(reason == Reason::Disabled, &self.queue, &mut shared.names);
        shared.count_drop(at, reason, dropped);
        self.remove_unneeded(shared);
    }

    /// Removes the records from the queue that no sink needs any more.
    fn remove_unneeded(&mut self, shared: &mut Shared) {
        let queue = &self.queue;
        let needed =
            self.sinks.iter_mut().map(|sink| sink.oldest_needed(queue)).min().unwrap_or(queue.next());
        while self.queue.first() < needed {
            self.queue.pop(&mut shared.names);
        }
    }
}
