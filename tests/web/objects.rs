//! Objects that are gone, and objects of another class.

use super::fixture::*;
use super::glue::*;
use js_sys::{Array, Object};
use wasm_bindgen::JsValue;
use wasm_bindgen_test::*;

/// What an object answers whose Rust side is gone.
const IS_GONE: &str = "null pointer passed to rust";

#[wasm_bindgen_test]
fn an_engine_takes_its_options() {
    let options = options();
    engine_of(&options);
    assert_eq!(throws(&options, "EngineOptions.setNumber", args!["rate", 1]).message, IS_GONE);
    assert_eq!(construct_throws("Engine", args![options]).message, IS_GONE);
}

#[wasm_bindgen_test]
fn an_engine_takes_its_options_also_when_it_refuses_them() {
    let options = options();
    call(&options, "EngineOptions.setNumber", args!["leaseMs", 1]);
    let refusal = construct_throws("Engine", args![options.clone()]);
    assert_eq!(refusal.code, "config/lease-ms");
    assert_eq!(refusal.message, "leaseMs is 1; it must exceed flushDeadlineMs (2000)");
    assert_eq!(throws(&options, "EngineOptions.setFlag", args!["respectParent", true]).message, IS_GONE);
}

#[wasm_bindgen_test]
fn an_engine_is_made_of_options_alone() {
    for other in [Object::new().into(), construct("StatsStore", args![])] {
        assert_eq!(construct_throws("Engine", args![other]).message, "expected instance of EngineOptions");
    }
}

#[wasm_bindgen_test]
fn a_freed_object_throws() {
    let none = || JsValue::from(Array::new());
    let seed = args![7u64];
    let objects = [
        (engine(), "Engine.free", "Engine.queueDepth", args![]),
        (options(), "EngineOptions.free", "EngineOptions.seed", seed),
        (construct("Rules", args![none()]), "Rules.free", "Rules.matches", args!["/"]),
        (construct("Overrides", args![none(), none()]), "Overrides.free", "Overrides.rate", args!["/", 1]),
        (call(&class("Rng"), "Rng.fromSeed", seed), "Rng.free", "Rng.draw", args![]),
        (construct("StatsStore", args![]), "StatsStore.free", "StatsStore.toBytes", args![]),
    ];
    for (object, free, method, arguments) in objects {
        call(&object, method, arguments);
        call(&object, free, args![]);
        assert_eq!(throws(&object, method, arguments).message, IS_GONE, "{method}");
        assert_eq!(throws(&object, free, args![]).message, IS_GONE, "{free}");
    }
}
