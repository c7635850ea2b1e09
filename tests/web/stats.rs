//! StatsStore: statistics without a collector.

use super::fixture::NOW;
use super::glue::*;
use js_sys::{Array, Float64Array, Uint8Array};
use serde_json::json;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::*;

fn store() -> JsValue {
    construct("StatsStore", args![])
}

fn bytes(store: &JsValue) -> JsValue {
    call(store, "StatsStore.toBytes", args![])
}

#[wasm_bindgen_test]
fn events_are_counted_in_all_and_in_their_series() {
    let store = store();
    let record = |duration: f64, is_error: bool, series: JsValue| {
        flag(&store, "StatsStore.record", args![NOW, duration, is_error, series])
    };
    assert!(record(10.0, false, "/größe".into()));
    assert!(record(20.0, true, NULL) && record(f64::NAN, false, UNDEFINED));
    let stats = view(&store, "StatsStore.snapshot", args![NOW + 1000.0]);
    assert_eq!([&stats["count"], &stats["errors"], &stats["maxMs"]], [&json!(3), &json!(1), &json!(20)]);
    assert_eq!(stats["meanMs"], 15, "a duration of NaN is unknown");
    let series = stats["series"].as_array().unwrap();
    assert_eq!((series.len(), &series[0]["name"], &series[0]["count"]), (1, &json!("/größe"), &json!(1)));
}

#[wasm_bindgen_test]
fn an_event_that_cannot_be_counted_is_refused() {
    let store = store();
    let record = |at: f64, duration: f64| flag(&store, "StatsStore.record", args![at, duration, false]);
    assert!(record(NOW, 1.0));
    assert!(!record(NOW - 900_001.0, 1.0), "older than the window");
    assert!(!record(f64::NAN, 1.0) && !record(NOW, -1.0) && !record(NOW, f64::INFINITY));
    assert_eq!(view(&store, "StatsStore.snapshot", args![NOW])["count"], 1);
}

#[wasm_bindgen_test]
fn a_window_and_a_number_of_series_can_be_chosen() {
    let store = construct("StatsStore", args![60_000, 1]);
    for (at, series) in [(NOW, "/a"), (NOW + 1.0, "/b"), (NOW + 2.0, "/c")] {
        call(&store, "StatsStore.record", args![at, 1, false, series]);
    }
    let names = |now: f64| -> Vec<_> {
        let stats = view(&store, "StatsStore.snapshot", args![now]);
        stats["series"].as_array().unwrap().iter().map(|series| series["name"].clone()).collect()
    };
    assert_eq!(names(NOW + 2.0), ["/a", "_OTHER"]);
    assert_eq!(names(NOW + 120_000.0), [""; 0], "all have left the window");
    assert_eq!(view(&store, "StatsStore.snapshot", args![NOW + 120_000.0])["count"], 0);
}

#[wasm_bindgen_test]
fn a_timeline_is_numbers_in_rows() {
    let store = store();
    for (duration, is_error) in [(10.0, false), (20.0, true), (f64::NAN, false)] {
        call(&store, "StatsStore.record", args![NOW, duration, is_error, "/a"]);
    }
    let of = |slots: u32, series: JsValue| -> Vec<f64> {
        let numbers = call(&store, "StatsStore.timeline", args![NOW, slots, series]);
        numbers.unchecked_into::<Float64Array>().to_vec()
    };
    let newest = |numbers: &[f64]| numbers[numbers.len() - 5..].to_vec();
    for (slots, steps) in [(1, 60.0), (4, 15.0)] {
        for numbers in [of(slots, UNDEFINED), of(slots, "REQ /a".into())] {
            let step_ms = f64::from(slots) * 15_000.0;
            let first = ((NOW / step_ms).floor() + 1.0 - steps) * step_ms;
            assert_eq!((numbers.len(), numbers[0], numbers[1]), (2 + 5 * steps as usize, first, step_ms));
            let newest = newest(&numbers);
            assert_eq!(newest[..2], [3.0, 1.0]);
            assert!((newest[2] - 10.0).abs() < 0.1 && newest[3] == 20.0 && newest[4] == 20.0, "{newest:?}");
            assert_eq!(numbers[2..4], [0.0; 2]);
            assert!(numbers[4..7].iter().all(|ms| ms.is_nan()));
        }
    }
    for series in ["FN /a", "REQ /b", "_OTHER _OTHER", "EVT /a", "/a", ""] {
        assert_eq!(newest(&of(1, series.into()))[..2], [0.0, 0.0]);
    }
}

#[wasm_bindgen_test]
fn a_store_that_cannot_be_throws() {
    let refusal = |window: JsValue, series: JsValue| construct_throws("StatsStore", args![window, series]);
    assert_eq!(
        refusal(59.into(), UNDEFINED),
        Thrown {
            code: "config/stats-window".into(),
            message: "windowMs is 59; it must be a number from 60 to 86400000".into(),
        }
    );
    assert_eq!(refusal(f64::NAN.into(), NULL).code, "config/stats-window");
    for series in [0.0, 1.5, 1025.0] {
        assert_eq!(refusal(NULL, series.into()).code, "config/stats-series");
    }
}

#[wasm_bindgen_test]
fn what_one_store_counted_is_added_to_another() {
    let stores = [store(), store()];
    for (store, durations) in stores.iter().zip([[1.0, 2.0], [3.0, 4.0]]) {
        for duration in durations {
            call(store, "StatsStore.record", args![NOW, duration, false, "/größe"]);
        }
    }
    call(&stores[1], "StatsStore.record", args![NOW, -1, false]);
    let sent = call(&stores[1], "StatsStore.toBytes", args![]);
    assert!(sent.is_instance_of::<Uint8Array>());
    assert_eq!(number(&stores[0], "StatsStore.merge", args![sent]), 1.0, "what the other one refused");
    let stats = view(&stores[0], "StatsStore.snapshot", args![NOW]);
    assert_eq!([&stats["count"], &stats["maxMs"], &stats["meanMs"]], [&json!(4), &json!(4), &json!(2.5)]);
    assert_eq!(stats["series"][0]["count"], 4);
}

#[wasm_bindgen_test]
fn bytes_come_in_any_array() {
    let full = store();
    call(&full, "StatsStore.record", args![NOW, 1, false]);
    let array = Array::from(&bytes(&full));
    let empty = store();
    call(&empty, "StatsStore.merge", args![array]);
    assert_eq!(view(&empty, "StatsStore.snapshot", args![NOW])["count"], 1);
}

#[wasm_bindgen_test]
fn bytes_that_are_not_a_stores_are_refused_whole() {
    let store = store();
    call(&store, "StatsStore.record", args![NOW, 1, false]);
    let before = bytes(&store).unchecked_into::<Uint8Array>().to_vec();
    let of_another_window = bytes(&construct("StatsStore", args![60_000]));
    let cut = Uint8Array::from(&before[..before.len() - 1]);
    for bad in [Uint8Array::new_with_length(0).into(), cut.into(), of_another_window] {
        let refusal = throws(&store, "StatsStore.merge", args![bad]);
        assert!(refusal.code == "stats/bytes" && !refusal.message.is_empty(), "{refusal:?}");
    }
    assert_eq!(bytes(&store).unchecked_into::<Uint8Array>().to_vec(), before);
}

#[wasm_bindgen_test]
fn a_store_whose_clock_is_far_ahead_is_refused_and_changes_nothing() {
    let store = store();
    call(&store, "StatsStore.record", args![NOW, 1, false, "/a"]);
    let before = bytes(&store).unchecked_into::<Uint8Array>().to_vec();
    for ahead in [60_001.0, 3_600_000.0, 1e12] {
        let peer = construct("StatsStore", args![]);
        call(&peer, "StatsStore.record", args![NOW + ahead, 1, false, "/b"]);
        let refusal = throws(&store, "StatsStore.merge", args![bytes(&peer)]);
        assert!(refusal.code == "stats/clock" && !refusal.message.is_empty(), "{ahead}: {refusal:?}");
        assert_eq!(bytes(&store).unchecked_into::<Uint8Array>().to_vec(), before);
    }
    let peer = construct("StatsStore", args![]);
    call(&peer, "StatsStore.record", args![NOW + 59_000.0, 1, false, "/b"]);
    call(&store, "StatsStore.merge", args![bytes(&peer)]);
    assert_eq!(view(&store, "StatsStore.snapshot", args![NOW + 59_000.0])["count"], 2, "within a minute");
}
