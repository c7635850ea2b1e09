//! The handle that JavaScript holds: one collector, the event being built, the bytes of the last batch.

use super::convert::{self, object, outcome, status, throw};
use super::draft::Draft;
use super::options::Options;
use crate::encode::Encoder;
#[cfg(feature = "full")]
use crate::encode::prometheus;
use crate::engine::event::trace::{self, TraceContext};
use crate::engine::sampling::open::Token;
use crate::engine::{Collector, Event, EventKind, KnownRequest, Numbers, Outcome, Send, Signal, Value};
use wasm_bindgen::prelude::*;

/// One collector. All times are host wall-clock milliseconds; `undefined` means unknown.
#[wasm_bindgen]
pub struct Core {
    collector: Collector,
    draft: Draft,
    send: Send,
    encoders: Vec<Encoder>,
    bytes: Vec<u8>,
    stage: Box<[f64]>,
    numbers: Option<Numbers>,
}

#[wasm_bindgen]
impl Core {
    /// A collector of `options`.
    #[wasm_bindgen(constructor)]
    pub fn new(options: Options) -> Result<Core, JsValue> {
        let Options { config, host_rng } = options;
        let mut collector = Collector::new(config).map_err(throw)?;
        if host_rng {
            collector.use_host_draws();
        }
        let sinks = collector.config().sinks();
        let encoders = sinks.iter().map(|sink| Encoder::new(sink.format)).collect();
        Ok(Self {
            collector,
            encoders,
            draft: Draft::new(),
            send: Send { lease: 0, sink: 0 },
            bytes: Vec::new(),
            stage: vec![0.0; STAGE_HEAD + STAGED_MAX * STAGED_WORDS].into_boxed_slice(),
            numbers: None,
        })
    }

    /// The value in force of a numeric option, or of `sampling.rate`; NaN if there is none of that name.
    pub fn number(&self, name: &str) -> f64 {
        if name == "sampling.rate" {
            return self.collector.config().sampling.rate;
        }
        self.collector.config().get_by_name(name).unwrap_or(f64::NAN)
    }

    /// Records a request in one call; `is_path`: its name is a raw path, to be shown as its template. Returns flags.
    #[expect(clippy::too_many_arguments, reason = "each is one argument of the host's only call")]
    pub fn req(
        &mut self,
        now: f64,
        route: &str,
        method: &str,
        status_code: f64,
        start: f64,
        duration: Option<f64>,
        error: Option<String>,
        is_path: bool,
    ) -> u32 {
        if !self.seed() {
            return self.refuse(1);
        }
        let event = Event {
            duration,
            error: error.as_deref(),
            method,
            status: status(status_code),
            is_path,
            ..Event::new(EventKind::Req, route, start)
        };
        let signal = self.collector.record(&event, None, now);
        self.numbers = match is_path {
            true => self.collector.number_path(route, method),
            false => self.collector.number(route, method),
        };
        flags(signal)
    }

    /// What the request recorded last may be staged by: its route's number, 65536 times its method's, and 2³² if
    /// all earlier numbers are void; -1: it has none.
    pub fn numbers(&self) -> f64 {
        let Some(Numbers { route, method, renewed }) = self.numbers else { return -1.0 };
        (u64::from(route) | u64::from(method) << 16 | u64::from(renewed) << 32) as f64
    }

    /// Where the host writes requests: how many we have begun, when the first was written, then three numbers a
    /// request: start; duration, NaN if unknown; route + 2¹⁶ method + 2³² status.
    #[wasm_bindgen(js_name = "stageAddress")]
    pub fn stage_address(&self) -> usize {
        self.stage.as_ptr() as usize
    }

    /// Records the `count` requests that the host has written. Returns flags.
    pub fn staged(&mut self, count: usize, now: f64) -> u32 {
        let [begun, since, rows @ ..] = &mut *self.stage else { return 0 };
        let rows = rows.as_chunks::<STAGED_WORDS>().0.iter().take(count);
        let requests = rows.map(|[start, duration, numbers]| {
            // For a host that has to ask a dead instance.
            *begun += 1.0;
            let numbers = *numbers as u64;
            KnownRequest {
                route: numbers as u16,
                method: (numbers >> 16) as u16,
                status: Some((numbers >> 32) as u16).filter(|status| *status >= 100),
                start: *start,
                duration: Some(*duration).filter(|ms| !ms.is_nan()),
            }
        });
        flags(self.collector.record_known(requests, *since, now))
    }

    /// Begins an event: `kind` 0 REQ, 1 FN, 2 DB, 3 EVT.
    pub fn begin(
        &mut self,
        kind: u8,
        name: String,
        start: f64,
        duration: Option<f64>,
        error: Option<String>,
    ) {
        let kind = EventKind::ALL.get(usize::from(kind)).copied().unwrap_or(EventKind::Evt);
        self.draft.begin(kind, name, start, duration, error);
    }

    /// The details of a REQ. `is_path`: its name is a raw path, to be shown as its template.
    pub fn request(&mut self, method: String, status: Option<f64>, is_path: bool) {
        (self.draft.method, self.draft.status, self.draft.is_path) = (method, status, is_path);
    }

    /// The details of a DB.
    pub fn database(&mut self, system: Option<String>, rows: Option<f64>) {
        (self.draft.system, self.draft.rows) = (system, rows);
    }

    /// Adds a text attribute.
    pub fn text(&mut self, key: &str, value: &str) {
        self.draft.attributes.push(key, Value::Text(value));
    }

    /// Adds a number attribute.
    pub fn numeric(&mut self, key: &str, value: f64) {
        self.draft.attributes.push(key, Value::Number(value));
    }

    /// Adds a truth-valued attribute.
    pub fn flag(&mut self, key: &str, value: bool) {
        self.draft.attributes.push(key, Value::Flag(value));
    }

    /// The event's parent outside a request; an invalid header starts a new trace.
    pub fn parent(&mut self, traceparent: &str) {
        self.draft.parent = TraceContext::parse(traceparent);
    }

    /// Records the event outside a request. Returns flags.
    pub fn commit(&mut self, now: f64) -> u32 {
        if !self.seed() {
            return self.refuse(1);
        }
        flags(self.collector.record(&self.draft.event(), self.draft.parent, now))
    }

    /// Records the event as a child of an open request. Returns flags.
    #[wasm_bindgen(js_name = "commitIn")]
    pub fn commit_in(&mut self, now: f64, request: f64) -> u32 {
        if !self.seed() {
            return self.refuse(1);
        }
        flags(self.collector.record_in(&self.draft.event(), Token::from_number(request), now))
    }

    /// A request begins; returns its token.
    pub fn open(&mut self, now: f64, path: &str, traceparent: Option<String>) -> f64 {
        self.seed();
        let parent = traceparent.as_deref().and_then(TraceContext::parse);
        self.collector.open(path, parent, now).to_number()
    }

    /// A handler that is not a request begins; returns its token.
    #[wasm_bindgen(js_name = "openRoot")]
    pub fn open_root(&mut self, now: f64) -> f64 {
        self.seed();
        self.collector.open_root(now).to_number()
    }

    /// Whether the request is excluded.
    pub fn excluded(&self, request: f64) -> bool {
        Token::from_number(request).is_excluded()
    }

    /// The rate that governs `path`; -1: excluded.
    #[wasm_bindgen(js_name = "effectiveRate")]
    pub fn effective_rate(&self, path: &str) -> f64 {
        self.collector.effective_rate(path).unwrap_or(-1.0)
    }

    /// The next decision's draw, where the host draws.
    #[wasm_bindgen(js_name = "supplyDraw")]
    pub fn supply_draw(&mut self, draw: f64) {
        self.collector.supply_draw(draw);
    }

    /// The request ends with the event built. Returns flags.
    pub fn end(&mut self, now: f64, request: f64) -> u32 {
        if !self.seed() {
            return self.refuse(1);
        }
        flags(self.collector.end(&self.draft.event(), Token::from_number(request), now))
    }

    /// The request will not end.
    pub fn abandon(&mut self, request: f64) {
        self.collector.abandon(Token::from_number(request));
    }

    /// The `traceparent` of a call about to be made, within an open request or not; after a blank the `tracestate`
    /// to go with it, if the one given is valid. Empty: none is to be sent.
    pub fn outgoing(&mut self, request: Option<f64>, tracestate: Option<String>) -> String {
        self.seed();
        let mut headers = String::new();
        if let Some(context) = self.collector.outgoing(request.map(Token::from_number)) {
            context.format(&mut headers);
            if let Some(state) = tracestate.as_deref().and_then(trace::tracestate) {
                headers.push(' ');
                headers.push_str(state);
            }
        }
        headers
    }

    /// The event is the span of a `traceparent` that [`outgoing`](Self::outgoing) gave.
    pub fn span(&mut self, traceparent: &str) {
        self.draft.span = TraceContext::parse(traceparent);
    }

    /// Counts events that could not even be given. Returns flags.
    pub fn refuse(&mut self, count: u32) -> u32 {
        self.collector.refuse(count as usize);
        0
    }

    /// Milliseconds until the next tick is wanted; NaN: nothing waits.
    pub fn tick(&mut self, now: f64) -> f64 {
        self.collector.tick(now).unwrap_or(f64::NAN)
    }

    /// As [`tick`](Self::tick) answers, without ticking.
    #[wasm_bindgen(js_name = "nextDeadline")]
    pub fn next_deadline(&mut self) -> f64 {
        self.collector.next_deadline().unwrap_or(f64::NAN)
    }

    /// The lease of a batch to send now; 0: none.
    pub fn poll(&mut self, now: f64) -> f64 {
        while let Some(send) = self.collector.poll_send(now) {
            let sink = &self.collector.config().sinks()[send.sink];
            let max_bytes = sink.max_bytes.map_or(usize::MAX, |max| max as usize);
            self.bytes.clear();
            self.encoders[send.sink].encode(&self.collector.batch(send), &mut self.bytes);
            if self.bytes.len() <= max_bytes {
                self.send = send;
                return send.lease as f64;
            }
            self.collector.settle(send.lease, Outcome::TooLarge, now);
        }
        0.0
    }

    /// The sink of the batch polled last.
    #[wasm_bindgen(js_name = "batchSink")]
    pub fn batch_sink(&self) -> usize {
        self.send.sink
    }

    /// The id of the batch polled last.
    #[wasm_bindgen(js_name = "batchId")]
    pub fn batch_id(&self) -> String {
        self.collector.batch(self.send).id().to_string()
    }

    /// The events, or observations, of the batch polled last.
    #[wasm_bindgen(js_name = "batchCount")]
    pub fn batch_count(&self) -> usize {
        self.collector.batch(self.send).count()
    }

    /// The bytes of the batch polled last: a copy.
    #[wasm_bindgen(js_name = "batchBytes")]
    pub fn batch_bytes(&self) -> js_sys::Uint8Array {
        js_sys::Uint8Array::from(&self.bytes[..])
    }

    /// A sink has answered: 0 ok (`value`: rejected), 1 retry (`value`: after ms), 2 fatal, 3 too large. Returns flags.
    pub fn settle(&mut self, now: f64, lease: f64, answer: u32, value: Option<f64>) -> u32 {
        self.collector.settle(lease as u64, outcome(answer, value), now);
        u32::from(self.collector.has_notices())
    }

    /// What is queued now is due until `deadline_ms` from now.
    pub fn flush(&mut self, now: f64, deadline_ms: f64) {
        self.collector.flush(deadline_ms, now);
    }

    /// Whether the flush still has something to wait for.
    pub fn flushing(&mut self, now: f64) -> bool {
        self.collector.is_flushing(now)
    }

    /// Refuses new events from now on.
    pub fn close(&mut self, now: f64) {
        self.collector.close(now);
    }

    /// The end of closing: what is queued counts as closed.
    pub fn finish(&mut self) {
        self.collector.finish();
    }

    /// Events delivered so far, over all sinks.
    pub fn delivered(&self) -> f64 {
        self.collector.counters().sinks.iter().map(|sink| sink.delivered).sum()
    }

    /// Events queued or in flight now, over all sinks.
    pub fn remaining(&self) -> f64 {
        self.collector.counters().sinks.iter().map(|sink| sink.queued + sink.in_flight).sum()
    }

    /// Events lost so far, over all sinks.
    pub fn dropped(&self) -> f64 {
        self.collector.counters().sinks.iter().flat_map(|sink| sink.dropped).sum()
    }

    /// Events in the queue.
    #[wasm_bindgen(js_name = "queueDepth")]
    pub fn queue_depth(&self) -> usize {
        self.collector.queue_depth()
    }

    /// What became of every event.
    pub fn counters(&self) -> JsValue {
        object(|object| convert::counters(&self.collector.counters(), object))
    }

    /// The window's statistics.
    pub fn stats(&mut self, now: f64) -> JsValue {
        object(|object| convert::snapshot(&self.collector.stats(now), object))
    }

    /// Totals and the window's figures as Prometheus text.
    #[cfg(feature = "full")]
    #[wasm_bindgen(js_name = "metricsText")]
    pub fn metrics_text(&mut self, now: f64) -> String {
        let mut text = Vec::new();
        prometheus::encode(&self.collector.counters(), &self.collector.stats(now), &mut text);
        String::from_utf8(text).unwrap_or_default()
    }

    /// A text without metrics that says where they are.
    #[cfg(not(feature = "full"))]
    #[wasm_bindgen(js_name = "metricsText")]
    pub fn metrics_text(&mut self, _now: f64) -> String {
        "# tidegate/slim writes no metrics: tidegate does\n".into()
    }

    /// The next waiting notice; undefined: none.
    pub fn notice(&mut self) -> JsValue {
        let notice = self.collector.poll_notice();
        notice.map_or(JsValue::UNDEFINED, |notice| object(|object| convert::notice(&notice, object)))
    }

    /// Forgets what waits: nobody listens.
    #[wasm_bindgen(js_name = "forgetNotices")]
    pub fn forget_notices(&mut self) {
        while self.collector.poll_notice().is_some() {}
    }

    /// The address of the counters in memory, in bytes.
    #[wasm_bindgen(js_name = "ledgerAddress")]
    pub fn ledger_address(&self) -> usize {
        self.collector.ledger_block().as_ptr() as usize
    }

    /// The number of counters, 8 bytes each.
    #[wasm_bindgen(js_name = "ledgerLength")]
    pub fn ledger_length(&self) -> usize {
        self.collector.ledger_block().len()
    }

    /// Goes on from the counters of a dead instance.
    pub fn restore(&mut self, ledger: &[f64]) {
        self.collector.restore(ledger);
    }

    /// Draws the host's randomness at the first event: Workers forbid it before the first request.
    fn seed(&mut self) -> bool {
        if !self.collector.needs_entropy() {
            return true;
        }
        let mut entropy = [0; 64];
        let drawn = getrandom::fill(&mut entropy).is_ok();
        if drawn {
            self.collector.seed_entropy(entropy);
        }
        drawn
    }
}

/// Bit 1: a send is due now. Bit 2: something waits for a tick. From bit 3: how many requests the host may write
/// before it tells, so that no batch is found full too late.
fn flags(Signal { due, room, waiting }: Signal) -> u32 {
    let room = room.unwrap_or(STAGED_MAX).clamp(1, STAGED_MAX) as u32;
    u32::from(due) << 1 | u32::from(waiting) << 2 | room << 3
}

/// Requests that the host writes before it tells.
const STAGED_MAX: usize = 64;
const STAGED_WORDS: usize = 3;
const STAGE_HEAD: usize = 2;
