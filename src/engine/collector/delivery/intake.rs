//! Taking records and observations from the recorder.

use super::Delivery;
use crate::engine::collector::output::Output;
use crate::engine::collector::shared::Shared;
use crate::engine::delivery::{Intervals, Sink};
use crate::engine::event::record::Record;
use crate::engine::event::{Event, EventKind};
use crate::engine::ledger::{Count, Reason, SinkCount};
use crate::engine::metrics::{MetricKind, Observation, SeriesId};
use crate::engine::stats::{Sample, SeriesKind};
use crate::engine::text::hashed::Hashed;

impl Output for Delivery {
    #[inline(always)]
    fn takes_records(&self) -> bool {
        self.takes_records
    }

    #[inline(never)]
    fn enqueue(&mut self, record: &Record, payload: &[u8], shared: &mut Shared) -> Option<u64> {
        shared.ledger.add(Count::Accepted, 1);
        if self.uncarried[record.kind as usize] {
            shared.ledger.add(Count::Uncarried, 1);
        }
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
    fn observe(
        &mut self,
        event: &Event<'_>,
        sample: &Sample,
        series: (SeriesKind, Hashed<'_>),
        shared: &mut Shared,
    ) {
        if self.takes_observations {
            self.accumulate(event, sample, series, shared);
        }
    }

    fn note_exception(&mut self, shared: &mut Shared) {
        measure(&mut self.sinks, shared, Sink::sends_summaries, |_| {});
    }

    fn measure(&mut self, series: SeriesId, kind: MetricKind, value: f64, shared: &mut Shared) {
        let record = |intervals: &mut Intervals| intervals.filling.values.record(series, kind, value);
        measure(&mut self.sinks, shared, |_| true, record);
    }

    fn set_probability(&mut self, first: u64, count: usize, root: [u8; 8], p: f64) {
        self.queue.set_probability(first, count, root, p);
    }
}

/// Gives an observation to each metrics sink that `takes` it, by `record`.
#[inline(always)]
fn measure(
    sinks: &mut [Sink],
    shared: &mut Shared,
    takes: impl Fn(&Sink) -> bool,
    record: impl Fn(&mut Intervals),
) {
    let (now, wall, begun) = (shared.now(), shared.wall(), shared.ledger.begun());
    for (at, sink) in sinks.iter_mut().enumerate().filter(|(_, sink)| takes(sink)) {
        let Some(is_taken) = sink.observe(&record, now, wall, begun) else { continue };
        shared.ledger.note_measured(wall);
        shared.ledger.add_sink(at, SinkCount::Accepted, 1);
        if !is_taken {
            shared.count_drop(at, Reason::Disabled, 1);
        }
    }
}

impl Delivery {
    #[inline(never)]
    fn accumulate(
        &mut self,
        event: &Event<'_>,
        sample: &Sample,
        series: (SeriesKind, Hashed<'_>),
        shared: &mut Shared,
    ) {
        let Self { sinks, split, label_values, .. } = self;
        // A raw path is no route, also as a template.
        let name = if event.is_path { "" } else { series.1.text };
        let observation = Observation::of(event, name, split, label_values);
        let timed = observation.as_ref().filter(|observation| observation.is_timed());
        // A hub counts all requests, as the totals of a scrape do.
        let counted = observation.as_ref().filter(|observation| observation.is_request()).or(timed);
        let wall = shared.wall();
        let takes = |sink: &Sink| timed.is_some() || sink.sends_summaries();
        measure(sinks, shared, takes, |Intervals { filling, summary, .. }| {
            if let Some(observation) = if summary.is_some() { counted } else { timed } {
                filling.durations.record(observation);
            }
            if let Some(summary) = summary {
                summary.record(sample, wall, series, event.usage());
            }
        });
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
