//! Counting what the sinks have: the counters of the ledger, and the events that wait or are in flight.

use super::Delivery;
use crate::engine::collector::shared::Shared;
use crate::engine::delivery::Sink;
use crate::engine::ledger::{Count, Counters, Ledger, MetricCounters, SinkCount, SinkCounters, Totals};
use std::ops::Range;

impl Delivery {
    /// All counters. `pending` is the number of buffered children.
    pub(in crate::engine::collector) fn counters(&self, pending: usize, shared: &Shared) -> Counters {
        let mut counters = Counters::default();
        fill(&mut counters, &self.sinks, 0..self.sinks.len(), pending, &shared.ledger);
        counters
    }

    /// Counters summed over all sinks.
    pub(in crate::engine::collector) fn totals(&self, shared: &Shared) -> Totals {
        let mut totals = Totals::default();
        for (at, sink) in self.sinks.iter().enumerate() {
            totals.delivered += shared.ledger.sink(at, SinkCount::Delivered);
            totals.remaining += (sink.queued() + sink.in_flight()) as f64;
            for dropped in shared.ledger.dropped(at) {
                totals.dropped += dropped;
            }
        }
        totals
    }

    /// Notes the counters of a batch of sink `at` that is being cut, as they were counted under the isolate's id. A metrics sink
    /// reports those of all sinks.
    pub(super) fn note_cut(&mut self, at: usize, pending: usize, shared: &Shared) {
        let sinks = if self.sinks[at].options.format.is_metrics() { 0..self.sinks.len() } else { at..at + 1 };
        let cut = &mut self.cuts[at];
        fill(&mut cut.counters, &self.sinks, sinks, pending, &shared.ledger.of_isolate());
        cut.at = shared.wall();
    }
}

/// Fills `counters` with those of the sinks in `range`. Allocates only if `counters` had fewer sinks before.
fn fill(counters: &mut Counters, sinks: &[Sink], range: Range<usize>, pending: usize, ledger: &Ledger) {
    counters.emitted = ledger.get(Count::Emitted);
    counters.accepted = ledger.get(Count::Accepted);
    counters.sampled_out = ledger.get(Count::SampledOut);
    counters.excluded = ledger.get(Count::Excluded);
    counters.refused_by = ledger.refused_by();
    counters.refused = counters.refused_by.iter().sum();
    counters.pending = pending as f64;
    counters.core_resets = ledger.get(Count::CoreResets);
    counters.truncated = ledger.get(Count::Truncated);
    counters.uncarried = ledger.get(Count::Uncarried);
    counters.metrics = MetricCounters {
        observed: ledger.get(Count::Observed),
        overflowed: ledger.get(Count::Overflowed),
        refused: ledger.get(Count::Unmeasured),
    };
    counters.sinks.resize_with(range.len(), SinkCounters::default);
    for (at, counters) in range.zip(&mut counters.sinks) {
        let sink = &sinks[at];
        counters.name.clone_from(&sink.options.name);
        counters.accepted = ledger.sink(at, SinkCount::Accepted);
        counters.delivered = ledger.sink(at, SinkCount::Delivered);
        counters.queued = sink.queued() as f64;
        counters.in_flight = sink.in_flight() as f64;
        counters.dropped = ledger.dropped(at);
        counters.leases_expired = ledger.sink(at, SinkCount::LeasesExpired);
        counters.late_settles = ledger.sink(at, SinkCount::LateSettles);
        counters.disabled = sink.is_disabled();
    }
}
