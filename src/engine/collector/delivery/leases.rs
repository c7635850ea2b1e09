//! Handing out batches under a lease, and settling them.

use super::Delivery;
use crate::engine::batch_id::BatchId;
use crate::engine::collector::batch::{Batch, Transmit};
use crate::engine::collector::shared::Shared;
use crate::engine::config::Config;
use crate::engine::delivery::{Outcome, Round, Sink};
use crate::engine::ledger::{Count, Reason, SinkCount};
use crate::engine::notice::Notice;
use crate::engine::rng::Rng;

impl Delivery {
    /// Leases the next batch of `round` that is due. `pending` is the number of buffered children.
    pub(in crate::engine::collector) fn poll(
        &mut self,
        round: Round,
        pending: usize,
        shared: &mut Shared,
    ) -> Option<Transmit> {
        let now = shared.now();
        let queue = &self.queue;
        let is_due = |sink: &mut Sink| sink.is_due(now, queue) && sink.is_in(round, queue);
        let sink = self.sinks.iter_mut().position(is_due)?;
        self.leases += 1;
        let lease = self.leases * MAX_SINKS + sink as u64;
        let names = &mut shared.names;
        let is_new = self.sinks[sink].hand_out(lease, now, round, &self.queue, names, &self.settings);
        if is_new {
            self.note_cut(sink, pending, shared);
            self.sinks[sink].end_interval(shared.wall(), &shared.exceptions);
            self.remove_unneeded(shared);
        }
        Some(Transmit { lease, sink })
    }

    /// The batch of `transmit`.
    pub(in crate::engine::collector) fn batch<'a>(
        &'a self,
        transmit: Transmit,
        config: &'a Config,
        shared: &'a Shared,
    ) -> Batch<'a> {
        let sink = &self.sinks[transmit.sink];
        let cut = &self.cuts[transmit.sink];
        let (count, payload) = sink.batch();
        Batch {
            counters: &cut.counters,
            service: &config.service,
            resource: &config.resource,
            methods: &config.methods,
            at: cut.at,
            since: shared.ledger.get(Count::Since),
            isolate: &shared.isolate,
            sequence: sink.sequence(),
            sink: transmit.sink,
            count,
            payload,
            names: &shared.names,
            registry: &shared.registry,
        }
    }

    /// Settles the batch of `lease`. A lease that is not the current one of its sink is counted and ignored.
    pub(in crate::engine::collector) fn settle(&mut self, lease: u64, outcome: Outcome, shared: &mut Shared) {
        let at = (lease % MAX_SINKS) as usize;
        let Some(sink) = self.sinks.get_mut(at) else { return };
        if sink.lease() != Some(lease) {
            shared.ledger.add_sink(at, SinkCount::LateSettles, 1);
            return;
        }
        let batch_id = BatchId::new(&shared.isolate, at, sink.sequence());
        let count = sink.in_flight();
        let draw = shared.rng.as_mut().map_or(1.0, Rng::draw);
        let settled = sink.settle(outcome, shared.clock.now(), draw, &mut shared.names, &self.settings);
        shared.ledger.add_sink(at, SinkCount::Delivered, settled.delivered);
        shared.notices.push(Notice::Flush { sink: at, batch_id, count, outcome: outcome.as_str() });
        if let Some((reason, dropped)) = settled.dropped {
            shared.count_drop(at, reason, dropped);
        }
        if settled.disabled {
            let count = self.sinks[at].queued();
            shared.notices.push(Notice::SinkDisabled { sink: at, count });
            if !self.settings.has_probes() {
                self.shut_down(at, Reason::Disabled, shared);
            }
        }
        if settled.recovered {
            shared.notices.push(Notice::SinkRecovered { sink: at });
        }
        self.drop_returned_batch(at, shared);
    }

    /// Takes back the batches whose lease has expired.
    pub(in crate::engine::collector) fn expire_leases(&mut self, shared: &mut Shared) {
        for at in 0..self.sinks.len() {
            if self.sinks[at].expire_lease(shared.now()) {
                shared.ledger.add_sink(at, SinkCount::LeasesExpired, 1);
                self.drop_returned_batch(at, shared);
            }
        }
    }

    fn drop_returned_batch(&mut self, at: usize, shared: &mut Shared) {
        let dropped = self.sinks[at].drop_returned_batch(&mut shared.names);
        shared.count_drop(at, Reason::Closed, dropped);
    }
}

/// A lease modulo this is the index of its sink.
const MAX_SINKS: u64 = Config::MAX_SINKS as u64;
