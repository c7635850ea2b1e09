//! Sending: time passes, batches are handed out and settled, the collector is flushed and closed.

use super::{Batch, Collector, Send};
use crate::engine::batch_id::BatchId;
use crate::engine::config::Number;
use crate::engine::delivery::Outcome;
use crate::engine::ledger::{Count, Reason, SinkCount};
use crate::engine::notice::Notice;
use crate::engine::rng::Rng;
use crate::engine::sampling::KeepSlow;
use crate::engine::time::Millis;

impl Collector {
    /// Time passes: takes back batches whose lease has run out, decides requests open too long, moves the window.
    ///
    /// Returns the milliseconds until the next tick is wanted; `None`: nothing waits.
    pub fn tick(&mut self, host: f64) -> Option<f64> {
        let now = self.observe(host);
        for at in 0..self.sinks.len() {
            if self.sinks[at].expire(now) {
                self.ledger.add_sink(at, SinkCount::LeasesExpired, 1);
                self.bury(at);
            }
        }
        while let Some(children) = self.open.decide_before(now + -OPEN_MS) {
            self.let_go(children);
        }
        if self.config.sampling.keep_slow == Some(KeepSlow::P99) {
            self.stats.advance(self.clock.wall());
        }
        self.next_deadline()
    }

    /// Milliseconds until the next tick is wanted; `None`: nothing waits.
    pub fn next_deadline(&mut self) -> Option<f64> {
        let now = self.clock.now();
        let open = self.open.oldest_opened().map(|opened| opened + OPEN_MS);
        let sinks =
            self.sinks.iter_mut().filter_map(|sink| sink.next_deadline(now, &self.queue, &self.settings));
        let next = sinks.chain(open).reduce(Millis::min)?;
        Some((next - now).max(0.0))
    }

    /// The next batch due now, handed out under a lease. Drain it to the end after tick, flush and settle.
    pub fn poll_send(&mut self, host: f64) -> Option<Send> {
        let now = self.observe(host);
        let sink = self.sinks.iter_mut().position(|sink| sink.is_due(now, &self.queue, &self.settings))?;
        self.leases += 1;
        let lease = self.leases * MAX_SINKS + sink as u64;
        let delivery = &mut self.sinks[sink];
        if delivery.hand_out(lease, now, &self.queue, &mut self.names, &self.settings) {
            let mut meta = self.sinks[sink].thaw();
            let tells_all = self.config.sinks()[sink].format.is_metrics();
            self.count_into(&mut meta, if tells_all { 0..self.sinks.len() } else { sink..sink + 1 });
            self.sinks[sink].freeze(meta, self.clock.wall());
            self.trim();
        }
        Some(Send { lease, sink })
    }

    /// The batch that `send` handed out.
    #[must_use]
    pub fn batch(&self, send: Send) -> Batch<'_> {
        let staged = self.sinks[send.sink].batch();
        Batch {
            counters: staged.meta,
            service: &self.config.service,
            resource: &self.config.resource,
            at: staged.at,
            since: self.ledger.get(Count::Since),
            isolate: &self.isolate,
            sequence: staged.sequence,
            sink: send.sink,
            count: staged.count,
            content: staged.content,
            names: &self.names,
        }
    }

    /// A sink has answered. A lease that is not the sink's current one is counted and ignored.
    pub fn settle(&mut self, lease: u64, outcome: Outcome, host: f64) {
        let now = self.observe(host);
        let at = (lease % MAX_SINKS) as usize;
        let Some(sink) = self.sinks.get_mut(at) else { return };
        if sink.lease() != Some(lease) {
            self.ledger.add_sink(at, SinkCount::LateSettles, 1);
            return;
        }
        let (count, sequence) = (sink.in_flight(), sink.batch().sequence);
        let draw = self.rng.as_mut().map_or(1.0, Rng::draw);
        let settled = sink.settle(outcome, now, draw, &mut self.names, &self.settings);
        self.ledger.add_sink(at, SinkCount::Delivered, settled.delivered);
        self.notices.push(Notice::Flush {
            sink: at,
            batch_id: BatchId::new(&self.isolate, at, sequence),
            count,
            outcome: outcome.as_str(),
        });
        if let Some((reason, lost)) = settled.lost {
            self.lose(at, reason, lost);
        }
        if settled.disabled {
            self.notices.push(Notice::SinkDisabled { sink: at });
            if self.config.get(Number::SinkProbeMs).is_infinite() {
                self.kill(at, Reason::Disabled);
            }
        }
        if settled.recovered {
            self.notices.push(Notice::SinkRecovered { sink: at });
        }
        self.bury(at);
    }

    /// What is queued now is due, until `deadline_ms` from now; NaN: the option `flushDeadlineMs`.
    pub fn flush(&mut self, deadline_ms: f64, host: f64) {
        let now = self.observe(host);
        let default = self.config.get(Number::FlushDeadlineMs);
        let deadline = now + if deadline_ms.is_nan() { default } else { deadline_ms };
        for sink in &mut self.sinks {
            sink.flush(deadline, now, &self.queue);
        }
    }

    /// Whether the flush in progress has something left that may still be sent in time.
    pub fn is_flushing(&mut self, host: f64) -> bool {
        let now = self.observe(host);
        let queue = &self.queue;
        self.sinks.iter_mut().any(|sink| sink.is_flushing(now, queue))
    }

    /// Refuses new events from now on; children of open requests are decided as they stand.
    pub fn close(&mut self, host: f64) {
        self.observe(host);
        self.closed = true;
        self.let_all_go();
    }

    /// The end of closing: what is still queued counts as `closed`.
    pub fn finish(&mut self) {
        self.closed = true;
        self.let_all_go();
        for at in 0..self.sinks.len() {
            self.kill(at, Reason::Closed);
        }
    }

    /// Decides all requests that hold children as they stand.
    fn let_all_go(&mut self) {
        while let Some(children) = self.open.decide_oldest() {
            self.let_go(children);
        }
    }

    /// Frees what no sink needs any more.
    fn trim(&mut self) {
        let queue = &self.queue;
        let needed = self.sinks.iter_mut().map(|sink| sink.needs(queue)).min().unwrap_or(queue.next());
        while self.queue.first() < needed {
            self.queue.pop(&mut self.names);
        }
    }

    fn kill(&mut self, at: usize, reason: Reason) {
        let lost = self.sinks[at].die(reason == Reason::Disabled, &self.queue, &mut self.names);
        self.lose(at, reason, lost);
        self.trim();
    }

    /// A dead sink's last batch came back undelivered.
    fn bury(&mut self, at: usize) {
        let lost = self.sinks[at].bury(&mut self.names);
        self.lose(at, Reason::Closed, lost);
    }
}

/// A request open longer is decided as it stands.
const OPEN_MS: f64 = 60_000.0;
/// Leases carry their sink's index.
const MAX_SINKS: u64 = 16;
