//! One collector, the requests buffered for it, and its encoders. All times are the host's wall-clock milliseconds.

use super::convert::{self, flags, nan_to_none, outcome, status};
use super::entropy;
use super::options::EngineOptions;
use super::requests::{REQUESTS, RequestBuffer};
use super::views::{CountersView, NoticeView, RowView, TotalsView, TransmitView};
use crate::encode::{Encoder, prometheus};
use crate::engine::event::trace::{self, TraceContext};
use crate::engine::sampling::open::Token;
use crate::engine::{Attributes, Collector, Error, Event, EventKind, Outcome, Signal, Value};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

/// A collector as JavaScript holds it.
#[wasm_bindgen]
pub struct Engine {
    collector: Collector,
    encoders: Vec<Encoder>,
    requests: RequestBuffer,
    details: Details,
    encoded: Vec<u8>,
}

/// What an event may have beside its name and figures: set before it, and gone with it.
#[derive(Default)]
struct Details {
    error: Option<String>,
    /// The method of a REQ, the system of a DB.
    source: Option<String>,
    is_path: bool,
    parent: Option<TraceContext>,
    span: Option<TraceContext>,
    attributes: Attributes,
}

#[wasm_bindgen]
impl Engine {
    /// An engine of `options`.
    ///
    /// # Errors
    /// `config/…`, with what is wrong with an option.
    #[wasm_bindgen(constructor)]
    pub fn new(options: EngineOptions) -> Result<Engine, js_sys::Error> {
        Self::build(options).map_err(|e| convert::error(&e))
    }

    /// The value in force of a numeric option; NaN: there is none of that name.
    pub fn option(&self, name: &str) -> f64 {
        self.collector.config().get_by_name(name).unwrap_or(f64::NAN)
    }

    /// Where JavaScript writes requests: see [`requests`](super::requests).
    #[wasm_bindgen(js_name = requestsPtr)]
    pub fn requests_ptr(&self) -> *const f64 {
        self.requests.words_ptr()
    }

    /// Where it writes their texts.
    #[wasm_bindgen(js_name = requestTextPtr)]
    pub fn request_text_ptr(&self) -> *const u8 {
        self.requests.text_ptr()
    }

    /// Records the `count` requests of the buffer, with `text_bytes` of texts. Returns [flags](convert::flags).
    #[wasm_bindgen(js_name = recordRequests)]
    pub fn record_requests(&mut self, count: usize, text_bytes: usize, now_ms: f64) -> u32 {
        flags(self.requests.record(count, text_bytes, &mut self.collector, now_ms), REQUESTS)
    }

    /// Records a request that has no more than its route, its method and, if it failed, its [error](Self::set_error).
    /// A duration of NaN is unknown. Returns [flags](convert::flags), with the id of the method.
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
            error: details.error.as_deref(),
            method,
            status: status(status_code),
            is_path: details.is_path,
            ..Event::new(EventKind::Req, route, start_ms)
        };
        let signal = collector.record(&event, None, now_ms);
        details.clear();
        let method_id = collector.number_method(method).map_or(0, |id| u32::from(id) + 1);
        flags(signal, REQUESTS) | method_id << 16
    }

    /// The type of the next event's error.
    #[wasm_bindgen(js_name = setError)]
    pub fn set_error(&mut self, error: String) {
        self.details.error = Some(error);
    }

    /// The next event's method (REQ) or database system (DB).
    #[wasm_bindgen(js_name = setSource)]
    pub fn set_source(&mut self, source: String) {
        self.details.source = Some(source);
    }

    /// The next request's name is a raw path, to be shown as its template.
    #[wasm_bindgen(js_name = setPath)]
    pub fn set_path(&mut self) {
        self.details.is_path = true;
    }

    /// The next event's parent, as a `traceparent`; an invalid one is none.
    #[wasm_bindgen(js_name = setParent)]
    pub fn set_parent(&mut self, traceparent: &str) {
        self.details.parent = TraceContext::parse(traceparent);
    }

    /// The next event's own span, as the `traceparent` that [`outgoing`](Self::outgoing) gave for it.
    #[wasm_bindgen(js_name = setSpan)]
    pub fn set_span(&mut self, traceparent: &str) {
        self.details.span = TraceContext::parse(traceparent);
    }

    /// Adds a text to the next event's attributes.
    #[wasm_bindgen(js_name = addText)]
    pub fn add_text(&mut self, key: &str, value: &str) {
        self.details.attributes.push(key, Value::Text(value));
    }

    /// Adds a number to the next event's attributes.
    #[wasm_bindgen(js_name = addNumber)]
    pub fn add_number(&mut self, key: &str, value: f64) {
        self.details.attributes.push(key, Value::Number(value));
    }

    /// Adds a flag to the next event's attributes.
    #[wasm_bindgen(js_name = addFlag)]
    pub fn add_flag(&mut self, key: &str, value: bool) {
        self.details.attributes.push(key, Value::Flag(value));
    }

    /// Forgets what was set for an event that does not come. Throws if an earlier call was left in the middle.
    #[wasm_bindgen(js_name = clearDetails)]
    pub fn clear_details(&mut self) {
        self.details.clear();
    }

    /// Records any event, with the details set before it: within the open request of a token, or (NaN) outside of all.
    /// `kind` is 0 REQ, 1 FN, 2 DB, 3 EVT; `number` a REQ's status, a DB's rows. Returns [flags](convert::flags).
    pub fn record(
        &mut self,
        kind: u8,
        name: &str,
        number: f64,
        now_ms: f64,
        start_ms: f64,
        duration_ms: f64,
        request: f64,
    ) -> u32 {
        let token = nan_to_none(request).map(Token::from_number);
        self.finish_event(kind, name, number, [start_ms, duration_ms], |collector, event, parent| match token
        {
            None => collector.record(event, parent, now_ms),
            Some(token) => collector.record_in(event, token, now_ms),
        })
    }

    /// Records the end of the open request of a token, else as [`record`](Self::record).
    #[wasm_bindgen(js_name = endRequest)]
    pub fn end_request(
        &mut self,
        kind: u8,
        name: &str,
        number: f64,
        now_ms: f64,
        start_ms: f64,
        duration_ms: f64,
        request: f64,
    ) -> u32 {
        let token = Token::from_number(request);
        self.finish_event(kind, name, number, [start_ms, duration_ms], |collector, event, _| {
            collector.end(event, token, now_ms)
        })
    }

    /// A request begins, of a path and perhaps with a `traceparent`; without a path a handler that is no request.
    /// Returns its token.
    pub fn open(&mut self, path: Option<String>, traceparent: Option<String>, now_ms: f64) -> f64 {
        // Without randomness it is refused at its end.
        self.has_entropy();
        let parent = traceparent.as_deref().and_then(TraceContext::parse);
        let token = match path {
            Some(path) => self.collector.open(&path, parent, now_ms),
            None => self.collector.open_root(now_ms),
        };
        token.to_number()
    }

    /// The rate that governs a path, or all that has none; -1: the path is excluded.
    #[wasm_bindgen(js_name = effectiveRate)]
    pub fn effective_rate(&self, path: Option<String>) -> f64 {
        match path {
            Some(path) => self.collector.effective_rate(&path).unwrap_or(-1.0),
            None => self.collector.config().sampling.rate,
        }
    }

    /// The draw of the next decision, where JavaScript draws.
    #[wasm_bindgen(js_name = supplyDraw)]
    pub fn supply_draw(&mut self, draw: f64) {
        self.collector.supply_draw(draw);
    }

    /// The `traceparent` of a call about to be made, within an open request or (NaN) not; after a blank the `tracestate`
    /// to go with it, if the one given is valid. Empty: none is to be sent.
    pub fn outgoing(&mut self, request: f64, tracestate: Option<String>) -> String {
        self.has_entropy();
        let mut headers = String::new();
        let token = nan_to_none(request).map(Token::from_number);
        let Some(context) = self.collector.outgoing(token) else { return headers };
        context.format(&mut headers);
        if let Some(state) = tracestate.as_deref().and_then(trace::tracestate) {
            headers.push(' ');
            headers.push_str(state);
        }
        headers
    }

    /// Counts an event that could not be recorded.
    pub fn refuse(&mut self) {
        self.collector.refuse(1);
    }

    /// Time passes. Returns the ms until the next tick is wanted; NaN: nothing waits.
    pub fn tick(&mut self, now_ms: f64) -> f64 {
        self.collector.tick(now_ms).unwrap_or(f64::NAN)
    }

    /// As [`tick`](Self::tick) answers, without ticking.
    #[wasm_bindgen(js_name = nextDeadline)]
    pub fn next_deadline(&mut self) -> f64 {
        self.collector.next_deadline().unwrap_or(f64::NAN)
    }

    /// A batch to send now: `{ sink, lease, count, batchId }`, or undefined. Its bytes lie at
    /// [`encoded_ptr`](Self::encoded_ptr) until the next call.
    pub fn poll(&mut self, now_ms: f64) -> JsValue {
        while let Some(transmit) = self.collector.poll_send(now_ms) {
            let batch = self.collector.batch(transmit);
            self.encoded.clear();
            self.encoders[transmit.sink].encode(&batch, &mut self.encoded);
            let limit = self.collector.config().sinks()[transmit.sink].max_bytes;
            if limit.is_none_or(|max| self.encoded.len() <= max as usize) {
                return convert::object(&TransmitView {
                    sink: transmit.sink as u32,
                    lease: transmit.lease as f64,
                    count: batch.count() as u32,
                    batch_id: batch.id().as_str(),
                });
            }
            self.collector.settle(transmit.lease, Outcome::TooLarge, now_ms);
        }
        JsValue::UNDEFINED
    }

    /// Where the bytes of the batch polled last lie.
    #[wasm_bindgen(js_name = encodedPtr)]
    pub fn encoded_ptr(&self) -> *const u8 {
        self.encoded.as_ptr()
    }

    /// How many they are.
    #[wasm_bindgen(js_name = encodedLen)]
    pub fn encoded_len(&self) -> usize {
        self.encoded.len()
    }

    /// A sink has answered: [outcome](convert::outcome) and its value.
    pub fn settle(&mut self, lease: f64, outcome_code: u32, value: f64, now_ms: f64) {
        self.collector.settle(lease as u64, outcome(outcome_code, value), now_ms);
    }

    /// What is queued now is due until `deadline_ms` from now.
    pub fn flush(&mut self, deadline_ms: f64, now_ms: f64) {
        self.collector.flush(deadline_ms, now_ms);
    }

    /// Whether the flush still has something to wait for.
    #[wasm_bindgen(js_name = isFlushing)]
    pub fn is_flushing(&mut self, now_ms: f64) -> bool {
        self.collector.is_flushing(now_ms)
    }

    /// Refuses new events from now on.
    pub fn close(&mut self, now_ms: f64) {
        self.collector.close(now_ms);
    }

    /// The end of closing: what is queued counts as closed.
    pub fn finish(&mut self) {
        self.collector.finish();
    }

    /// Events in the queue.
    #[wasm_bindgen(js_name = queueDepth)]
    pub fn queue_depth(&self) -> usize {
        self.collector.queue_depth()
    }

    /// Sums over all sinks: `{ delivered, remaining, dropped }`.
    pub fn totals(&self) -> JsValue {
        convert::object(&TotalsView::new(self.collector.totals()))
    }

    /// What became of every event.
    pub fn counters(&self) -> JsValue {
        convert::object(&CountersView::new(&self.collector.counters()))
    }

    /// The window's statistics.
    pub fn stats(&mut self, now_ms: f64) -> JsValue {
        convert::object(&RowView::total(&self.collector.stats(now_ms)))
    }

    /// Totals and the window's figures as Prometheus text.
    #[wasm_bindgen(js_name = metricsText)]
    pub fn metrics_text(&mut self, now_ms: f64) -> String {
        let mut text = Vec::new();
        prometheus::encode(&self.collector.counters(), &self.collector.stats(now_ms), &mut text);
        String::from_utf8(text).unwrap_or_default()
    }

    /// The next notice, oldest first; undefined: there is none.
    pub fn notice(&mut self) -> JsValue {
        let notice = self.collector.poll_notice();
        notice.map_or(JsValue::UNDEFINED, |notice| convert::object(&NoticeView::new(&notice)))
    }

    /// Drops the notices that wait: nobody listens.
    #[wasm_bindgen(js_name = dropNotices)]
    pub fn drop_notices(&mut self) {
        while self.collector.poll_notice().is_some() {}
    }

    /// Where the counters lie: an address that never changes, for a host that reads a dead instance's memory. The first
    /// one is how many events were emitted.
    #[wasm_bindgen(js_name = ledgerPtr)]
    pub fn ledger_ptr(&self) -> *const f64 {
        self.collector.ledger_block().as_ptr()
    }

    /// How many counters there are.
    #[wasm_bindgen(js_name = ledgerLen)]
    pub fn ledger_len(&self) -> usize {
        self.collector.ledger_block().len()
    }

    /// Goes on from the counters of a dead engine with the same options.
    pub fn restore(&mut self, ledger: &[f64]) {
        self.collector.restore(ledger);
    }
}

impl Engine {
    fn build(EngineOptions { config, host_draws }: EngineOptions) -> Result<Self, Error> {
        let mut collector = Collector::new(config)?;
        if host_draws {
            collector.use_host_draws();
        }
        let sinks = collector.config().sinks();
        let encoders = sinks.iter().map(|sink| Encoder::new(sink.format)).collect();
        let (requests, details) = (RequestBuffer::new(), Details::default());
        Ok(Self { collector, encoders, requests, details, encoded: Vec::new() })
    }

    fn finish_event(
        &mut self,
        kind: u8,
        name: &str,
        number: f64,
        [start_ms, duration_ms]: [f64; 2],
        record: impl FnOnce(&mut Collector, &Event<'_>, Option<TraceContext>) -> Signal,
    ) -> u32 {
        let has_entropy = self.has_entropy();
        let Self { collector, details, .. } = self;
        let kind = EventKind::ALL[usize::from(kind) % EventKind::ALL.len()];
        let event = Event {
            is_path: details.is_path,
            duration: nan_to_none(duration_ms),
            error: details.error.as_deref(),
            attributes: &details.attributes,
            span: details.span,
            ..Event::new(kind, name, start_ms)
        };
        let source = details.source.as_deref();
        let event = match kind {
            EventKind::Req => Event { method: source.unwrap_or_default(), status: status(number), ..event },
            EventKind::Db => Event { system: source, rows: nan_to_none(number), ..event },
            EventKind::Fn | EventKind::Evt => event,
        };
        let signal = has_entropy.then(|| record(collector, &event, details.parent));
        details.clear();
        signal.map_or_else(|| self.refuse_one(), |signal| flags(signal, REQUESTS))
    }

    /// Whether ids can be drawn: asks the host for randomness until it gives some.
    fn has_entropy(&mut self) -> bool {
        if self.collector.needs_entropy() {
            let Some(bytes) = entropy::bytes() else { return false };
            self.collector.seed_entropy(bytes);
        }
        true
    }

    fn refuse_one(&mut self) -> u32 {
        self.collector.refuse(1);
        0
    }
}

impl Details {
    /// Keeps the memory of the attributes.
    fn clear(&mut self) {
        let mut attributes = std::mem::take(&mut self.attributes);
        attributes.clear();
        *self = Self { attributes, ..Self::default() };
    }
}
