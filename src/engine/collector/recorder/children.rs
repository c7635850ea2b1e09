//! The children of open requests: buffered, then enqueued or discarded with their request.

use super::pipeline::Pipeline;
use crate::engine::collector::output::Output;
use crate::engine::collector::shared::Shared;
use crate::engine::event::record::Record;
use crate::engine::event::trace::SpanIds;
use crate::engine::ledger::Count;
use crate::engine::requests::{Children, ClosedRequest, Token};
use crate::engine::time::Millis;

impl Pipeline {
    /// Buffers the record written last until the outcome of its request is known.
    pub(super) fn buffer_child(&mut self, token: Token, record: Record, shared: &mut Shared) {
        while !self.requests.has_room(token, self.writer.payload().len())
            && let Some(children) = self.requests.decide_oldest()
        {
            self.discard_children(children, shared);
        }
        // The request itself may have been the oldest.
        let discarded = if self.requests.can_buffer(token) {
            self.requests.buffer(token, record, self.writer.payload())
        } else {
            Some(record)
        };
        if let Some(record) = discarded {
            shared.ledger.add(Count::SampledOut, 1);
            record.release(&mut shared.names);
        }
    }

    /// Enqueues or discards the children of a request that has ended. `p` is the probability of the request, if it is
    /// recorded; `sampling_probability` is the one that its queued children have. Returns the ids of the request.
    pub(super) fn finish_children(
        &mut self,
        request: ClosedRequest,
        p: Option<f64>,
        sampling_probability: f64,
        shared: &mut Shared,
        output: &mut impl Output,
    ) -> SpanIds {
        let ClosedRequest { ids, children, queued } = request;
        let Some(p) = p else {
            self.discard_children(children, shared);
            return ids;
        };
        if p != sampling_probability {
            // Children that are still in the queue get the probability of the outcome.
            output.set_probability(queued.first, queued.count, ids.span_id, p);
        }
        self.enqueue_children(children, p, shared, output);
        ids
    }

    /// Discards the buffered children of all requests that began at `moment` or before.
    pub(super) fn discard_before(&mut self, moment: Millis, shared: &mut Shared) {
        while let Some(children) = self.requests.decide_before(moment) {
            self.discard_children(children, shared);
        }
    }

    /// Discards all buffered children.
    pub(super) fn discard_all(&mut self, shared: &mut Shared) {
        while let Some(children) = self.requests.decide_oldest() {
            self.discard_children(children, shared);
        }
    }

    /// Discards the children of a request that is not recorded.
    pub(super) fn discard_children(&mut self, children: Children, shared: &mut Shared) {
        let count = self.requests.discard(children, &mut shared.names, &mut self.child_payload);
        shared.ledger.add(Count::SampledOut, count);
    }

    /// Enqueues the children of a request that is recorded with the probability `p`.
    fn enqueue_children(
        &mut self,
        mut children: Children,
        p: f64,
        shared: &mut Shared,
        output: &mut impl Output,
    ) {
        while let Some(record) = self.requests.pop_child(&mut children, &mut self.child_payload) {
            let record = Record { p, queued_at: shared.now(), ..record };
            output.enqueue(&record, &self.child_payload, shared);
        }
    }
}
