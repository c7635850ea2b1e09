//! Engine: ticks, batches, what becomes of them, and the end.

use super::fixture::*;
use super::glue::*;
use serde_json::{Value, json};
use wasm_bindgen::JsValue;
use wasm_bindgen_test::*;

/// All notices that wait.
fn notices(engine: &JsValue) -> Vec<Value> {
    let next = || Some(call(engine, "Engine.notice", args![])).filter(|notice| !notice.is_undefined());
    std::iter::from_fn(next).map(|notice| super::glue::json(&notice)).collect()
}

/// A batch of one request, on its way.
fn send_one(engine: &JsValue) -> Batch {
    request(engine, "/a", 200.0);
    call(engine, "Engine.flush", args![f64::NAN, NOW]);
    poll(engine, NOW).unwrap()
}

#[wasm_bindgen_test]
fn a_tick_says_when_the_next_is_wanted() {
    let engine = engine();
    assert!(number(&engine, "Engine.tick", args![NOW]).is_nan(), "nothing waits");
    assert!(number(&engine, "Engine.nextDeadline", args![]).is_nan());
    request(&engine, "/a", 200.0);
    assert_eq!(number(&engine, "Engine.nextDeadline", args![]), 500.0);
    assert_eq!(number(&engine, "Engine.tick", args![NOW + 100.0]), 400.0);
    assert!(call(&engine, "Engine.poll", args![NOW + 100.0]).is_undefined(), "not due yet");
    assert_eq!(number(&engine, "Engine.tick", args![NOW + 600.0]), 0.0);
    assert!(call(&engine, "Engine.poll", args![NOW + 600.0]).is_object());
}

#[wasm_bindgen_test]
fn a_round_of_sends_takes_nothing_newer() {
    let engine = engine();
    request(&engine, "/a", 200.0);
    let [end, begun] = [0, 1].map(|number| call(&engine, "Engine.round", args![number]).as_f64().unwrap());
    assert_eq!([end, begun], [1.0, 1.0]);
    request(&engine, "/b", 200.0);
    let first = call(&engine, "Engine.poll", args![NOW + 600.0, end, begun]);
    assert_eq!(super::glue::json(&first)["count"], 1);
    call(&engine, "Engine.settle", args![super::glue::json(&first)["lease"].as_f64().unwrap(), 0, 0, NOW]);
    request(&engine, "/c", 200.0);
    assert!(call(&engine, "Engine.poll", args![NOW + 600.0, end, begun]).is_undefined());
    assert_eq!(super::glue::json(&call(&engine, "Engine.poll", args![NOW + 600.0]))["count"], 2);
}

#[wasm_bindgen_test]
fn no_time_is_the_last_known_one() {
    let engine = engine();
    request(&engine, "/a", 200.0);
    call(&engine, "Engine.tick", args![NOW + 100.0]);
    for none in [f64::NAN, 0.0, f64::INFINITY] {
        assert_eq!(number(&engine, "Engine.tick", args![none]), 400.0);
    }
}

#[wasm_bindgen_test]
fn a_batch_is_an_object_and_its_bytes() {
    let engine = engine();
    request(&engine, "/größe", 200.0);
    request(&engine, "/b", 200.0);
    assert_eq!(number(&engine, "Engine.queueDepth", args![]), 2.0);
    call(&engine, "Engine.flush", args![f64::NAN, NOW]);
    let batch = poll(&engine, NOW).unwrap();
    assert_eq!(number(&engine, "Engine.queueDepth", args![]), 0.0);
    let object: Vec<_> = batch.view.as_object().unwrap().keys().cloned().collect();
    assert_eq!(object, ["address", "batchId", "count", "lease", "length", "sink"]);
    let lines = batch.lines();
    let isolate = lines[2]["isolate"].as_str().unwrap();
    assert_eq!(batch.view["batchId"], format!("{isolate}-0-1"));
    assert_eq!([&batch.view["sink"], &batch.view["count"]], [&json!(0), &json!(2)]);
    assert_eq!([&lines[0]["route"], &lines[1]["route"]], ["/größe", "/b"]);
    assert!(poll(&engine, NOW).is_none(), "a sink has one batch at a time");
}

#[wasm_bindgen_test]
fn the_bytes_of_a_batch_lie_in_memory_until_the_next_poll() {
    let engine = engine();
    let batch = send_one(&engine);
    request(&engine, "/b", 200.0);
    call(&engine, "Engine.stats", args![NOW]);
    assert_eq!(bytes_of(&batch.view), batch.bytes);
    call(&engine, "Engine.settle", args![batch.lease(), OK, 0, NOW]);
    assert_ne!(send_one(&engine).bytes, batch.bytes);
}

#[wasm_bindgen_test]
fn each_sink_has_its_own_batches() {
    let options = options();
    call(&options, "EngineOptions.sink", args!["second", "events", NULL, NULL]);
    let engine = engine_of(&options);
    request(&engine, "/a", 200.0);
    call(&engine, "Engine.flush", args![f64::NAN, NOW]);
    let [first, second] = [0, 1].map(|_| poll(&engine, NOW).unwrap());
    assert_eq!([&first.view["sink"], &second.view["sink"]], [&json!(0), &json!(1)]);
    assert_ne!(first.bytes, second.bytes);
    call(&engine, "Engine.settle", args![second.lease(), OK, 0, NOW]);
    let counters = counters(&engine);
    let figures = |figure: &str| [0, 1].map(|sink| counters["sinks"][sink][figure].as_f64().unwrap());
    assert_eq!((figures("inFlight"), figures("delivered")), ([1.0, 0.0], [0.0, 1.0]));
}

#[wasm_bindgen_test]
fn a_batch_that_was_taken_is_delivered() {
    let engine = engine();
    let batch = send_one(&engine);
    call(&engine, "Engine.settle", args![batch.lease(), OK, 0, NOW]);
    let flushed = json!({
        "type": "flush", "sink": 0, "batchId": batch.view["batchId"], "count": 1, "outcome": "ok",
    });
    assert_eq!(notices(&engine), [flushed]);
    assert_eq!(counters(&engine)["sinks"][0]["delivered"], 1);
}

#[wasm_bindgen_test]
fn a_batch_that_was_taken_in_part_loses_the_rest() {
    let engine = engine();
    request(&engine, "/a", 200.0);
    let batch = send_one(&engine);
    call(&engine, "Engine.settle", args![batch.lease(), OK, 1, NOW]);
    assert_eq!(notices(&engine)[1], json!({ "type": "drop", "sink": 0, "reason": "rejected", "count": 1 }));
    let sink = &counters(&engine)["sinks"][0];
    assert_eq!([&sink["delivered"], &sink["dropped"]["rejected"]], [&json!(1), &json!(1)]);
}

#[wasm_bindgen_test]
fn a_batch_to_retry_comes_again_after_the_time_asked_for() {
    let engine = engine();
    let first = send_one(&engine);
    call(&engine, "Engine.settle", args![first.lease(), RETRY, 1234.5, NOW]);
    assert_eq!(notices(&engine)[0]["outcome"], "retry");
    assert_eq!(number(&engine, "Engine.nextDeadline", args![]), 1234.5);
    assert!(poll(&engine, NOW + 1234.0).is_none());
    let again = poll(&engine, NOW + 1234.5).unwrap();
    assert_eq!((&again.bytes, &again.view["batchId"]), (&first.bytes, &first.view["batchId"]));
    assert_ne!(again.lease(), first.lease());
}

#[wasm_bindgen_test]
fn a_retry_after_an_unknown_time_backs_off() {
    let engine = engine();
    let batch = send_one(&engine);
    call(&engine, "Engine.settle", args![batch.lease(), RETRY, f64::NAN, NOW]);
    let wait = number(&engine, "Engine.nextDeadline", args![]);
    assert!((0.0..250.0).contains(&wait), "{wait}");
}

#[wasm_bindgen_test]
fn other_outcomes_lose_the_batch() {
    for (code, outcome, reason) in
        [(FATAL, "fatal", "rejected"), (TOO_LARGE, "too-large", "too_large"), (99.0, "fatal", "rejected")]
    {
        let engine = engine();
        let batch = send_one(&engine);
        call(&engine, "Engine.settle", args![batch.lease(), code, UNDEFINED, NOW]);
        let notices = notices(&engine);
        assert_eq!((&notices[0]["outcome"], &notices[1]["reason"]), (&json!(outcome), &json!(reason)));
        assert_eq!(counters(&engine)["sinks"][0]["dropped"][reason], 1);
    }
}

#[wasm_bindgen_test]
fn a_lease_runs_out_and_its_late_answer_only_counts() {
    let engine = engine();
    let batch = send_one(&engine);
    call(&engine, "Engine.tick", args![NOW + 3000.0]);
    for lease in [batch.lease(), -1.0, f64::NAN] {
        call(&engine, "Engine.settle", args![lease, OK, 0, NOW + 3000.0]);
    }
    let sink = &counters(&engine)["sinks"][0];
    assert_eq!([&sink["leasesExpired"], &sink["lateSettles"]], [&json!(1), &json!(3)]);
    assert_eq!([&sink["queued"], &sink["delivered"]], [&json!(1), &json!(0)]);
}

#[wasm_bindgen_test]
fn a_sink_that_fails_is_disabled_and_recovers() {
    let options = options();
    call(&options, "EngineOptions.setNumber", args!["maxConsecutiveSinkFailures", 1]);
    call(&options, "EngineOptions.setNumber", args!["sinkProbeMs", 100]);
    let engine = engine_of(&options);
    let batch = send_one(&engine);
    call(&engine, "Engine.settle", args![batch.lease(), RETRY, 50, NOW]);
    assert_eq!(notices(&engine)[1], json!({ "type": "sink-disabled", "sink": 0, "count": 1 }));
    assert_eq!(counters(&engine)["sinks"][0]["disabled"], true);
    let probe = poll(&engine, NOW + 100.0).unwrap();
    call(&engine, "Engine.settle", args![probe.lease(), OK, 0, NOW + 100.0]);
    assert_eq!(notices(&engine)[1], json!({ "type": "sink-recovered", "sink": 0 }));
}

#[wasm_bindgen_test]
fn notices_that_nobody_wants_are_dropped() {
    let engine = engine();
    for _ in 0..3 {
        let batch = send_one(&engine);
        call(&engine, "Engine.settle", args![batch.lease(), OK, 0, NOW]);
    }
    assert!(call(&engine, "Engine.notice", args![]).is_object());
    call(&engine, "Engine.dropNotices", args![]);
    assert!(call(&engine, "Engine.notice", args![]).is_undefined());
}

#[wasm_bindgen_test]
fn a_total_says_what_was_delivered_what_remains_and_what_was_dropped() {
    let engine = engine();
    for outcome in [OK, OK, FATAL] {
        let batch = send_one(&engine);
        call(&engine, "Engine.settle", args![batch.lease(), outcome, 0, NOW]);
    }
    for _ in 0..3 {
        request(&engine, "/a", 200.0);
    }
    let [delivered, remaining, dropped] =
        [0, 1, 2].map(|total| number(&engine, "Engine.total", args![total]));
    assert_eq!([delivered, remaining, dropped], [2.0, 3.0, 1.0]);
}

#[wasm_bindgen_test]
fn a_flush_lasts_until_all_is_sent_or_its_time_is_up() {
    let engine = engine();
    assert!(!flag(&engine, "Engine.isFlushing", args![NOW]));
    request(&engine, "/a", 200.0);
    call(&engine, "Engine.flush", args![100, NOW]);
    assert!(flag(&engine, "Engine.isFlushing", args![NOW + 99.0]));
    assert!(!flag(&engine, "Engine.isFlushing", args![NOW + 100.0]), "its time is up");
    call(&engine, "Engine.flush", args![f64::NAN, NOW + 100.0]);
    assert!(flag(&engine, "Engine.isFlushing", args![NOW + 2099.0]), "flushDeadlineMs is the default");
    let batch = poll(&engine, NOW + 2099.0).unwrap();
    call(&engine, "Engine.settle", args![batch.lease(), OK, 0, NOW + 2099.0]);
    assert!(!flag(&engine, "Engine.isFlushing", args![NOW + 2099.0]), "all is sent");
}

#[wasm_bindgen_test]
fn when_a_sink_is_next_sent_to_is_known() {
    let engine = engine();
    assert_eq!(number(&engine, "Engine.retryIn", args![0]), 0.0);
    request(&engine, "/a", 200.0);
    call(&engine, "Engine.flush", args![f64::NAN, NOW]);
    let lease = poll(&engine, NOW).unwrap().lease();
    call(&engine, "Engine.settle", args![lease, 1, 1234, NOW]);
    assert_eq!(number(&engine, "Engine.retryIn", args![0]), 1234.0);
    call(&engine, "Engine.finish", args![]);
    assert!(number(&engine, "Engine.retryIn", args![0]).is_nan(), "it is shut down");
    assert!(number(&engine, "Engine.retryIn", args![7]).is_nan(), "there is no such sink");
}

#[wasm_bindgen_test]
fn a_closed_engine_refuses_events_and_counts_what_is_left() {
    let engine = engine();
    request(&engine, "/a", 200.0);
    call(&engine, "Engine.close", args![NOW]);
    request(&engine, "/late", 200.0);
    assert_eq!(
        [&counters(&engine)["refused"], &counters(&engine)["sinks"][0]["queued"]],
        [&json!(1), &json!(1)]
    );
    call(&engine, "Engine.finish", args![]);
    let sink = &counters(&engine)["sinks"][0];
    assert_eq!([&sink["queued"], &sink["dropped"]["closed"]], [&json!(0), &json!(1)]);
    assert!(number(&engine, "Engine.tick", args![NOW + 1e6]).is_nan(), "nothing waits");
}
