//! Engines to test with, and what comes out of them.

use super::glue::*;
use js_sys::Float64Array;
use serde_json::Value;
use wasm_bindgen::{JsCast, JsValue};

pub const NOW: f64 = 1_750_000_000_000.0;
/// The same as JSON has it.
pub const TS: u64 = NOW as u64;

/// Kinds of event, by number.
pub const REQ: f64 = 0.0;
pub const FN: f64 = 1.0;
pub const DB: f64 = 2.0;
pub const EVT: f64 = 3.0;

/// Texts of an event, by number.
pub const ERROR: f64 = 0.0;
pub const SOURCE: f64 = 1.0;

/// In place of a token: a request that is over.
pub const OVER: f64 = -1.0;

/// Outcomes of a send, by number.
pub const OK: f64 = 0.0;
pub const RETRY: f64 = 1.0;
pub const FATAL: f64 = 2.0;
pub const TOO_LARGE: f64 = 3.0;

/// Options with one NDJSON sink, called "log".
pub fn options() -> JsValue {
    let options = construct("EngineOptions", args![]);
    call(&options, "EngineOptions.sink", args!["log", "ndjson", UNDEFINED, UNDEFINED]);
    options
}

pub fn engine_of(options: &JsValue) -> JsValue {
    construct("Engine", args![options.clone()])
}

pub fn engine() -> JsValue {
    engine_of(&options())
}

/// Records a GET that took 5 ms. Returns the engine's flags.
pub fn request(engine: &JsValue, route: &str, status: f64) -> f64 {
    number(engine, "Engine.recordRequest", args![route, "GET", status, NOW, NOW, 5])
}

/// A batch as it was polled, and its bytes.
pub struct Batch {
    pub view: Value,
    pub bytes: Vec<u8>,
}

impl Batch {
    pub fn lease(&self) -> f64 {
        self.view["lease"].as_f64().unwrap()
    }

    /// The lines of an NDJSON batch: its events, then its META.
    pub fn lines(&self) -> Vec<Value> {
        let text = std::str::from_utf8(&self.bytes).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// The next batch that is due, if there is one.
pub fn poll(engine: &JsValue, now: f64) -> Option<Batch> {
    let view = call(engine, "Engine.poll", args![now]);
    if view.is_undefined() {
        return None;
    }
    let view = json(&view);
    Some(Batch { bytes: bytes_of(&view), view })
}

/// The bytes of a batch, which lie in memory.
pub fn bytes_of(view: &Value) -> Vec<u8> {
    let [address, length] = ["address", "length"].map(|key| view[key].as_f64().unwrap());
    read_bytes(address, length)
}

/// Sends all that is queued. Returns the lines of its batches.
pub fn send_all(engine: &JsValue) -> Vec<Value> {
    call(engine, "Engine.flush", args![f64::NAN, NOW]);
    let mut lines = Vec::new();
    while let Some(batch) = poll(engine, NOW) {
        lines.extend(batch.lines());
        call(engine, "Engine.settle", args![batch.lease(), OK, 0, NOW]);
    }
    lines
}

/// Sends all that is queued. Returns the events without their ids.
pub fn sent_events(engine: &JsValue) -> Vec<Value> {
    let mut events = send_all(engine);
    events.retain(|line| line["kind"] != "META");
    for event in &mut events {
        for id in ["trace_id", "span_id"] {
            event.as_object_mut().unwrap().remove(id).unwrap();
        }
    }
    events
}

/// Where an engine has its request buffer, the texts of that, its measurements, and its ledger with a number of counters.
pub fn addresses(engine: &JsValue) -> [f64; 5] {
    let addresses = call(engine, "Engine.addresses", args![]).unchecked_into::<Float64Array>().to_vec();
    addresses.try_into().unwrap()
}

pub fn counters(engine: &JsValue) -> Value {
    view(engine, "Engine.counters", args![])
}
