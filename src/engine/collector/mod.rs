//! The collector: the one place where the parts of the engine meet. See the contract in [`crate::engine`].

mod batch;
mod holding;
mod measuring;
mod recording;
mod routes;
mod sending;

pub use batch::{Batch, Measured};
pub use routes::{StagedRequest, StagedRoute};

use super::config::{Config, Number};
use super::delivery::{Delivery, Settings};
use super::error::Error;
use super::event::names::Names;
use super::event::payload::RecordWriter;
use super::event::trace::{TraceContext, push_hex};
use super::event::{Link, Record, path};
use super::ledger::{Count, Counters, Ledger, Reason, SinkCount, SinkCounters, Totals};
use super::notice::{Notice, Notices};
use super::queue::Queue;
use super::rng::Rng;
use super::sampling::Policy;
use super::sampling::open::{OpenRequests, Token};
use super::stats::{Snapshot, StatsStore};
use super::time::{Clock, Millis};
use routes::Routes;
use std::ops::Range;

/// Collects events, decides which are kept, and hands out batches to send.
pub struct Collector {
    config: Config,
    settings: Settings,
    clock: Clock,
    policy: Policy,
    draws: Draws,
    open: OpenRequests,
    stats: StatsStore,
    names: Names,
    writer: RecordWriter,
    name: String,
    routes: Routes,
    /// The payload of a held child on its way into the queue.
    held: Vec<u8>,
    queue: Queue,
    sinks: Vec<Delivery>,
    /// Whether some sink takes metrics.
    measures: bool,
    /// Whether some sink takes records.
    queues: bool,
    ledger: Ledger,
    notices: Notices,
    rng: Option<Rng>,
    isolate: String,
    leases: u64,
    closed: bool,
}

/// Where sampling draws come from.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Draws {
    /// The engine's own generator.
    Own,
    /// The host, one at a time.
    Host(Option<f64>),
}

/// What the host should know after an event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Signal {
    /// A full batch waits: a send is due now.
    pub due: bool,
    /// After how many events more one is; `None`: not before a tick.
    pub room: Option<usize>,
    /// Something waits for a tick: a timer or a leader should exist.
    pub waiting: bool,
    /// All numbers of routes are void from now on.
    pub renewed: bool,
}

/// A batch to send now: settle it with its lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Send {
    /// The lease to settle it with.
    pub lease: u64,
    /// The sink's index.
    pub sink: usize,
}

impl Collector {
    /// The bytes of one queued event, attributes apart.
    pub const RECORD_BYTES: usize = size_of::<Record>();

    /// A collector of `config`. It owns no clock and has drawn nothing yet.
    ///
    /// # Errors
    /// The sampling options' errors, and `config/lease-ms`.
    pub fn new(config: Config) -> Result<Self, Error> {
        config.validate()?;
        let settings = Settings::new(&config);
        let lease_ms = config.get(Number::LeaseMs);
        Ok(Self {
            clock: Clock::new(lease_ms),
            policy: Policy::new(&config.sampling)?,
            draws: Draws::Own,
            open: OpenRequests::new(),
            stats: StatsStore::new(WINDOW_MS, config.get(Number::StatsSeries) as usize)?,
            names: Names::new(),
            writer: RecordWriter::default(),
            name: String::new(),
            routes: Routes::new(),
            held: Vec::new(),
            queue: Queue::new(
                config.get(Number::QueueSize) as usize,
                config.get(Number::QueueBytes) as usize,
            ),
            sinks: config.sinks().iter().map(|sink| Delivery::new(sink.clone(), &config)).collect(),
            queues: config.sinks().iter().any(|sink| !sink.format.is_metrics()),
            measures: config.sinks().iter().any(|sink| sink.format.is_metrics()),
            ledger: Ledger::new(config.sinks().len()),
            notices: Notices::new(config.sinks().len()),
            rng: None,
            isolate: String::new(),
            leases: 0,
            closed: false,
            settings,
            config,
        })
    }

    /// Whether [`seed_entropy`](Self::seed_entropy) is wanted before the next event, which is else refused: it
    /// would have no id.
    #[must_use]
    pub fn needs_entropy(&self) -> bool {
        self.rng.is_none()
    }

    /// Gives 64 bytes of the host's randomness: for ids and jitter, and for sampling if it has no seed.
    pub fn seed_entropy(&mut self, entropy: [u8; 64]) {
        let mut halves = [[0; 32]; 2];
        halves[0].copy_from_slice(&entropy[..32]);
        halves[1].copy_from_slice(&entropy[32..]);
        let mut rng = Rng::from_entropy(halves[0]);
        self.isolate.clear();
        push_hex(&rng.id::<8>(), &mut self.isolate);
        self.rng = Some(rng);
        self.policy.seed_entropy(halves[1]);
    }

    /// From now on sampling draws come from [`supply_draw`](Self::supply_draw).
    pub fn use_host_draws(&mut self) {
        self.draws = Draws::Host(None);
    }

    /// The draw, in [0, 1), of the next decision that needs one.
    pub fn supply_draw(&mut self, draw: f64) {
        self.draws = Draws::Host(Some(draw));
    }

    /// The rate that governs `path`; `None`: excluded.
    #[must_use]
    pub fn effective_rate(&self, path: &str) -> Option<f64> {
        self.policy.rate_of(path::without_query(path))
    }

    /// The trace and span of an open request, for calls it makes; `None` if excluded or long gone.
    #[must_use]
    pub fn trace_of(&self, token: Token) -> Option<TraceContext> {
        let open = self.open.get(token)?;
        let Link { trace_id, span_id, .. } = open.link;
        let random = open.is_random;
        Some(TraceContext { trace_id, parent_id: span_id, sampled: token.is_sampled(), random })
    }

    /// The span of a call about to be made, for its `traceparent` and then for its event: within the open request of
    /// `token`, or of a new trace. `None`: the request is excluded, or there is no randomness yet.
    pub fn outgoing(&mut self, token: Option<Token>) -> Option<TraceContext> {
        if token.is_some_and(Token::is_excluded) {
            return None;
        }
        let of_request = token.and_then(|token| self.trace_of(token));
        let rng = self.rng.as_mut()?;
        let own = TraceContext { trace_id: rng.id(), parent_id: [0; 8], sampled: true, random: true };
        Some(TraceContext { parent_id: rng.id(), ..of_request.unwrap_or(own) })
    }

    /// What became of every event so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        let mut counters = Counters::default();
        self.count_into(&mut counters, 0..self.sinks.len());
        counters
    }

    /// What became of the events of all sinks together so far.
    #[must_use]
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for (at, sink) in self.sinks.iter().enumerate() {
            totals.delivered += self.ledger.sink(at, SinkCount::Delivered);
            totals.remaining += (sink.queued() + sink.in_flight()) as f64;
            for dropped in self.ledger.dropped(at) {
                totals.dropped += dropped;
            }
        }
        totals
    }

    /// The window's statistics.
    pub fn stats(&mut self, host: f64) -> Snapshot {
        self.observe(host);
        self.stats.snapshot(self.clock.wall())
    }

    /// Events in the queue: waiting for at least one sink.
    #[must_use]
    pub fn queue_depth(&self) -> usize {
        self.queue.len()
    }

    /// References to interned names, those of numbers apart: 0 when no event is held anywhere. For tests.
    #[doc(hidden)]
    #[must_use]
    pub fn name_references(&self) -> usize {
        self.names.references() - self.routes.references()
    }

    /// The bytes of the queue and its table of names: fixed by `queueSize` and `queueBytes`, whatever is recorded.
    #[must_use]
    pub fn queue_bytes(&self) -> usize {
        self.queue.memory_bytes() + Names::MEMORY_BYTES
    }

    /// The next thing that happened, oldest first.
    pub fn poll_notice(&mut self) -> Option<Notice> {
        self.notices.pop()
    }

    /// Whether notices wait.
    #[must_use]
    pub fn has_notices(&self) -> bool {
        !self.notices.is_empty()
    }

    /// The options in force.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// All counters as one block at an address that never changes, for a host that reads it after a trap.
    #[must_use]
    pub fn ledger_block(&self) -> &[f64] {
        self.ledger.block()
    }

    /// Goes on from the block of a dead engine with the same options: what it held counts `core_reset`.
    pub fn restore(&mut self, block: &[f64]) {
        self.ledger.restore(block);
    }

    fn observe(&mut self, host: f64) -> Millis {
        let reading = self.clock.read(host);
        if reading.shift != 0.0 {
            self.stats.shift(reading.shift);
        }
        reading.now
    }

    fn lose(&mut self, sink: usize, reason: Reason, count: usize) {
        if count > 0 {
            self.ledger.drop(sink, reason, count);
            self.notices.push(Notice::Drop { sink, reason, count });
        }
    }

    /// Fills `counters`, with the sinks `which` alone; allocates only if it has had less to hold.
    fn count_into(&self, counters: &mut Counters, which: Range<usize>) {
        let mut sinks = std::mem::take(&mut counters.sinks);
        sinks.resize_with(which.len(), SinkCounters::default);
        for (at, counters) in which.zip(&mut sinks) {
            self.count_sink_into(at, counters);
        }
        *counters = Counters {
            emitted: self.ledger.get(Count::Emitted),
            accepted: self.ledger.get(Count::Accepted),
            sampled_out: self.ledger.get(Count::SampledOut),
            excluded: self.ledger.get(Count::Excluded),
            refused: self.ledger.get(Count::Refused),
            pending: self.open.pool.held() as f64,
            core_resets: self.ledger.get(Count::CoreResets),
            truncated: self.ledger.get(Count::Truncated),
            sinks,
        };
    }

    fn count_sink_into(&self, at: usize, counters: &mut SinkCounters) {
        let sink = &self.sinks[at];
        let mut name = std::mem::take(&mut counters.name);
        name.clone_from(&sink.options.name);
        *counters = SinkCounters {
            name,
            accepted: self.ledger.sink(at, SinkCount::Accepted),
            delivered: self.ledger.sink(at, SinkCount::Delivered),
            queued: sink.queued() as f64,
            in_flight: sink.in_flight() as f64,
            dropped: self.ledger.dropped(at),
            leases_expired: self.ledger.sink(at, SinkCount::LeasesExpired),
            late_settles: self.ledger.sink(at, SinkCount::LateSettles),
            disabled: sink.is_disabled(),
        };
    }
}

/// The statistics window: 15 minutes.
const WINDOW_MS: f64 = 900_000.0;
