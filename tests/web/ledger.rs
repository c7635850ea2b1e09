//! The ledger in wasm memory, and the engine that goes on from it.

use super::fixture::*;
use super::glue::*;
use js_sys::{Array, Float64Array};
use serde_json::json;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::*;

fn ledger(engine: &JsValue) -> Vec<f64> {
    let [.., at, len] = addresses(engine);
    read_words(at, len)
}

#[wasm_bindgen_test]
fn the_ledger_stays_where_it_is_and_counts() {
    let engine = engine();
    let places @ [.., at, _] = addresses(&engine);
    assert_eq!(read_words(at, 1.0), [0.0]);
    for n in 1..=300 {
        request(&engine, &format!("/{n}"), 200.0);
        assert_eq!(read_words(at, 1.0), [f64::from(n)], "the first counter is of the events emitted");
    }
    let after = call(&engine, "Engine.addresses", args![]).unchecked_into::<Float64Array>().to_vec();
    assert_eq!(after, places, "nothing moves");
}

#[wasm_bindgen_test]
fn the_ledger_has_counters_of_the_engine_and_of_each_sink() {
    for (sinks, counters) in [(0, 17.0), (1, 28.0), (2, 39.0)] {
        let options = construct("EngineOptions", args![]);
        for _ in 0..sinks {
            call(&options, "EngineOptions.sink", args!["log", "ndjson", NULL, NULL]);
        }
        assert_eq!(addresses(&engine_of(&options))[4], counters);
    }
}

#[wasm_bindgen_test]
fn an_engine_goes_on_from_the_ledger_of_a_dead_one() {
    let dead = engine();
    request(&dead, "/a", 200.0);
    send_all(&dead);
    request(&dead, "/b", 200.0);
    call(&dead, "Engine.refuse", args![4]);
    let expected = json!({
        "emitted": 3, "accepted": 2, "sampledOut": 0, "excluded": 0, "refused": 1,
        "refusedBy": { "closed": 0, "entropy": 0, "name": 0, "status": 0, "time": 1, "request": 0 },
        "pending": 0, "coreResets": 1, "truncated": 0, "uncarried": 0,
        "metrics": { "observed": 0, "overflowed": 0, "refused": 0 },
        "sinks": [{
            "name": "log", "accepted": 2, "delivered": 1, "queued": 0, "inFlight": 0,
            "dropped": {
                "overflow": 0, "too_large": 0, "rejected": 0, "encode": 0, "disabled": 0, "closed": 0, "core_reset": 1,
            },
            "leasesExpired": 0, "lateSettles": 0, "disabled": false,
        }],
    });
    let block = ledger(&dead);
    let array: Array = block.iter().map(|&count| JsValue::from(count)).collect();
    for block in [JsValue::from(Float64Array::from(&block[..])), array.into()] {
        let next = engine();
        call(&next, "Engine.restore", args![block]);
        assert_eq!(counters(&next), expected);
    }
}

#[wasm_bindgen_test]
fn a_ledger_of_another_shape_changes_nothing() {
    let engine = engine();
    request(&engine, "/a", 200.0);
    let before = ledger(&engine);
    for block in [vec![], vec![1.0; before.len() + 1], vec![f64::NAN; before.len()]] {
        call(&engine, "Engine.restore", args![Float64Array::from(&block[..])]);
        assert_eq!(ledger(&engine), before);
    }
    assert_eq!(counters(&engine)["coreResets"], 0);
}
