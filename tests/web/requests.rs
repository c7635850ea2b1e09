//! The RequestBuffer: requests that JavaScript writes into wasm memory. Its layout: `src/wasm/requests.rs`.

use super::fixture::*;
use super::glue::*;
use serde_json::json;
use wasm_bindgen::JsValue;
use wasm_bindgen_test::*;

const HEAD: usize = 2;
const ROW: usize = 8;
const ANSWER: usize = 3;
const IS_PATH: f64 = (1u64 << 42) as f64;

/// An engine, and what JavaScript writes for it.
struct Buffer {
    engine: JsValue,
    words: Vec<f64>,
    text: Vec<u8>,
}

impl Buffer {
    fn new(engine: JsValue) -> Self {
        Self { engine, words: vec![0.0, NOW], text: Vec::new() }
    }

    /// A request of a route that has an id.
    fn push(&mut self, start: f64, duration: f64, status: f64, method: f64, route_id: f64) {
        let packed = route_id + method * 2f64.powi(16) + status * 2f64.powi(32);
        self.words.extend([start, duration, packed, f64::NAN, 0.0, 0.0, 0.0, 0.0]);
    }

    /// A request of a route given by text.
    fn push_text(&mut self, status: f64, method: f64, route: &str, bits: f64) {
        self.push(NOW, 5.0, status, method, 0.0);
        let packed = self.words.len() - ROW + 2;
        self.words[packed] += route.len() as f64 * 2f64.powi(43) + bits;
        self.text.extend_from_slice(route.as_bytes());
    }

    /// Writes all that was pushed and has it recorded. Returns the flags, and the answer to each request.
    fn record(&mut self, now: f64) -> (u32, Vec<f64>) {
        let count = (self.words.len() - HEAD) / ROW;
        let (words, text) = (self.words.split_off(HEAD), std::mem::take(&mut self.text));
        let [at, text_at, ..] = addresses(&self.engine);
        write_words(at, &[&self.words, &words[..]].concat());
        write_bytes(text_at, &text);
        let flags =
            number(&self.engine, "Engine.recordRequests", args![count as f64, text.len() as f64, now]);
        let after = read_words(at, (HEAD + count.min(64) * ROW) as f64);
        assert_eq!(after[0], 0.0, "no request of a call that came back is under way");
        (flags as u32, after[HEAD..].chunks(ROW).map(|row| row[ANSWER]).collect())
    }
}

/// The id that a method has earned by a request.
fn method_id(engine: &JsValue, method: &str) -> f64 {
    let flags = number(engine, "Engine.recordRequest", args!["/a", method, 200, NOW, NOW, 5]) as u32;
    assert!(flags >> 16 > 0, "{method} has no id");
    f64::from((flags >> 16) - 1)
}

#[wasm_bindgen_test]
fn a_method_earns_its_id_by_a_request_that_is_kept() {
    let engine = engine();
    assert_eq!(["GET", "POST", "GET"].map(|method| method_id(&engine, method)), [0.0, 1.0, 0.0]);
    let options = options();
    call(&options, "EngineOptions.setNumber", args!["rate", 0]);
    assert_eq!(request(&engine_of(&options), "/a", 200.0) as u32 >> 16, 0);
}

#[wasm_bindgen_test]
fn routes_given_by_text_are_recorded_and_answered_with_an_id() {
    let engine = engine();
    let (get, put) = (method_id(&engine, "GET"), method_id(&engine, "PUT"));
    sent_events(&engine);
    let mut buffer = Buffer::new(engine);
    buffer.push_text(200.0, get, "/größe/🚢", 0.0);
    buffer.push_text(503.0, put, "/b", 0.0);
    buffer.push_text(0.0, get, "/b", 0.0);
    let (_, ids) = buffer.record(NOW);
    assert!(ids.iter().all(|&id| id >= 0.0) && ids[0] != ids[1] && ids[1] == ids[2], "{ids:?}");
    buffer.push(NOW - 7.5, f64::NAN, 999.0, get, ids[0]);
    assert_eq!(buffer.record(NOW).1, [-1.0], "a route that has an id is not answered");
    let expected = [
        json!({ "kind": "REQ", "ts": TS, "route": "/größe/🚢", "method": "GET", "status": 200, "dur_ms": 5, "p": 1 }),
        json!({ "kind": "REQ", "ts": TS, "route": "/b", "method": "PUT", "status": 503, "dur_ms": 5, "p": 1 }),
        json!({ "kind": "REQ", "ts": TS, "route": "/b", "method": "GET", "dur_ms": 5, "p": 1 }),
        json!({ "kind": "REQ", "ts": NOW - 7.5, "route": "/größe/🚢", "method": "GET", "status": 999, "p": 1 }),
    ];
    assert_eq!(sent_events(&buffer.engine), expected);
}

#[wasm_bindgen_test]
fn a_raw_path_is_shown_as_its_template_and_earns_an_id_when_it_returns() {
    let engine = engine();
    let get = method_id(&engine, "GET");
    sent_events(&engine);
    let mut buffer = Buffer::new(engine);
    let mut answers = Vec::new();
    for _ in 0..2 {
        buffer.push_text(200.0, get, "/users/42?q=1", IS_PATH);
        answers.extend(buffer.record(NOW).1);
    }
    assert!(answers[0] == -1.0 && answers[1] >= 0.0, "{answers:?}");
    buffer.push(NOW, 5.0, 200.0, get, answers[1]);
    buffer.record(NOW);
    let routes: Vec<_> = sent_events(&buffer.engine).iter().map(|event| event["route"].clone()).collect();
    assert_eq!(routes, ["/users/:id"; 3]);
}

#[wasm_bindgen_test]
fn a_call_records_the_first_64_requests() {
    let engine = engine();
    let get = method_id(&engine, "GET");
    let mut buffer = Buffer::new(engine);
    for n in 0..64 {
        buffer.push_text(200.0, get, &format!("/{n}"), 0.0);
    }
    assert_eq!(buffer.record(NOW).1.len(), 64);
    assert_eq!(counters(&buffer.engine)["emitted"], 65);
    number(&buffer.engine, "Engine.recordRequests", args![65, 0, NOW]);
    assert_eq!(counters(&buffer.engine)["emitted"], 65 + 64, "there is no room for more");
}

#[wasm_bindgen_test]
fn buffered_requests_have_waited_since_the_first_was_written() {
    let engine = engine();
    let get = method_id(&engine, "GET");
    sent_events(&engine);
    let mut buffer = Buffer::new(engine);
    buffer.push_text(200.0, get, "/a", 0.0);
    let (flags, _) = buffer.record(NOW + 200.0);
    assert_eq!(flags >> 2 & 1, 1, "something waits");
    assert_eq!(number(&buffer.engine, "Engine.nextDeadline", args![]), 300.0);
}

#[wasm_bindgen_test]
fn flags_of_a_call_count_what_fits_before_the_next() {
    let options = construct("EngineOptions", args![]);
    call(&options, "EngineOptions.sink", args!["log", "ndjson", 10, UNDEFINED]);
    let engine = engine_of(&options);
    let get = method_id(&engine, "GET");
    let mut buffer = Buffer::new(engine);
    for (pushed, due, limit) in [(3, 0, 6), (6, 1, 1)] {
        for _ in 0..pushed {
            buffer.push_text(200.0, get, "/a", 0.0);
        }
        let (flags, _) = buffer.record(NOW);
        assert_eq!((flags >> 1 & 1, flags >> 3 & 0x1fff, flags >> 16), (due, limit, 0));
    }
}

#[wasm_bindgen_test]
fn ids_that_nobody_has_are_refused() {
    let engine = engine();
    let get = method_id(&engine, "GET");
    let mut buffer = Buffer::new(engine);
    buffer.push_text(200.0, 15.0, "/a", 0.0);
    buffer.push(NOW, 5.0, 200.0, get, 65535.0);
    assert_eq!(buffer.record(NOW).1, [-1.0; 2]);
    let counters = counters(&buffer.engine);
    assert_eq!([&counters["emitted"], &counters["refused"]], [&json!(3), &json!(2)]);
}

#[wasm_bindgen_test]
fn whatever_the_memory_holds_each_request_counts_once() {
    let engine = engine();
    method_id(&engine, "GET");
    let [at, text_at, ..] = addresses(&engine);
    let mut emitted = 1.0;
    for packed in [f64::NAN, -1.0, f64::INFINITY, 2f64.powi(53) - 1.0, 2f64.powi(52)] {
        let row = [NOW, 5.0, packed, 0.0, 0.0, 0.0, 0.0, 0.0];
        write_words(at, &[&[0.0, NOW][..], &row, &row].concat());
        write_bytes(text_at, &[0xff; 64]);
        for text_bytes in [0.0, 64.0, 4e9] {
            call(&engine, "Engine.recordRequests", args![2, text_bytes, NOW]);
            emitted += 2.0;
        }
    }
    let counters = counters(&engine);
    let settled = ["accepted", "refused"].map(|count| counters[count].as_f64().unwrap());
    assert_eq!(counters["emitted"].as_f64(), Some(emitted));
    assert_eq!(settled.iter().sum::<f64>(), emitted);
}
