//! JavaScript that runs within a call. The engine calls none of its users' functions; what is left is the host's
//! randomness and setters on `Object.prototype`, which anybody may replace.

use super::fixture::*;
use super::glue::*;
use js_sys::{Error, Object, Reflect, Uint8Array};
use serde_json::json;
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::*;

/// What an object answers that is at work, or was left in the middle of it.
const IS_AT_WORK: &str = "recursive use of an object detected which would lead to unsafe aliasing in rust";

/// Runs `body` while `object[key]` is another property, of which `descriptor` names the part that is `function`.
fn replaced(
    object: &JsValue,
    key: &str,
    descriptor: &str,
    function: impl FnMut(JsValue) -> Result<JsValue, JsValue> + 'static,
    body: impl FnOnce(),
) {
    let function = Closure::<dyn FnMut(JsValue) -> Result<JsValue, JsValue>>::new(function);
    let property = Object::new();
    Reflect::set(&property, &descriptor.into(), function.as_ref()).unwrap();
    Reflect::set(&property, &"configurable".into(), &true.into()).unwrap();
    let object = object.unchecked_ref::<Object>();
    assert!(Reflect::define_property(object, &key.into(), &property).unwrap());
    body();
    assert!(Reflect::delete_property(object, &key.into()).unwrap());
}

/// Runs `body` while the host's `crypto.getRandomValues` is `function`.
fn with_randomness(function: impl FnMut(JsValue) -> Result<JsValue, JsValue> + 'static, body: impl FnOnce()) {
    replaced(&get(&js_sys::global(), "crypto"), "getRandomValues", "value", function, body);
}

/// Runs `body` while setting `key` of any plain object calls `function`.
fn with_setter(
    key: &str,
    function: impl FnMut(JsValue) -> Result<JsValue, JsValue> + 'static,
    body: impl FnOnce(),
) {
    replaced(&Object::get_prototype_of(&Object::new()), key, "set", function, body);
}

fn failure() -> Result<JsValue, JsValue> {
    Err(Error::new("not now").into())
}

#[wasm_bindgen_test]
fn without_randomness_events_are_refused_until_there_is_some() {
    let engine = engine();
    with_randomness(
        |_| failure(),
        || {
            request(&engine, "/refused", 200.0);
            call(&engine, "Engine.record", args![FN, "refused", f64::NAN, NOW, NOW, 5, f64::NAN, false]);
            assert_eq!(text(&engine, "Engine.outgoing", args![f64::NAN]), "");
        },
    );
    request(&engine, "/kept", 200.0);
    let counters = counters(&engine);
    assert_eq!([&counters["refused"], &counters["accepted"]], [&json!(2), &json!(1)]);
    assert_eq!(sent_events(&engine)[0]["route"], "/kept");
}

#[wasm_bindgen_test]
fn randomness_is_asked_for_once_at_the_first_event() {
    let engine = engine();
    let asked = Rc::new(RefCell::new(Vec::new()));
    let ask = {
        let asked = asked.clone();
        move |bytes: JsValue| {
            let bytes = bytes.unchecked_into::<Uint8Array>();
            bytes.fill(7, 0, bytes.length());
            asked.borrow_mut().push(bytes.length());
            Ok(bytes.into())
        }
    };
    with_randomness(ask, || {
        call(&engine, "Engine.tick", args![NOW]);
        assert_eq!(*asked.borrow(), [0; 0], "Workers have none at global scope");
        request(&engine, "/a", 200.0);
        request(&engine, "/b", 200.0);
    });
    assert_eq!(*asked.borrow(), [64]);
}

#[wasm_bindgen_test]
fn a_call_into_an_engine_that_records_throws_and_the_event_is_recorded() {
    let engine = engine();
    let other = super::fixture::engine();
    let seen = Rc::new(RefCell::new(Vec::new()));
    let call_back = {
        let (engine, seen) = (engine.clone(), seen.clone());
        move |bytes: JsValue| {
            let bytes = bytes.unchecked_into::<Uint8Array>();
            bytes.fill(7, 0, bytes.length());
            seen.borrow_mut().push(throws(&engine, "Engine.refuse", args![0]).message);
            seen.borrow_mut().push(throws(&engine, "Engine.queueDepth", args![]).message);
            call(&other, "Engine.refuse", args![0]);
            Ok(bytes.into())
        }
    };
    with_randomness(call_back, || {
        request(&engine, "/a", 200.0);
    });
    assert_eq!(*seen.borrow(), [IS_AT_WORK; 2]);
    let counters = counters(&engine);
    assert_eq!([&counters["emitted"], &counters["accepted"]], [&json!(1), &json!(1)]);
}

#[wasm_bindgen_test]
fn an_engine_that_is_read_can_be_read_but_not_changed() {
    let engine = engine();
    request(&engine, "/a", 200.0);
    let seen = Rc::new(RefCell::new(Vec::new()));
    let call_back = {
        let (engine, seen) = (engine.clone(), seen.clone());
        move |_| {
            assert_eq!(number(&engine, "Engine.queueDepth", args![]), 1.0);
            seen.borrow_mut().push(throws(&engine, "Engine.refuse", args![0]).message);
            Ok(UNDEFINED)
        }
    };
    with_setter("emitted", call_back, || {
        call(&engine, "Engine.counters", args![]);
    });
    assert_eq!(*seen.borrow(), [IS_AT_WORK]);
    call(&engine, "Engine.refuse", args![0]);
    assert_eq!(counters(&engine)["emitted"], 2);
}

#[wasm_bindgen_test]
fn an_engine_that_was_left_in_the_middle_refuses_every_call_and_others_go_on() {
    let [torn, whole] = [engine(), engine()];
    with_setter(
        "rps",
        |_| failure(),
        || {
            assert_eq!(throws(&torn, "Engine.stats", args![NOW]).message, "not now");
        },
    );
    for method in ["Engine.clearDetails", "Engine.queueDepth", "Engine.finish"] {
        assert_eq!(throws(&torn, method, args![]).message, IS_AT_WORK, "{method}");
    }
    assert_eq!(request(&whole, "/a", 200.0) as u32 >> 2 & 1, 1, "it waits to be sent");
    assert_eq!(view(&whole, "Engine.stats", args![NOW])["count"], 1);
}
