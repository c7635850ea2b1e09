//! Buffered requests: recorded many at a time, by ids.

use super::methods::{Method, Methods};
use super::pipeline::{Pipeline, new_ids};
use super::routes::{Route, RouteRef, Routes};
use crate::engine::collector::output::Output;
use crate::engine::collector::shared::Shared;
use crate::engine::event::names::NameId;
use crate::engine::event::{Event, EventKind};
use crate::engine::ledger::{Count, Refusal};
use crate::engine::requests::RequestAnswer;
use crate::engine::sampling::SamplingDecision;
use crate::engine::text::hashed::Hashed;
use crate::engine::time::Millis;

/// A finished request without error and attributes, which the host has buffered.
#[derive(Clone, Copy, Debug)]
pub struct BufferedRequest<'a> {
    /// The route.
    pub route: RouteRef<'a>,
    /// The id of the method, from [`Collector::method_id`](crate::engine::Collector::method_id).
    pub method: u16,
    /// The response status; `None` is unknown.
    pub status: Option<u16>,
    /// The start in ms since the epoch.
    pub start: f64,
    /// The duration in ms; `None` is unknown.
    pub duration: Option<f64>,
}

impl Pipeline {
    /// Records `requests` in their order. They were buffered since `queued_at`.
    ///
    /// See [`Collector::record_requests`](crate::engine::Collector::record_requests) for `answer`.
    #[inline(always)]
    pub(super) fn record_requests<'a>(
        &mut self,
        (routes, methods): (&mut Routes, &Methods),
        requests: impl Iterator<Item = BufferedRequest<'a>>,
        mut answer: impl FnMut(usize, Option<u16>, &RequestAnswer),
        queued_at: Millis,
        shared: &mut Shared,
        output: &mut impl Output,
    ) {
        for (at, request) in requests.enumerate() {
            let route = routes.look_up(request.route, &self.policy);
            let (name_id, became) = match (route, methods.get(request.method)) {
                (Some(route), Some(method)) => {
                    self.finish_request(&request, route, method, queued_at, shared, output)
                }
                _ => {
                    shared.refuse(Refusal::Name, 1);
                    (NameId::NONE, RequestAnswer::REFUSED)
                }
            };
            let mut id = None;
            if let RouteRef::Text(text) | RouteRef::Path(text) = request.route {
                let is_path = matches!(request.route, RouteRef::Path(_));
                id = routes.register(name_id, text, is_path, &self.policy, &mut shared.names);
            }
            answer(at, id, &became);
        }
    }

    /// Does for a request what `finish_event` does for any event. Returns the id of its name, and what
    /// became of it.
    #[inline(always)]
    fn finish_request(
        &mut self,
        request: &BufferedRequest<'_>,
        route: &mut Route,
        method: &Method,
        queued_at: Millis,
        shared: &mut Shared,
        output: &mut impl Output,
    ) -> (NameId, RequestAnswer) {
        let name = Hashed { text: &route.text, hash: route.hash };
        let event = request.event(name.text, &method.text);
        if !self.admit_buffered(&event, shared) {
            return (NameId::NONE, RequestAnswer::REFUSED);
        }
        let decision = self.decide_at_rate(route.rate, false);
        if decision == SamplingDecision::Excluded {
            shared.ledger.add(Count::Excluded, 1);
            return (NameId::NONE, RequestAnswer::EXCLUDED);
        }
        route.hint.method = request.method;
        let is_slow = self.is_slow(&event, name.text);
        self.observe_buffered(&event, name, &mut route.hint, shared, output);
        let Some(p) = self.policy.decide_outcome(decision, event.status, false, is_slow) else {
            shared.ledger.add(Count::SampledOut, 1);
            return (NameId::NONE, RequestAnswer::new(None, [0; 16], [0; 8]));
        };
        // Without a sink for records, neither ids nor a record are made.
        if !output.takes_records() {
            shared.ledger.add(Count::Accepted, 1);
            let name_id =
                if route.name_id == NameId::NONE { shared.names.touch(name) } else { route.name_id };
            return (name_id, RequestAnswer::new(Some(p), [0; 16], [0; 8]));
        }
        let ids = shared.rng.as_mut().map(new_ids).unwrap_or_default();
        let names = (name, route.name_id, method.name_id);
        let mut record = self.writer.write_request(&event, names, ids, p, &mut shared.names);
        record.queued_at = queued_at;
        output.enqueue(&record, self.writer.payload(), shared);
        (record.name, RequestAnswer::new(Some(p), ids.trace_id, ids.span_id))
    }
}

impl BufferedRequest<'_> {
    #[inline(always)]
    fn event<'b>(&self, route: &'b str, method: &'b str) -> Event<'b> {
        Event {
            is_path: matches!(self.route, RouteRef::Path(_) | RouteRef::PathId(_)),
            duration: self.duration,
            method,
            status: self.status,
            ..Event::new(EventKind::Req, route, self.start)
        }
    }
}
