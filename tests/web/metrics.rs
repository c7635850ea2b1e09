//! Metrics of the program: their buffer in wasm memory, whose layout `src/wasm/measuring.rs` has, and what comes out.

use super::fixture::*;
use super::glue::*;
use serde_json::{Value, json};
use wasm_bindgen::JsValue;
use wasm_bindgen_test::*;

const COUNTER: f64 = 0.0;
const GAUGE: f64 = 1.0;
const HISTOGRAM: f64 = 2.0;

fn metric(engine: &JsValue, kind: f64, name: &str) -> f64 {
    number(engine, "Engine.metric", args![kind, name, "{unit}", "What it is."])
}

/// Writes pairs of a series and a number, and has them recorded. Returns the flags.
fn measure(engine: &JsValue, rows: &[f64]) -> f64 {
    let at = addresses(engine)[2];
    write_words(at, &[&[0.0], rows].concat());
    let flags = number(engine, "Engine.measure", args![(rows.len() / 2) as f64, NOW]);
    assert_eq!(read_words(at, 1.0), [0.0], "no row of a call that came back is under way");
    flags
}

#[wasm_bindgen_test]
fn a_metric_has_an_id_or_a_reason() {
    let engine = engine();
    let id = |kind: f64, name: &str| call(&engine, "Engine.metric", args![kind, name, "", ""]);
    assert_eq!([id(COUNTER, "a"), id(GAUGE, "b"), id(COUNTER, "A")], [0, 1, 0].map(JsValue::from));
    let reason = id(HISTOGRAM, "a").as_string().unwrap();
    assert_eq!(reason, "histogram \"a\" is a counter already");
    assert!(id(COUNTER, "größe").as_string().unwrap().contains("\"größe\" is no name"));
}

#[wasm_bindgen_test]
fn a_series_has_the_attributes_that_were_added_before() {
    let engine = engine();
    let orders = metric(&engine, COUNTER, "orders");
    let series = |n: f64| {
        call(&engine, "Engine.addText", args!["plan", "größe"]);
        call(&engine, "Engine.addNumber", args!["n", n]);
        number(&engine, "Engine.series", args![orders])
    };
    assert_eq!([series(1.0), series(2.0), series(1.0)], [128.0, 129.0, 128.0]);
    assert_eq!(number(&engine, "Engine.series", args![orders]), 0.0, "the attributes are cleared");
}

#[wasm_bindgen_test]
fn numbers_are_recorded_and_counted() {
    let engine = engine();
    let orders = metric(&engine, COUNTER, "orders");
    let size = metric(&engine, HISTOGRAM, "size");
    call(&engine, "Engine.addFlag", args!["eu", true]);
    let eu = number(&engine, "Engine.series", args![orders]);
    measure(&engine, &[eu, 2.0, 2.0 * size, 10.0, eu, 3.0, 2.0 * size, -1.0, eu, -1.0, 4000.0, 1.0]);
    let metrics = view(&engine, "Engine.metrics", args![]);
    let orders = json!({
        "name": "orders", "kind": "counter", "unit": "{unit}", "attributes": { "eu": true }, "value": 5
    });
    assert_eq!(metrics[0], orders);
    assert_eq!(metrics[1]["attributes"], json!({}));
    assert_eq!(
        [&metrics[1]["count"], &metrics[1]["sum"], &metrics[1]["min"]].map(|n| n.as_f64().unwrap()),
        [2.0, 9.0, -1.0]
    );
    assert!((metrics[1]["p99"].as_f64().unwrap() / 10.0 - 1.0).abs() < 0.01);
    let counted = view(&engine, "Engine.counters", args![]);
    assert_eq!(counted["metrics"], json!({ "observed": 4, "overflowed": 0, "refused": 2 }));
    assert_eq!(counted["emitted"], 0);
}

#[wasm_bindgen_test]
fn a_call_takes_at_most_what_the_buffer_holds() {
    let engine = engine();
    let orders = metric(&engine, COUNTER, "orders");
    measure(&engine, &[2.0 * orders, 1.0].repeat(64));
    call(&engine, "Engine.measure", args![1e6, NOW]);
    assert_eq!(counters(&engine)["metrics"]["observed"], 128);
}

#[wasm_bindgen_test]
fn known_methods_are_those_of_the_list() {
    let options = construct("EngineOptions", args![]);
    call(&options, "EngineOptions.setText", args!["methods", "PURGE,GET"]);
    call(
        &options,
        "EngineOptions.sink",
        args!["t", "otlp-traces-json", UNDEFINED, UNDEFINED, UNDEFINED, false],
    );
    let engine = engine_of(&options);
    for method in ["PURGE", "PUT"] {
        call(&engine, "Engine.setText", args![SOURCE, method]);
        call(&engine, "Engine.record", args![REQ, "/a", 200, NOW, NOW, 5, f64::NAN, false]);
    }
    call(&engine, "Engine.flush", args![f64::NAN, NOW]);
    let text = String::from_utf8(poll(&engine, NOW).unwrap().bytes).unwrap();
    assert!(text.contains(r#""name":"PURGE /a""#) && text.contains(r#""name":"HTTP /a""#), "{text}");
}

#[wasm_bindgen_test]
fn a_metrics_sink_waits_for_its_interval_and_splits_requests_by_labels() {
    let options = construct("EngineOptions", args![]);
    call(&options, "EngineOptions.setText", args!["labels", "tenant"]);
    let sink = |interval: JsValue, cumulative: bool| {
        let format = "otlp-metrics-json";
        call(&options, "EngineOptions.sink", args!["m", format, UNDEFINED, UNDEFINED, interval, cumulative]);
    };
    sink(2000.into(), true);
    let engine = engine_of(&options);
    call(&engine, "Engine.addText", args!["tenant", "acme"]);
    call(&engine, "Engine.setText", args![SOURCE, "GET"]);
    let flags = number(&engine, "Engine.record", args![REQ, "/a", 200, NOW, NOW, 5, f64::NAN, false]);
    assert_eq!(flags as u32 & 6, 4, "it waits");
    assert_eq!(number(&engine, "Engine.nextDeadline", args![]), 2000.0);
    call(&engine, "Engine.flush", args![f64::NAN, NOW]);
    let text = String::from_utf8(poll(&engine, NOW).unwrap().bytes).unwrap();
    assert!(text.contains(r#"{"key":"tenant","value":{"stringValue":"acme"}}"#), "{text}");
    assert!(text.contains(r#""aggregationTemporality":2"#), "{text}");
    let options = construct("EngineOptions", args![]);
    call(&options, "EngineOptions.sink", args!["m", "otlp-metrics-json", NULL, NULL, NULL, false]);
    let engine = engine_of(&options);
    request(&engine, "/a", 200.0);
    assert_eq!(number(&engine, "Engine.nextDeadline", args![]), 10_000.0);
    call(&engine, "Engine.flushOverdue", args![NOW]);
    assert_eq!(number(&engine, "Engine.nextDeadline", args![]), 0.0, "no batch was sent before");
}

#[wasm_bindgen_test]
fn a_sink_of_statistics_pushes_after_five_seconds_what_a_store_can_merge() {
    let options = construct("EngineOptions", args![]);
    call(&options, "EngineOptions.sink", args!["hub", "stats", NULL, NULL, NULL, true]);
    let engine = engine_of(&options);
    request(&engine, "/a", 200.0);
    assert_eq!(number(&engine, "Engine.nextDeadline", args![]), 5000.0);
    let bytes = poll(&engine, NOW + 5000.0).unwrap().bytes;
    let part = |at: usize| {
        let length = u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
        (at + 4 + length, serde_json::from_slice::<Value>(&bytes[at + 4..at + 4 + length]).unwrap())
    };
    let (at, head) = part(0);
    assert_eq!((&head["seq"], &head["to"]), (&json!(1), &json!(TS + 5000)));
    let (at, metrics) = part(at);
    let metrics = &metrics["resourceMetrics"][0]["scopeMetrics"][0]["metrics"];
    assert_eq!(metrics[0]["exponentialHistogram"]["aggregationTemporality"], 1, "always delta");
    let store = construct("StatsStore", args![]);
    call(&store, "StatsStore.merge", args![js_sys::Uint8Array::from(&bytes[at..])]);
    assert_eq!(view(&store, "StatsStore.snapshot", args![NOW + 5000.0])["count"], 1);
}
