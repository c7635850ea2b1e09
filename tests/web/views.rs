//! The objects that come out: plain, with the names and the order of the public types.

use super::fixture::*;
use super::glue::*;
use js_sys::{Array, Float64Array, Object};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::*;

fn is_plain(value: &JsValue) -> bool {
    Object::get_prototype_of(value) == Object::get_prototype_of(&Object::new())
}

fn first(array: &JsValue) -> JsValue {
    assert!(Array::is_array(array), "{array:?}");
    array.unchecked_ref::<Array>().get(0)
}

fn assert_numbers(object: &JsValue, names: &[&str]) {
    for name in names {
        assert!(get(object, name).as_f64().is_some(), "{name}: {:?}", get(object, name));
    }
}

#[wasm_bindgen_test]
fn counters_are_plain_objects_of_numbers() {
    let engine = engine();
    request(&engine, "/a", 200.0);
    let counters = call(&engine, "Engine.counters", args![]);
    let own = ["emitted", "accepted", "sampledOut", "excluded", "refused"];
    let more = ["pending", "coreResets", "truncated", "uncarried"];
    assert_eq!(keys(&counters), [&own[..], &["refusedBy"], &more, &["metrics", "sinks"]].concat());
    let metrics = get(&counters, "metrics");
    assert_eq!(keys(&metrics), ["observed", "overflowed", "refused"]);
    assert_numbers(&metrics, &["observed", "overflowed", "refused"]);
    assert_numbers(&counters, &own);
    assert_numbers(&counters, &more);
    let refused_by = get(&counters, "refusedBy");
    let reasons = ["closed", "entropy", "name", "status", "time", "request"];
    assert_eq!(keys(&refused_by), reasons);
    assert_numbers(&refused_by, &reasons);
    let sink = first(&get(&counters, "sinks"));
    let figures = ["accepted", "delivered", "queued", "inFlight"];
    let rest = ["dropped", "leasesExpired", "lateSettles", "disabled"];
    assert_eq!(keys(&sink), [&["name"], &figures[..], &rest[..]].concat());
    assert_numbers(&sink, &figures);
    assert_numbers(&sink, &["leasesExpired", "lateSettles"]);
    assert_eq!(get(&sink, "name"), "log");
    assert_eq!(get(&sink, "disabled"), JsValue::FALSE);
    let dropped = get(&sink, "dropped");
    let reasons = ["overflow", "too_large", "rejected", "encode", "disabled", "closed", "core_reset"];
    assert_eq!(keys(&dropped), reasons);
    assert_numbers(&dropped, &reasons);
    assert!([&counters, &sink, &dropped].into_iter().all(is_plain));
}

#[wasm_bindgen_test]
fn a_batch_and_a_notice_are_plain_objects() {
    let engine = engine();
    request(&engine, "/a", 200.0);
    call(&engine, "Engine.flush", args![f64::NAN, NOW]);
    let batch = call(&engine, "Engine.poll", args![NOW]);
    assert_eq!(keys(&batch), ["sink", "lease", "count", "batchId", "address", "length"]);
    assert_numbers(&batch, &["sink", "lease", "count", "address", "length"]);
    call(&engine, "Engine.settle", args![get(&batch, "lease"), OK, 0, NOW]);
    let notice = call(&engine, "Engine.notice", args![]);
    assert_eq!(keys(&notice), ["type", "sink", "batchId", "count", "outcome"]);
    assert_numbers(&notice, &["sink", "count"]);
    assert!([&batch, &notice].into_iter().all(is_plain));
}

/// The figures of statistics, all of them and of each series.
const COUNTS: [&str; 4] = ["count", "errors", "rps", "errorPct"];
const TIMES: [&str; 7] = ["p50Ms", "p90Ms", "p95Ms", "p99Ms", "p999Ms", "maxMs", "meanMs"];

#[wasm_bindgen_test]
fn statistics_are_plain_objects_with_null_for_what_is_unknown() {
    let engine = engine();
    call(&engine, "Engine.recordRequest", args!["/größe", "GET", 500, NOW, NOW, f64::NAN]);
    let stats = call(&engine, "Engine.stats", args![NOW]);
    assert_eq!(keys(&stats), [&COUNTS[..], &TIMES, &["sparkline", "series"]].concat());
    assert_numbers(&stats, &COUNTS);
    assert!(TIMES.iter().all(|time| get(&stats, time).is_null()), "no duration is known");
    let series = first(&get(&stats, "series"));
    assert_eq!(keys(&series), [&["kind", "name"], &COUNTS[..], &TIMES, &["sparkline", "coarse"]].concat());
    assert_eq!([get(&series, "kind"), get(&series, "name")], [JsValue::from("REQ"), "/größe".into()]);
    assert_eq!(get(&series, "coarse"), JsValue::FALSE);
    assert_eq!(keys(&get(&series, "sparkline")), ["slots"]);
    let sparkline = get(&stats, "sparkline");
    assert_eq!(keys(&sparkline), ["seconds", "slots"]);
    for name in ["seconds", "slots"] {
        let counts = get(&sparkline, name);
        assert!(Array::is_array(&counts), "{name}");
        assert_eq!((get(&counts, "length"), get(&counts, "59")), (60.into(), 1.into()), "{name}");
    }
    assert!([&stats, &series, &sparkline].into_iter().all(is_plain));
}

#[wasm_bindgen_test]
fn statistics_have_the_figures_of_the_requests() {
    let engine = engine();
    for duration in 1..=100 {
        let status = if duration > 90 { 500 } else { 200 };
        call(&engine, "Engine.recordRequest", args!["/a", "GET", status, NOW, NOW, duration]);
    }
    let stats = call(&engine, "Engine.stats", args![NOW + 2000.0]);
    let figure = |name: &str| get(&stats, name).as_f64().unwrap();
    assert_eq!(["count", "errors", "errorPct", "maxMs"].map(figure), [100.0, 10.0, 10.0, 100.0]);
    assert!((figure("p50Ms") / 50.0 - 1.0).abs() <= 0.01 && (figure("meanMs") - 50.5).abs() < 0.01);
}

#[wasm_bindgen_test]
fn metrics_are_prometheus_text() {
    let engine = engine();
    request(&engine, "/größe", 200.0);
    let text = text(&engine, "Engine.metricsText", args![NOW]);
    assert!(
        text.contains("\ntidegate_sink_events_dropped_total{sink=\"log\",index=\"0\",reason=\"closed\"} 0\n")
    );
    assert!(text.contains("{kind=\"REQ\",name=\"/größe\""), "{text}");
}

#[wasm_bindgen_test]
fn a_timeline_is_numbers_of_all_requests_or_one_series() {
    let engine = engine();
    request(&engine, "/a", 200.0);
    request(&engine, "/b", 500.0);
    let of = |series: JsValue| -> Vec<f64> {
        call(&engine, "Engine.timeline", args![NOW, series]).unchecked_into::<Float64Array>().to_vec()
    };
    let numbers = of(UNDEFINED);
    assert_eq!((numbers.len(), numbers[1], numbers[297], numbers[298]), (302, 15_000.0, 2.0, 1.0));
    assert_eq!((of("REQ /b".into())[297], of("FN /b".into())[297]), (1.0, 0.0));
}

#[wasm_bindgen_test]
fn requests_are_counted_for_a_reader_without_end() {
    let engine = engine();
    call(&engine, "Engine.countRequests", args![]);
    for _ in 0..20_000 {
        request(&engine, "/a", 200.0);
    }
    let text = text(&engine, "Engine.metricsText", args![NOW]);
    assert!(text.contains("http_route=\"/a\",http_response_status_code=\"200\"} 20000\n"), "{text}");
}
