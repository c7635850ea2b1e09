//! The steps that every event takes: admission, decision, statistics, ids, record.

use super::totals::{Hint, Totals};
use crate::engine::collector::output::Output;
use crate::engine::collector::shared::Shared;
use crate::engine::event::payload::RecordWriter;
use crate::engine::event::record::Record;
use crate::engine::event::trace::{SpanIds, TraceContext};
use crate::engine::event::{Event, EventKind};
use crate::engine::ledger::{Count, Refusal};
use crate::engine::requests::{ClosedRequest, OpenRequests, RequestAnswer};
use crate::engine::rng::Rng;
use crate::engine::sampling::{KeepSlow, Policy, SamplingDecision};
use crate::engine::stats::{Sample, SeriesKind, StatsStore};
use crate::engine::text::hashed::Hashed;

/// The steps that every event takes.
pub(super) struct Pipeline {
    pub(super) policy: Policy,
    pub(super) draws: Draws,
    pub(super) requests: OpenRequests,
    pub(super) stats: StatsStore,
    pub(super) writer: RecordWriter,
    /// The payload of a buffered child on its way to the queue.
    pub(super) child_payload: Vec<u8>,
    pub(super) is_closed: bool,
    /// Requests and their durations since the start, for Prometheus.
    pub(super) totals: Totals,
}

/// The source of sampling draws.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Draws {
    /// The generator of the policy.
    Own,
    /// The host, which supplies them one by one.
    Host(Option<f64>),
}

/// What a finished event belongs to.
pub(super) enum Origin {
    /// Nothing: it is a root, or has a parent in another process.
    Root(Option<TraceContext>),
    /// It ends an open request.
    Request(ClosedRequest),
}

impl Pipeline {
    /// Counts an event as emitted. Returns whether it is taken; if not, counts it as refused.
    #[inline(never)]
    pub(super) fn admit(&self, event: &Event<'_>, shared: &mut Shared) -> bool {
        self.admit_buffered(event, shared)
    }

    /// As [`admit`](Self::admit), without a call: for the loop over buffered requests.
    #[inline(always)]
    pub(super) fn admit_buffered(&self, event: &Event<'_>, shared: &mut Shared) -> bool {
        shared.ledger.add(Count::Emitted, 1);
        let admits = !self.is_closed && event.is_valid() && shared.rng.is_some();
        if !admits {
            shared.ledger.add_refused(self.refusal(event), 1);
        }
        admits
    }

    /// Why an event that is not admitted is refused.
    #[cold]
    fn refusal(&self, event: &Event<'_>) -> Refusal {
        match (self.is_closed, event.is_valid()) {
            (true, _) => Refusal::Closed,
            (false, false) => Refusal::Time,
            (false, true) => Refusal::Entropy,
        }
    }

    /// The decision on a request for `path`, which has no query.
    pub(super) fn decide_head(&mut self, path: &str, parent: Option<TraceContext>) -> SamplingDecision {
        let parent_sampled = parent.is_some_and(|parent| parent.sampled);
        let rate = self.policy.rate_of(path);
        self.decide_at_rate(rate, parent_sampled)
    }

    /// The decision on a request whose rate is known; `None` excludes it.
    #[inline(always)]
    pub(super) fn decide_at_rate(&mut self, rate: Option<f64>, parent_sampled: bool) -> SamplingDecision {
        match &mut self.draws {
            Draws::Own => self.policy.decide_at_rate(rate, parent_sampled),
            // Without a draw from the host nothing is sampled.
            Draws::Host(draw) => {
                self.policy.decide_at_rate_with(rate, parent_sampled, &mut || draw.take().unwrap_or(1.0))
            }
        }
    }

    /// The decision on a handler that has no path.
    pub(super) fn decide_root(&mut self, parent: Option<TraceContext>) -> SamplingDecision {
        let parent_sampled = parent.is_some_and(|parent| parent.sampled);
        self.decide_at_rate(Some(self.policy.rate()), parent_sampled)
    }

    /// Counts an event in the metrics and in the statistics.
    #[inline(never)]
    pub(super) fn observe(
        &mut self,
        event: &Event<'_>,
        name: Hashed<'_>,
        shared: &mut Shared,
        output: &mut impl Output,
    ) {
        self.observe_buffered(event, name, &mut Hint::default(), shared, output);
    }

    /// As [`observe`](Self::observe), without a call, and with the hint of a route.
    #[inline(always)]
    pub(super) fn observe_buffered(
        &mut self,
        event: &Event<'_>,
        name: Hashed<'_>,
        hint: &mut Hint,
        shared: &mut Shared,
        output: &mut impl Output,
    ) {
        let Some(kind) = SeriesKind::of(event.kind) else { return };
        let is_error = self.policy.is_error(event.status, event.error.is_some());
        let sample = Sample { at: event.end(), duration: event.duration, is_error };
        output.observe(event, &sample, (kind, name), shared);
        if kind == SeriesKind::Req {
            self.totals.count(event, name.text, hint);
        }
        self.stats.record_hashed(&sample, shared.wall(), Some((kind, name)), &mut hint.row);
        if let Some(usage) = event.usage() {
            self.stats.add_usage(sample.at, (kind, name.text), usage);
        }
    }

    /// Notes an exception, whether it is recorded or not. `request` is the span of the open request that it belongs to.
    #[cold]
    pub(super) fn note_exception(
        event: &Event<'_>,
        trace_id: [u8; 16],
        request: [u8; 8],
        shared: &mut Shared,
        output: &mut impl Output,
    ) {
        shared.exceptions.note(event, trace_id, request);
        output.note_exception(shared);
    }

    /// Whether an event that is not observed yet is one of the slow ones.
    #[inline(always)]
    pub(super) fn is_slow(&self, event: &Event<'_>, name: &str) -> bool {
        let p99 = match self.policy.keep_slow() {
            None => return false,
            Some(KeepSlow::P99) if event.kind == EventKind::Req => self.stats.p99(SeriesKind::Req, name),
            Some(_) => None,
        };
        self.policy.is_slow(event.duration, p99)
    }

    /// Finishes an event that is not in an open request, or that ends one: its statistics, its children, and its record
    /// if it is recorded. Returns what became of it.
    #[inline(never)]
    pub(super) fn finish_event(
        &mut self,
        event: &Event<'_>,
        name: Hashed<'_>,
        decision: SamplingDecision,
        origin: Origin,
        shared: &mut Shared,
        output: &mut impl Output,
    ) -> RequestAnswer {
        if decision == SamplingDecision::Excluded {
            shared.ledger.add(Count::Excluded, 1);
            return RequestAnswer::EXCLUDED;
        }
        let is_slow = self.is_slow(event, name.text);
        self.observe(event, name, shared, output);
        let p = self.policy.decide_outcome(decision, event.status, event.error.is_some(), is_slow);
        let ids = match origin {
            // Ids are drawn only for events that are recorded.
            Origin::Root(parent) if p.is_some() => with_own_span(root_ids(parent, shared), event),
            Origin::Root(Some(TraceContext { trace_id, .. })) => SpanIds { trace_id, ..SpanIds::default() },
            Origin::Root(None) => SpanIds::default(),
            Origin::Request(request) => {
                self.finish_children(request, p, decision.sampling_probability(), shared, output)
            }
        };
        match p {
            Some(p) => _ = self.enqueue(event, name, ids, p, shared, output),
            None => shared.ledger.add(Count::SampledOut, 1),
        }
        RequestAnswer::new(p, ids.trace_id, ids.span_id)
    }

    /// Writes the record of an event and enqueues it. Returns its sequence number in the queue.
    pub(super) fn enqueue(
        &mut self,
        event: &Event<'_>,
        name: Hashed<'_>,
        ids: SpanIds,
        p: f64,
        shared: &mut Shared,
        output: &mut impl Output,
    ) -> Option<u64> {
        let mut record = self.write(event, name, ids, p, shared);
        record.queued_at = shared.now();
        output.enqueue(&record, self.writer.payload(), shared)
    }

    /// Writes the record of an event that is recorded or buffered.
    pub(super) fn write(
        &mut self,
        event: &Event<'_>,
        name: Hashed<'_>,
        ids: SpanIds,
        p: f64,
        shared: &mut Shared,
    ) -> Record {
        shared.ledger.add(Count::Truncated, event.truncated() as usize);
        self.writer.write(event, name, ids, p, &mut shared.names)
    }
}

/// New ids for a root, or for a child of a span in another process.
#[inline(never)]
pub(super) fn root_ids(parent: Option<TraceContext>, shared: &mut Shared) -> SpanIds {
    let Some(rng) = &mut shared.rng else { return SpanIds::default() };
    match parent {
        Some(TraceContext { trace_id, parent_id, .. }) => SpanIds { trace_id, span_id: rng.id(), parent_id },
        None => new_ids(rng),
    }
}

/// New ids for a root that has no parent.
#[inline(always)]
pub(super) fn new_ids(rng: &mut Rng) -> SpanIds {
    SpanIds { trace_id: rng.id(), span_id: rng.id(), parent_id: [0; 8] }
}

/// New ids for a child of `parent`.
#[inline(never)]
pub(super) fn child_ids(parent: SpanIds, shared: &mut Shared) -> SpanIds {
    let span_id = shared.rng.as_mut().map_or([0; 8], Rng::id);
    SpanIds { trace_id: parent.trace_id, span_id, parent_id: parent.span_id }
}

/// `ids`, with the trace, span and parent that the event has already, if it has.
pub(super) fn with_own_span(mut ids: SpanIds, event: &Event<'_>) -> SpanIds {
    if let Some(span) = &event.span {
        (ids.trace_id, ids.span_id) = (span.trace_id, span.parent_id);
    }
    if let Some(parent) = event.parent_id {
        ids.parent_id = parent;
    }
    ids
}
