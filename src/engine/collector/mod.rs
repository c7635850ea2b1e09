//! The collector: two halves that share a clock, names, a ledger and notices.
//!
//! The `Recorder` yields records and observations, the `Delivery` takes them, as its `Output`. Neither half knows the
//! other; both get `&mut Shared`. [`crate::engine`] documents the contract.

mod batch;
mod delivery;
mod metrics;
mod output;
mod reading;
mod recorder;
mod shared;

pub use batch::{Batch, Measured, SummaryView, Transmit};
pub use recorder::{BufferedRequest, RouteRef};

use super::config::Config;
use super::delivery::{Outcome, Round};
use super::error::Error;
use super::event::Event;
use super::event::trace::TraceContext;
use super::ledger::Refusal;
use super::requests::{RequestAnswer, Token};
use super::time::Millis;
use delivery::Delivery;
use recorder::Recorder;
use shared::Shared;

/// Records events, decides which are kept, and hands out batches to send.
///
/// Each method that takes `now_ms` reads it as the host's wall clock, in ms since the epoch. 0 and NaN mean "no clock":
/// the last time is used.
///
/// # Examples
/// ```
/// use tidegate::engine::{Collector, Config, Event, EventKind, Format, Outcome, SinkOptions};
///
/// let sinks = vec![SinkOptions::new("log", Format::Ndjson)];
/// let mut collector = Collector::new(Config { sinks, ..Config::default() })?;
/// collector.seed_entropy([42; 64]);
///
/// let now = 1_767_225_600_000.0;
/// collector.record(&Event::new(EventKind::Fn, "resize", now), None, now);
/// collector.flush(f64::NAN, now);
/// while let Some(transmit) = collector.poll_transmit(now) {
///     assert_eq!(collector.batch(transmit).count(), 1);
///     collector.settle(transmit.lease, Outcome::Ok { rejected: 0 }, now);
/// }
/// assert_eq!(collector.totals().delivered, 1.0);
/// # Ok::<(), tidegate::engine::Error>(())
/// ```
pub struct Collector {
    config: Config,
    shared: Shared,
    recorder: Recorder,
    delivery: Delivery,
}

/// What the host has to know after an event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Signal {
    /// A full batch is due now.
    pub due: bool,
    /// After how many events more a full batch is due. `None`: no number of events makes one due.
    pub events_until_full: Option<usize>,
    /// Something waits for a tick: the host needs a timer.
    pub waiting: bool,
    /// All route ids are invalid from now on.
    pub ids_reset: bool,
}

impl Collector {
    /// Makes a collector. All memory of the queue and the statistics is allocated here.
    ///
    /// # Errors
    /// Those of [`Config::validate`], and those of the sampling rules:
    /// [`ErrorKind::SamplingRate`](super::ErrorKind::SamplingRate) and
    /// [`ErrorKind::SamplingRule`](super::ErrorKind::SamplingRule).
    pub fn new(config: Config) -> Result<Self, Error> {
        config.validate()?;
        Self::with_valid(config)
    }

    /// As [`new`](Self::new), for a configuration that is validated. Only the sampling rules can still be wrong.
    pub(crate) fn with_valid(config: Config) -> Result<Self, Error> {
        Ok(Self {
            shared: Shared::new(&config),
            recorder: Recorder::new(&config)?,
            delivery: Delivery::new(&config),
            config,
        })
    }

    /// Whether [`seed_entropy`](Self::seed_entropy) must be called before the next event. Without entropy events have no
    /// ids: they are refused.
    #[must_use]
    pub fn needs_entropy(&self) -> bool {
        self.shared.rng.is_none()
    }

    /// Gives the collector 64 random bytes: for ids and jitter, and for sampling draws if they have no seed.
    pub fn seed_entropy(&mut self, entropy: [u8; 64]) {
        let mut halves = [[0; 32]; 2];
        halves[0].copy_from_slice(&entropy[..32]);
        halves[1].copy_from_slice(&entropy[32..]);
        self.shared.seed(halves[0]);
        self.recorder.seed_draws(halves[1]);
    }

    /// Takes all further sampling draws from [`supply_draw`](Self::supply_draw).
    pub fn use_host_draws(&mut self) {
        self.recorder.set_host_draw(None);
    }

    /// Supplies the draw, in [0, 1), of the next decision that needs one. A decision without a draw samples nothing.
    pub fn supply_draw(&mut self, draw: f64) {
        self.recorder.set_host_draw(Some(draw));
    }

    /// Records an event outside a request.
    ///
    /// A REQ is sampled here: exclude rules, rate, draw and outcome. FN, DB and EVT are always recorded.
    pub fn record(&mut self, event: &Event<'_>, parent: Option<TraceContext>, now_ms: f64) -> Signal {
        self.read_clock(now_ms);
        self.recorder.record(event, parent, &mut self.shared, &mut self.delivery);
        self.signal()
    }

    /// Records requests that the host has buffered since `since_ms`, each as [`record`](Self::record) does.
    ///
    /// `answer` is called for each request, with its place in `requests`, the route id that the next request with the same
    /// text can use (`None`: the route came by id, or has none yet), and what became of the request.
    pub fn record_requests<'a>(
        &mut self,
        requests: impl Iterator<Item = BufferedRequest<'a>>,
        answer: impl FnMut(usize, Option<u16>, &RequestAnswer),
        since_ms: f64,
        now_ms: f64,
    ) -> Signal {
        let queued_at = self.read_clock(since_ms);
        self.read_clock(now_ms);
        let Self { recorder, shared, delivery, .. } = self;
        let ids_reset = recorder.record_requests(requests, answer, queued_at, shared, delivery);
        Signal { ids_reset, ..self.signal() }
    }

    /// The id of an HTTP method, for [`BufferedRequest::method`]. `None`: no event with it was recorded yet.
    pub fn method_id(&mut self, method: &str) -> Option<u16> {
        self.recorder.method_id(method, &mut self.shared)
    }

    /// Begins a request and decides on it. `path` is the route if it is known, else the path as received.
    pub fn open(&mut self, path: &str, parent: Option<TraceContext>, now_ms: f64) -> Token {
        self.read_clock(now_ms);
        self.recorder.open(path, parent, &mut self.shared)
    }

    /// Begins a handler that is not a request. The global rate applies to it.
    pub fn open_root(&mut self, parent: Option<TraceContext>, now_ms: f64) -> Token {
        self.read_clock(now_ms);
        self.recorder.open_root(parent, &mut self.shared)
    }

    /// Records a child of an open request. If the request is not sampled, the child is buffered until the request ends.
    pub fn record_in(&mut self, event: &Event<'_>, token: Token, now_ms: f64) -> Signal {
        self.read_clock(now_ms);
        self.recorder.record_in(event, token, &mut self.shared, &mut self.delivery);
        self.signal()
    }

    /// Ends an open request. `event` is the request with its outcome.
    pub fn end(&mut self, event: &Event<'_>, token: Token, now_ms: f64) -> Signal {
        self.read_clock(now_ms);
        self.recorder.end(event, token, &mut self.shared, &mut self.delivery);
        self.signal()
    }

    /// What became of the event that was last given to [`record`](Self::record) or [`end`](Self::end).
    #[must_use]
    pub fn answer(&self) -> RequestAnswer {
        self.recorder.answer()
    }

    /// Records an event of a request that is over, and that `request` is the answer of.
    ///
    /// It belongs to the trace of the request and has the request's span as parent. It is recorded if the request is, and
    /// counts as the request does if not. With an error it is recorded in any case under
    /// [`always_sample_errors`](crate::engine::sampling::SamplingOptions::always_sample_errors).
    pub fn record_late(&mut self, event: &Event<'_>, request: &mut RequestAnswer, now_ms: f64) -> Signal {
        self.read_clock(now_ms);
        self.recorder.record_late(event, request, &mut self.shared, &mut self.delivery);
        self.signal()
    }

    /// As [`outgoing`](Self::outgoing), for a request that is over.
    pub fn outgoing_late(&mut self, request: &mut RequestAnswer) -> Option<TraceContext> {
        Recorder::outgoing_late(request, &mut self.shared)
    }

    /// Forgets an open request that will not end. Its buffered children are not recorded.
    pub fn abandon(&mut self, token: Token) {
        self.recorder.abandon(token, &mut self.shared);
    }

    /// Counts `count` events as refused that the host could not pass.
    pub fn refuse(&mut self, reason: Refusal, count: usize) {
        self.shared.refuse(reason, count);
    }

    /// The rate for `path`, in [0, 1]. `None`: the path is excluded.
    #[must_use]
    pub fn effective_rate(&self, path: &str) -> Option<f64> {
        self.recorder.effective_rate(path)
    }

    /// The trace and span of an open request. `None`: it is excluded, or it is not in the table any more.
    #[must_use]
    pub fn trace_of(&self, token: Token) -> Option<TraceContext> {
        self.recorder.trace_of(token)
    }

    /// As [`trace_of`](Self::trace_of), for a request that is over. `None`: it is not recorded.
    pub fn trace_of_late(&mut self, request: &mut RequestAnswer) -> Option<TraceContext> {
        Recorder::trace_of_late(request, &mut self.shared)
    }

    /// A new span for an outgoing call, in the trace of an open request or in a new trace.
    ///
    /// Send it as `traceparent`, and set it as [`Event::span`] of the event that records the call. `None`: the request is
    /// excluded, or there is no entropy yet.
    pub fn outgoing(&mut self, token: Option<Token>) -> Option<TraceContext> {
        if token.is_some_and(Token::is_excluded) {
            return None;
        }
        let of_request = token.and_then(|token| self.trace_of(token));
        let rng = self.shared.rng.as_mut()?;
        let own = TraceContext { trace_id: rng.id(), parent_id: [0; 8], sampled: true, random: true };
        Some(TraceContext { parent_id: rng.id(), ..of_request.unwrap_or(own) })
    }

    /// What the host has to know now.
    #[must_use]
    pub fn signal(&self) -> Signal {
        let events_until_full = self.delivery.events_until_full(&self.shared);
        Signal {
            due: events_until_full == Some(0),
            events_until_full,
            waiting: self.recorder.pending() > 0 || self.delivery.has_work(),
            ids_reset: false,
        }
    }

    /// Time passes: takes back expired leases, and decides requests that are open for more than 60 s.
    ///
    /// Returns the ms until the next tick. `None`: nothing waits.
    pub fn tick(&mut self, now_ms: f64) -> Option<f64> {
        self.read_clock(now_ms);
        self.delivery.expire_leases(&mut self.shared);
        self.recorder.tick(&mut self.shared);
        self.next_deadline()
    }

    /// The ms until the next tick. `None`: nothing waits.
    pub fn next_deadline(&mut self) -> Option<f64> {
        let deadlines = self.delivery.next_deadline(&self.shared).into_iter();
        let next = deadlines.chain(self.recorder.next_deadline()).reduce(Millis::min)?;
        Some((next - self.shared.now()).max(0.0))
    }

    /// Leases the next batch that is due. Call it until it returns `None` after each tick, flush and settle.
    pub fn poll_transmit(&mut self, now_ms: f64) -> Option<Transmit> {
        self.poll_round(Round::ALL, now_ms)
    }

    /// The round of sends that begins now.
    #[must_use]
    pub fn round(&self) -> Round {
        Round { queue_end: self.delivery.queue_end(), begun: self.shared.ledger.begun() }
    }

    /// As [`poll_transmit`](Self::poll_transmit), without what was recorded after `round` began.
    pub fn poll_round(&mut self, round: Round, now_ms: f64) -> Option<Transmit> {
        self.read_clock(now_ms);
        self.delivery.poll(round, self.recorder.pending(), &mut self.shared)
    }

    /// The batch of `transmit`.
    #[must_use]
    pub fn batch(&self, transmit: Transmit) -> Batch<'_> {
        self.delivery.batch(transmit, &self.config, &self.shared)
    }

    /// Settles a batch. A lease that is not the current one of its sink is counted and ignored.
    pub fn settle(&mut self, lease: u64, outcome: Outcome, now_ms: f64) {
        self.read_clock(now_ms);
        self.delivery.settle(lease, outcome, &mut self.shared);
    }

    /// The ms until the sink with the index `sink` may be sent to: its backoff, or the next probe. `None`: it is shut down.
    #[must_use]
    pub fn retry_in(&self, sink: usize) -> Option<f64> {
        self.delivery.retry_in(sink, self.shared.now())
    }

    /// Makes all events that wait now due, until `deadline_ms` from now. NaN: [`Config::flush_deadline_ms`].
    pub fn flush(&mut self, deadline_ms: f64, now_ms: f64) {
        let now = self.read_clock(now_ms);
        let deadline_ms = if deadline_ms.is_nan() { self.config.flush_deadline_ms } else { deadline_ms };
        self.delivery.flush(now + deadline_ms, &self.shared);
    }

    /// Makes due what waits in sinks with an interval of their own, if that time has passed since their last batch; the
    /// first time at once. For hosts that cannot wait so long, such as Durable Objects.
    pub fn flush_overdue(&mut self, now_ms: f64) {
        let now = self.read_clock(now_ms);
        self.delivery.flush_overdue(now + self.config.flush_deadline_ms, &self.shared);
    }

    /// Whether the flush in progress has events left that can be sent before its deadline.
    pub fn is_flushing(&mut self, now_ms: f64) -> bool {
        self.read_clock(now_ms);
        self.delivery.is_flushing(&self.shared)
    }

    /// Refuses all further events. Buffered children are discarded. Events in the queue can still be sent.
    pub fn close(&mut self, now_ms: f64) {
        self.read_clock(now_ms);
        self.recorder.close(&mut self.shared);
    }

    /// Ends closing: all events that still wait are dropped as `closed`.
    pub fn finish(&mut self) {
        self.recorder.close(&mut self.shared);
        self.delivery.close(&mut self.shared);
    }

    fn read_clock(&mut self, now_ms: f64) -> Millis {
        let reading = self.shared.clock.read(now_ms);
        if reading.shift != 0.0 {
            self.recorder.shift_clock(reading.shift);
            self.delivery.shift_clock(reading.shift);
        }
        reading.now
    }
}
