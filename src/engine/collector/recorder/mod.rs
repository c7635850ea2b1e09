//! The half of a collector that records: it decides, counts, and turns events into records.

mod children;
mod late;
mod methods;
mod naming;
mod pipeline;
mod requests;
mod routes;
mod totals;

pub use requests::BufferedRequest;
pub use routes::RouteRef;

use super::output::Output;
use super::shared::Shared;
use crate::engine::config::Config;
use crate::engine::error::Error;
use crate::engine::event::payload::RecordWriter;
use crate::engine::event::trace::{SpanIds, TraceContext};
use crate::engine::event::{Event, EventKind, path};
use crate::engine::ledger::Count;
use crate::engine::metrics::{Classic, Point, SeriesId, Values};
use crate::engine::requests::{OpenRequests, RequestAnswer, Token};
use crate::engine::sampling::{KeepSlow, Policy, SamplingDecision};
use crate::engine::stats::{Snapshot, StatsStore, Timeline};
use crate::engine::text::hashed::Hashed;
use crate::engine::time::Millis;
use methods::Methods;
use naming::{name_of, sampled_path};
use pipeline::{Draws, Origin, Pipeline, child_ids, root_ids, with_own_span};
use routes::Routes;
use totals::Totals;

/// The half of a collector that records. What it yields goes to an [`Output`].
pub(super) struct Recorder {
    pipeline: Pipeline,
    routes: Routes,
    methods: Methods,
    /// The name of the current event, where it is not part of the event.
    name: String,
    /// What became of the last event that was recorded or ended by itself.
    answer: RequestAnswer,
    /// What was recorded with metrics of the program since the start.
    values: Values,
}

impl Recorder {
    /// # Errors
    /// Those of [`Policy::new`].
    pub(super) fn new(config: &Config) -> Result<Self, Error> {
        let pipeline = Pipeline {
            policy: Policy::new(&config.sampling)?,
            draws: Draws::Own,
            requests: OpenRequests::new(),
            stats: StatsStore::new(WINDOW_MS, config.stats_series)?,
            writer: RecordWriter::default(),
            child_payload: Vec::new(),
            is_closed: false,
            totals: Totals::new(config),
        };
        let (routes, methods) = (Routes::new(), Methods::default());
        let (name, answer, values) = (String::new(), RequestAnswer::REFUSED, Values::default());
        Ok(Self { pipeline, routes, methods, name, answer, values })
    }

    /// Records an event outside a request.
    pub(super) fn record(
        &mut self,
        event: &Event<'_>,
        parent: Option<TraceContext>,
        shared: &mut Shared,
        output: &mut impl Output,
    ) {
        let Self { pipeline, name, answer, .. } = self;
        *answer = RequestAnswer::REFUSED;
        if !pipeline.admit(event, shared) {
            return;
        }
        let name = name_of(event, name);
        let decision = match event.kind {
            EventKind::Req => pipeline.decide_head(sampled_path(event, name), parent),
            EventKind::Fn | EventKind::Db | EventKind::Evt => SamplingDecision::RECORD_ALL,
        };
        let origin = Origin::Root(parent);
        *answer = pipeline.finish_event(event, Hashed::new(name), decision, origin, shared, output);
        if event.is_exception() {
            Pipeline::note_exception(event, answer.trace_id, [0; 8], shared, output);
        }
    }

    /// Records requests that the host has buffered since `queued_at`. Returns whether all route ids are invalid now.
    #[inline(always)]
    pub(super) fn record_requests<'a>(
        &mut self,
        requests: impl Iterator<Item = BufferedRequest<'a>>,
        answer: impl FnMut(usize, Option<u16>, &RequestAnswer),
        queued_at: Millis,
        shared: &mut Shared,
        output: &mut impl Output,
    ) -> bool {
        let Self { pipeline, routes, methods, .. } = self;
        pipeline.record_requests((&mut *routes, methods), requests, answer, queued_at, shared, output);
        routes.reset_if_outdated(&mut shared.names)
    }

    /// Records a number of a series of the program's metrics.
    pub(super) fn measure(
        &mut self,
        series: SeriesId,
        value: f64,
        shared: &mut Shared,
        output: &mut impl Output,
    ) {
        let kind = shared.registry.kind_of(series).filter(|kind| kind.takes(value));
        let Some(kind) = kind.filter(|_| !self.pipeline.is_closed) else {
            shared.ledger.add(Count::Unmeasured, 1);
            return;
        };
        shared.ledger.add(Count::Observed, 1);
        shared.ledger.add(Count::Overflowed, usize::from(series.is_overflow()));
        self.values.record(series, kind, value);
        output.measure(series, kind, value, shared);
    }

    /// Counts every request from now on, for Prometheus.
    pub(super) fn count_requests(&mut self) {
        self.pipeline.totals.count_all();
    }

    /// Requests and their durations since the start.
    pub(super) fn request_totals(&self) -> &[Point<Classic>] {
        self.pipeline.totals.points()
    }

    /// What was recorded with metrics of the program since the start.
    pub(super) fn values(&self) -> &Values {
        &self.values
    }

    /// Begins a request for `path`.
    pub(super) fn open(&mut self, path: &str, parent: Option<TraceContext>, shared: &mut Shared) -> Token {
        let decision = self.pipeline.decide_head(path::public_part(path), parent);
        self.enter(decision, parent, shared)
    }

    /// Begins a handler that has no path.
    pub(super) fn open_root(&mut self, parent: Option<TraceContext>, shared: &mut Shared) -> Token {
        let decision = self.pipeline.decide_root(parent);
        self.enter(decision, parent, shared)
    }

    /// Records a child of an open request: enqueues it if the request is sampled, else buffers it.
    pub(super) fn record_in(
        &mut self,
        event: &Event<'_>,
        token: Token,
        shared: &mut Shared,
        output: &mut impl Output,
    ) {
        let Self { pipeline, name, .. } = self;
        if !pipeline.admit(event, shared) {
            return;
        }
        if token.is_excluded() {
            shared.ledger.add(Count::Excluded, 1);
            return;
        }
        let name = Hashed::new(name_of(event, name));
        pipeline.observe(event, name, shared, output);
        let ids = match pipeline.requests.get(token).map(|request| request.ids) {
            Some(parent) => child_ids(parent, shared),
            None => root_ids(None, shared),
        };
        if event.is_exception() {
            Pipeline::note_exception(event, ids.trace_id, ids.parent_id, shared, output);
        }
        let ids = with_own_span(ids, event);
        if token.is_sampled() {
            let decision = pipeline.requests.decision(token);
            let p = decision.map_or(1.0, SamplingDecision::sampling_probability);
            if let Some(at) = pipeline.enqueue(event, name, ids, p, shared, output) {
                pipeline.requests.note_queued(token, at);
            }
        } else if pipeline.requests.can_buffer(token) {
            let record = pipeline.write(event, name, ids, 1.0, shared);
            pipeline.buffer_child(token, record, shared);
        } else {
            shared.ledger.add(Count::SampledOut, 1);
        }
    }

    /// Ends an open request. `event` is the request with its outcome.
    pub(super) fn end(
        &mut self,
        event: &Event<'_>,
        token: Token,
        shared: &mut Shared,
        output: &mut impl Output,
    ) {
        let Self { pipeline, name, answer, .. } = self;
        *answer = RequestAnswer::REFUSED;
        let request = pipeline.requests.close(token);
        if !pipeline.admit(event, shared) {
            if let Some(request) = request {
                pipeline.discard_children(request.children, shared);
            }
            return;
        }
        if token.is_excluded() {
            shared.ledger.add(Count::Excluded, 1);
            *answer = RequestAnswer::EXCLUDED;
            return;
        }
        // A token that no request had counts as not sampled: its event is recorded for its outcome or not at all.
        let unknown =
            SamplingDecision::Decided { sampled: false, rate: pipeline.policy.rate(), forced: false };
        let decision = pipeline.requests.decision(token).unwrap_or(unknown);
        let origin = request.map_or(Origin::Root(None), Origin::Request);
        let name = Hashed::new(name_of(event, name));
        if let Origin::Request(request) = &origin {
            shared.exceptions.name_request(request.ids.span_id, name.text, event.method);
        }
        *answer = pipeline.finish_event(event, name, decision, origin, shared, output);
    }

    /// What became of the last event that was recorded or ended by itself.
    pub(super) fn answer(&self) -> RequestAnswer {
        self.answer
    }

    /// Forgets an open request that will not end. Its buffered children are discarded.
    pub(super) fn abandon(&mut self, token: Token, shared: &mut Shared) {
        if let Some(request) = self.pipeline.requests.close(token) {
            self.pipeline.discard_children(request.children, shared);
        }
    }

    /// Time passes: discards the children of requests that are open too long, and updates percentiles.
    pub(super) fn tick(&mut self, shared: &mut Shared) {
        self.pipeline.discard_before(shared.now() + -MAX_OPEN_MS, shared);
        if self.pipeline.policy.keep_slow() == Some(KeepSlow::P99) {
            self.pipeline.stats.advance(shared.wall());
        }
    }

    /// When the oldest request with buffered children is open too long. `None`: no child is buffered.
    pub(super) fn next_deadline(&self) -> Option<Millis> {
        self.pipeline.requests.oldest_opened().map(|opened| opened + MAX_OPEN_MS)
    }

    /// Refuses all further events, and discards the buffered children.
    pub(super) fn close(&mut self, shared: &mut Shared) {
        self.pipeline.is_closed = true;
        self.pipeline.discard_all(shared);
    }

    /// Follows a wall clock that stepped by `shift` ms.
    pub(super) fn shift_clock(&mut self, shift: f64) {
        self.pipeline.stats.shift(shift);
    }

    /// The number of buffered children.
    pub(super) fn pending(&self) -> usize {
        self.pipeline.requests.buffered()
    }

    pub(super) fn seed_draws(&mut self, entropy: [u8; 32]) {
        self.pipeline.policy.seed_entropy(entropy);
    }

    /// Takes all further draws from the host. `draw` is the next one, if there is one.
    pub(super) fn set_host_draw(&mut self, draw: Option<f64>) {
        self.pipeline.draws = Draws::Host(draw);
    }

    /// The rate for `path`; `None`: it is excluded.
    pub(super) fn effective_rate(&self, path: &str) -> Option<f64> {
        self.pipeline.policy.rate_of(path::public_part(path))
    }

    /// The trace and span of an open request. `None`: it is excluded, or not in the table any more.
    pub(super) fn trace_of(&self, token: Token) -> Option<TraceContext> {
        let request = self.pipeline.requests.get(token)?;
        let SpanIds { trace_id, span_id, .. } = request.ids;
        let random = request.is_random;
        Some(TraceContext { trace_id, parent_id: span_id, sampled: token.is_sampled(), random })
    }

    /// The id of a method, once it was recorded.
    pub(super) fn method_id(&mut self, text: &str, shared: &mut Shared) -> Option<u16> {
        self.methods.id_of(text, &mut shared.names)
    }

    pub(super) fn stats(&mut self, shared: &Shared) -> Snapshot {
        self.pipeline.stats.snapshot(shared.wall())
    }

    pub(super) fn timeline(&mut self, series: Option<(&str, &str)>, shared: &Shared) -> Timeline {
        self.pipeline.stats.timeline(shared.wall(), series, 1)
    }

    /// The references to names that ids of routes and methods hold.
    pub(super) fn name_references(&self) -> usize {
        self.routes.references() + self.methods.references()
    }

    fn enter(
        &mut self,
        decision: SamplingDecision,
        parent: Option<TraceContext>,
        shared: &mut Shared,
    ) -> Token {
        if decision == SamplingDecision::Excluded {
            return Token::EXCLUDED;
        }
        let ids = root_ids(parent, shared);
        let is_random = parent.is_none_or(|parent| parent.random);
        let (token, evicted) = self.pipeline.requests.open(decision, ids, is_random, shared.now());
        self.pipeline.discard_children(evicted, shared);
        token
    }
}

/// The window of the statistics: 15 minutes.
const WINDOW_MS: f64 = 900_000.0;
/// How long a request can have buffered children: 60 s.
const MAX_OPEN_MS: f64 = 60_000.0;
