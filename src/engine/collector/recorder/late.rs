//! Events of requests that are over.

use super::Recorder;
use super::naming::name_of;
use super::pipeline::{Pipeline, child_ids, with_own_span};
use crate::engine::collector::output::Output;
use crate::engine::collector::shared::Shared;
use crate::engine::event::Event;
use crate::engine::event::trace::{SpanIds, TraceContext};
use crate::engine::ledger::{Count, Refusal};
use crate::engine::requests::{Fate, RequestAnswer};
use crate::engine::rng::Rng;
use crate::engine::text::hashed::Hashed;

impl Recorder {
    /// Records an event of a request that is over, or counts it as the request did.
    pub(in crate::engine::collector) fn record_late(
        &mut self,
        event: &Event<'_>,
        request: &mut RequestAnswer,
        shared: &mut Shared,
        output: &mut impl Output,
    ) {
        let Self { pipeline, name, .. } = self;
        if request.fate == Fate::Refused {
            shared.refuse(Refusal::Request, 1);
            return;
        }
        if !pipeline.admit(event, shared) {
            return;
        }
        if request.fate == Fate::Excluded {
            shared.ledger.add(Count::Excluded, 1);
            return;
        }
        let name = Hashed::new(name_of(event, name));
        pipeline.observe(event, name, shared, output);
        if event.is_exception() {
            let trace_id = span_of(request, shared).trace_id;
            Pipeline::note_exception(event, trace_id, [0; 8], shared, output);
        }
        let p = match request.fate {
            _ if pipeline.policy.keeps_error(event.error.is_some()) => 1.0,
            Fate::Recorded { p } => p,
            Fate::SampledOut | Fate::Excluded | Fate::Refused => {
                shared.ledger.add(Count::SampledOut, 1);
                return;
            }
        };
        let mut ids = with_own_span(child_ids(span_of(request, shared), shared), event);
        if !matches!(request.fate, Fate::Recorded { .. }) {
            ids.parent_id = [0; 8];
        }
        pipeline.enqueue(event, name, ids, p, shared, output);
    }

    /// A new span for a call that is made in the trace of a request that is over. `None`: it was excluded or refused.
    pub(in crate::engine::collector) fn outgoing_late(
        request: &mut RequestAnswer,
        shared: &mut Shared,
    ) -> Option<TraceContext> {
        let sampled = match request.fate {
            Fate::Recorded { .. } => true,
            Fate::SampledOut => false,
            Fate::Excluded | Fate::Refused => return None,
        };
        let ids = child_ids(span_of(request, shared), shared);
        let context = TraceContext { trace_id: ids.trace_id, parent_id: ids.span_id, sampled, random: false };
        (context.parent_id != [0; 8]).then_some(context)
    }

    /// The trace and span of a request that is over. `None`: it is not recorded, so it has no span.
    pub(in crate::engine::collector) fn trace_of_late(
        request: &mut RequestAnswer,
        shared: &mut Shared,
    ) -> Option<TraceContext> {
        let ids = span_of(request, shared);
        let context =
            TraceContext { trace_id: ids.trace_id, parent_id: ids.span_id, sampled: true, random: false };
        (context.parent_id != [0; 8]).then_some(context)
    }
}

/// The span of the request. The first event that needs its trace draws it.
fn span_of(request: &mut RequestAnswer, shared: &mut Shared) -> SpanIds {
    if request.trace_id == [0; 16] {
        request.trace_id = shared.rng.as_mut().map_or([0; 16], Rng::id);
    }
    SpanIds { trace_id: request.trace_id, span_id: request.span_id, parent_id: [0; 8] }
}
