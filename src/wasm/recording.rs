//! Recording events.

use super::convert::{self, Request, flags, nan_to_none, status};
use super::engine::Engine;
use super::requests::REQUESTS;
use crate::engine::event::statement;
use crate::engine::event::trace::{self, TraceContext};
use crate::engine::{Event, EventKind, Refusal, Severity, Token, Value};
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
impl Engine {
    /// Records the first `count` requests of the buffer, whose texts have `text_bytes` bytes in all. Returns
    /// flags, as `convert::flags` documents.
    #[wasm_bindgen(js_name = recordRequests)]
    pub fn record_requests(&mut self, count: usize, text_bytes: usize, now_ms: f64) -> u32 {
        flags(self.requests.record(count, text_bytes, &mut self.collector, now_ms), REQUESTS)
    }

    /// Records a request; an error may be [set](Self::set_text). A duration of NaN is unknown. Returns
    /// flags, as `convert::flags` documents, with the id of the method.
    #[wasm_bindgen(js_name = recordRequest)]
    pub fn record_request(
        &mut self,
        route: &str,
        method: &str,
        status_code: f64,
        now_ms: f64,
        start_ms: f64,
        duration_ms: f64,
    ) -> u32 {
        if !self.has_entropy() {
            self.details.clear();
            return self.refuse_one();
        }
        let Self { collector, details, .. } = self;
        let event = Event {
            duration: nan_to_none(duration_ms),
            error: details.error(),
            exception: details.exception(),
            attributes: &details.attributes,
            method,
            status: status(status_code),
            is_path: details.is_path,
            ..Event::new(EventKind::Req, route, start_ms)
        };
        let signal = collector.record(&event, None, now_ms);
        details.clear();
        self.requests.set_answer(&collector.answer());
        let method_id = collector.method_id(method).map_or(0, |id| u32::from(id) + 1);
        flags(signal, REQUESTS) | method_id << 16
    }

    /// Sets a text of the next event, by the number that `details::Texts` documents.
    #[wasm_bindgen(js_name = setText)]
    pub fn set_text(&mut self, number: usize, text: String) {
        let texts = &mut self.details.texts;
        texts[number % texts.len()] = Some(text);
    }

    /// Sets the severity of the next custom event, by its number. Any other number is that of `info`.
    #[wasm_bindgen(js_name = setSeverity)]
    pub fn set_severity(&mut self, number: u16) {
        self.details.severity = Severity::from_number(number);
    }

    /// The message of a database's error without the values in it.
    #[wasm_bindgen(js_name = hideValues)]
    pub fn hide_values(&self, message: &str) -> String {
        let mut hidden = String::new();
        statement::hide_values(message, &mut hidden);
        hidden
    }

    /// Marks the name of the next request, or the route of the next exception, as a raw path. It is recorded as its template.
    #[wasm_bindgen(js_name = setPath)]
    pub fn set_path(&mut self) {
        self.details.is_path = true;
    }

    /// Sets the parent and the span of the next event, each from a `traceparent`. Within a request the parent is a span of that
    /// request; the span is one that [`outgoing`](Self::outgoing) returned. What is empty or invalid is ignored.
    #[wasm_bindgen(js_name = setTrace)]
    pub fn set_trace(&mut self, parent: &str, span: &str) {
        self.details.parent = TraceContext::parse(parent);
        self.details.span = TraceContext::parse(span);
    }

    /// Adds a text to the attributes of the next event.
    #[wasm_bindgen(js_name = addText)]
    pub fn add_text(&mut self, key: &str, value: &str) {
        self.details.attributes.push(key, Value::Text(value));
    }

    /// Adds a number to the attributes of the next event.
    #[wasm_bindgen(js_name = addNumber)]
    pub fn add_number(&mut self, key: &str, value: f64) {
        self.details.attributes.push(key, Value::Number(value));
    }

    /// Adds a boolean to the attributes of the next event.
    #[wasm_bindgen(js_name = addFlag)]
    pub fn add_flag(&mut self, key: &str, value: bool) {
        self.details.attributes.push(key, Value::Flag(value));
    }

    /// Sets what the database said of the next statement: rows read, rows written, and its own duration in ms. NaN: unknown.
    #[wasm_bindgen(js_name = setUsage)]
    pub fn set_usage(&mut self, rows_read: f64, rows_written: f64, db_ms: f64) {
        self.details.usage = [rows_read, rows_written, db_ms].map(nan_to_none);
    }

    /// Counts attributes of the next event that were left out.
    #[wasm_bindgen(js_name = addTruncated)]
    pub fn add_truncated(&mut self, count: u32) {
        self.details.attributes.count_truncated(count);
    }

    /// Clears what was set for the next event. Throws if an earlier call did not return.
    #[wasm_bindgen(js_name = clearDetails)]
    pub fn clear_details(&mut self) {
        self.details.clear();
    }

    /// Records any event with the details that were set before it.
    ///
    /// `kind` is 0 REQ, 1 FN, 2 DB or 3 EVT. `number` is the status (REQ), the rows (DB), or 1 for an exception that the
    /// program has dealt with (EVT). `request` names the request that the event belongs to, as `convert::request` documents;
    /// `is_end`: it ends that request. Returns flags, as `convert::flags` documents.
    #[expect(clippy::too_many_arguments, reason = "scalars cross the boundary one by one")]
    pub fn record(
        &mut self,
        kind: u8,
        name: &str,
        number: f64,
        now_ms: f64,
        start_ms: f64,
        duration_ms: f64,
        request: f64,
        is_end: bool,
    ) -> u32 {
        let has_entropy = self.has_entropy();
        let Self { collector, details, requests, .. } = self;
        let kind = EventKind::ALL[usize::from(kind) % EventKind::ALL.len()];
        let event = details.event(kind, name, number, [start_ms, duration_ms]);
        let target = convert::request(request);
        let is_alone = matches!(target, Request::None);
        let signal = has_entropy.then(|| match target {
            _ if is_end => collector.end(&event, Token::from_number(request), now_ms),
            Request::None => collector.record(&event, details.parent, now_ms),
            Request::Open(token) => collector.record_in(&event, token, now_ms),
            Request::Over => requests.update_answer(|answer| collector.record_late(&event, answer, now_ms)),
        });
        if is_end || is_alone {
            requests.set_answer(&collector.answer());
        }
        details.clear();
        signal.map_or_else(|| self.refuse_one(), |signal| flags(signal, REQUESTS))
    }

    /// Begins a request for `path`, with a `traceparent` if it has one. Without a path it is a handler that is not a
    /// request. Returns its token.
    pub fn open(&mut self, path: Option<String>, traceparent: Option<String>, now_ms: f64) -> f64 {
        // Without entropy the request is refused when it ends.
        self.has_entropy();
        let parent = traceparent.as_deref().and_then(TraceContext::parse);
        let token = match path {
            Some(path) => self.collector.open(&path, parent, now_ms),
            None => self.collector.open_root(parent, now_ms),
        };
        token.to_number()
    }

    /// The sampling rate of `path`, or of everything without a path. -1: the path is excluded.
    #[wasm_bindgen(js_name = effectiveRate)]
    pub fn effective_rate(&self, path: Option<String>) -> f64 {
        match path {
            Some(path) => self.collector.effective_rate(&path).unwrap_or(-1.0),
            None => self.collector.config().sampling.rate,
        }
    }

    /// Supplies the draw of the next decision, if JavaScript makes the draws.
    #[wasm_bindgen(js_name = supplyDraw)]
    pub fn supply_draw(&mut self, draw: f64) {
        self.collector.supply_draw(draw);
    }

    /// The `traceparent` of an outgoing call in `request`, or in a new trace. `convert::request` documents `request`.
    ///
    /// If `tracestate` is valid, a blank and the `tracestate` follow. Empty: send no header.
    pub fn outgoing(&mut self, request: f64, tracestate: Option<String>) -> String {
        self.has_entropy();
        let Self { collector, requests, .. } = self;
        let context = match convert::request(request) {
            Request::None => collector.outgoing(None),
            Request::Open(token) => collector.outgoing(Some(token)),
            Request::Over => requests.update_answer(|answer| collector.outgoing_late(answer)),
        };
        shown(context, tracestate.as_deref())
    }

    /// The `traceparent` that names the span of `request`, which `convert::request` documents. Empty: it is excluded, gone, or
    /// over and not recorded.
    #[wasm_bindgen(js_name = traceOf)]
    pub fn trace_of(&mut self, request: f64) -> String {
        self.has_entropy();
        let Self { collector, requests, .. } = self;
        let context = match convert::request(request) {
            Request::None => None,
            Request::Open(token) => collector.trace_of(token),
            Request::Over => requests.update_answer(|answer| collector.trace_of_late(answer)),
        };
        shown(context, None)
    }

    /// Counts an event as refused: `reason` is the index of a [`Refusal`]. Returns flags.
    pub fn refuse(&mut self, reason: usize) -> u32 {
        self.collector.refuse(Refusal::ALL[reason % Refusal::ALL.len()], 1);
        flags(self.collector.signal(), REQUESTS)
    }
}

/// A `traceparent`, and after a blank the `tracestate` if it is valid. Empty without a context.
fn shown(context: Option<TraceContext>, tracestate: Option<&str>) -> String {
    let mut headers = String::new();
    let Some(context) = context else { return headers };
    context.format(&mut headers);
    if let Some(state) = tracestate.and_then(trace::tracestate) {
        headers.push(' ');
        headers.push_str(&state);
    }
    headers
}
