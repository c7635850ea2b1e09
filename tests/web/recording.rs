//! Engine: events by calls of their own, what belongs to them, and open requests.

use super::fixture::*;
use super::glue::*;
use js_sys::JsString;
use serde_json::{Value, json};
use wasm_bindgen::JsValue;
use wasm_bindgen_test::*;

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// Records an event outside of any request.
fn record(engine: &JsValue, kind: f64, name: &str, number_of: f64) -> f64 {
    number(engine, "Engine.record", args![kind, name, number_of, NOW, NOW, 5, f64::NAN, false])
}

/// The error of the next event is an exception with this message, these causes and this stack.
fn set_exception(engine: &JsValue, texts: [&str; 3]) {
    for (text, number) in texts.into_iter().zip([2, 3, 4]) {
        call(engine, "Engine.setText", args![number, text]);
    }
}

#[wasm_bindgen_test]
fn an_event_carries_the_details_that_were_set_before_it() {
    let engine = engine();
    call(&engine, "Engine.setText", args![SOURCE, "PATCH"]);
    call(&engine, "Engine.setText", args![ERROR, "TypeError"]);
    call(&engine, "Engine.setPath", args![]);
    call(&engine, "Engine.setTrace", args![PARENT, ""]);
    call(&engine, "Engine.addText", args!["größe", "🚢"]);
    call(&engine, "Engine.addNumber", args!["n", -0.25]);
    call(&engine, "Engine.addFlag", args!["flag", true]);
    call(&engine, "Engine.record", args![REQ, "/users/42?q=1", 503, NOW, NOW + 0.5, 12.5, f64::NAN, false]);
    let expected = json!({
        "kind": "REQ", "ts": NOW + 0.5, "route": "/users/:id", "method": "PATCH", "status": 503, "dur_ms": 12.5,
        "error": "TypeError", "parent_id": "b7ad6b7169203331", "p": 1,
        "attributes": { "größe": "🚢", "n": -0.25, "flag": true },
    });
    assert_eq!(sent_events(&engine), [expected]);
}

#[wasm_bindgen_test]
fn attributes_that_javascript_left_out_are_counted_with_their_event() {
    let engine = engine();
    call(&engine, "Engine.addTruncated", args![3]);
    record(&engine, FN, "f", f64::NAN);
    call(&engine, "Engine.addTruncated", args![2]);
    call(&engine, "Engine.clearDetails", args![]);
    record(&engine, FN, "f", f64::NAN);
    assert_eq!(counters(&engine)["truncated"], 3);
}

#[wasm_bindgen_test]
fn details_go_with_their_event() {
    let engine = engine();
    for _ in 0..2 {
        record(&engine, FN, "f", f64::NAN);
        call(&engine, "Engine.setText", args![ERROR, "Error"]);
        call(&engine, "Engine.addFlag", args!["flag", false]);
    }
    call(&engine, "Engine.clearDetails", args![]);
    record(&engine, FN, "f", f64::NAN);
    let bare = json!({ "kind": "FN", "ts": TS, "fn": "f", "dur_ms": 5, "p": 1 });
    let full = json!({
        "kind": "FN", "ts": TS, "fn": "f", "dur_ms": 5, "error": "Error", "p": 1, "attributes": { "flag": false },
    });
    assert_eq!(sent_events(&engine), [bare.clone(), full, bare]);
}

#[wasm_bindgen_test]
fn each_kind_has_its_number() {
    let engine = engine();
    for kind in [REQ, FN, DB, EVT] {
        record(&engine, kind, "name", f64::NAN);
    }
    let kinds: Vec<_> = sent_events(&engine).iter().map(|event| event["kind"].clone()).collect();
    assert_eq!(kinds, ["REQ", "FN", "DB", "EVT"]);
}

#[wasm_bindgen_test]
fn a_statement_carries_its_system_and_its_rows() {
    let engine = engine();
    call(&engine, "Engine.setText", args![SOURCE, "sqlite"]);
    record(&engine, DB, "select 1", 700.0);
    record(&engine, DB, "select 1", f64::NAN);
    let events = sent_events(&engine);
    assert_eq!((&events[0]["rows"], &events[0]["db_system"]), (&json!(700), &json!("sqlite")));
    assert_eq!((events[1].get("rows"), events[1].get("db_system")), (None, None));
}

#[wasm_bindgen_test]
fn nan_is_unknown_and_a_status_out_of_range_too() {
    let engine = engine();
    call(&engine, "Engine.record", args![REQ, "/a", f64::NAN, NOW, NOW, f64::NAN, f64::NAN, false]);
    call(&engine, "Engine.recordRequest", args!["/a", "GET", 99, NOW, NOW, f64::NAN]);
    call(&engine, "Engine.recordRequest", args!["/a", "GET", 1000, NOW, NOW, UNDEFINED]);
    let events = sent_events(&engine);
    assert_eq!(events.len(), 3);
    for event in events {
        assert_eq!((event.get("status"), event.get("dur_ms")), (None, None), "{event}");
    }
}

#[wasm_bindgen_test]
fn an_event_with_unusable_times_is_refused() {
    let engine = engine();
    for [start, duration] in [[f64::NAN, 1.0], [f64::INFINITY, 1.0], [NOW, -1.0], [NOW, f64::INFINITY]] {
        call(&engine, "Engine.record", args![FN, "f", f64::NAN, NOW, start, duration, f64::NAN, false]);
        call(&engine, "Engine.recordRequest", args!["/a", "GET", 200, NOW, start, duration]);
    }
    call(&engine, "Engine.refuse", args![2]);
    let counters = counters(&engine);
    assert_eq!([&counters["emitted"], &counters["refused"]], [&json!(9), &json!(9)]);
}

#[wasm_bindgen_test]
fn text_comes_through_whole_but_for_half_characters() {
    let engine = engine();
    for name in ["größe", "🚢 ship", "\u{0}\u{7f}\u{80}\u{feff}\u{ffff}", ""] {
        record(&engine, EVT, name, f64::NAN);
    }
    let [a, b] = [b'a', b'b'].map(u16::from);
    for with_half in [&[0xd83d][..], &[a, 0xdea2, b]] {
        let name = JsString::from_char_code(with_half);
        call(&engine, "Engine.record", args![EVT, name, f64::NAN, NOW, NOW, 5, f64::NAN, false]);
    }
    let names: Vec<_> = sent_events(&engine).iter().map(|event| event["name"].clone()).collect();
    let expected = ["größe", "🚢 ship", "\u{0}\u{7f}\u{80}\u{feff}\u{ffff}", "", "\u{fffd}", "a\u{fffd}b"];
    assert_eq!(names, expected);
}

#[wasm_bindgen_test]
fn what_is_no_text_throws_and_the_engine_goes_on() {
    let engine = engine();
    for name in [UNDEFINED, NULL] {
        throws(&engine, "Engine.recordRequest", args![name, "GET", 200, NOW, NOW, 5]);
    }
    request(&engine, "/a", 200.0);
    assert_eq!(counters(&engine)["emitted"], 1);
}

#[wasm_bindgen_test]
fn a_request_alone_takes_an_error_and_a_path() {
    let engine = engine();
    call(&engine, "Engine.setText", args![ERROR, "TimeoutError"]);
    call(&engine, "Engine.setPath", args![]);
    request(&engine, "/orders/7", 200.0);
    request(&engine, "/orders/7", 200.0);
    let events = sent_events(&engine);
    assert_eq!((&events[0]["route"], &events[0]["error"]), (&json!("/orders/:id"), &json!("TimeoutError")));
    assert_eq!((&events[1]["route"], events[1].get("error")), (&json!("/orders/7"), None));
}

#[wasm_bindgen_test]
fn flags_tell_what_is_due_what_waits_and_how_many_may_be_buffered() {
    let is_due = |flags: f64| flags as u32 >> 1 & 1 == 1;
    let waits = |flags: f64| flags as u32 >> 2 & 1 == 1;
    let limit = |flags: f64| flags as u32 >> 3 & 0x1fff;
    let options = construct("EngineOptions", args![]);
    call(&options, "EngineOptions.sink", args!["log", "ndjson", 3, UNDEFINED]);
    let engine = engine_of(&options);
    let flags: Vec<_> = (0..3).map(|_| request(&engine, "/a", 200.0)).collect();
    assert_eq!(flags.iter().map(|&flags| is_due(flags)).collect::<Vec<_>>(), [false, false, true]);
    assert_eq!(flags.iter().map(|&flags| limit(flags)).collect::<Vec<_>>(), [2, 1, 1]);
    assert!(flags.into_iter().all(waits));
    let without_sinks = construct("Engine", args![construct("EngineOptions", args![])]);
    let flags = record(&without_sinks, EVT, "e", f64::NAN);
    assert_eq!((is_due(flags), waits(flags), limit(flags)), (false, false, 64), "nobody is sent to");
}

#[wasm_bindgen_test]
fn children_stand_under_their_request() {
    let engine = engine();
    let token = number(&engine, "Engine.open", args!["/users/42?q=1", PARENT, NOW]);
    call(&engine, "Engine.record", args![FN, "child", f64::NAN, NOW, NOW, 1, token, false]);
    call(&engine, "Engine.record", args![REQ, "/users/:id", 200, NOW, NOW, 5, token, true]);
    call(&engine, "Engine.record", args![FN, "stale", f64::NAN, NOW, NOW, 5, token, true]);
    let events = send_all(&engine);
    let [child, request, stale] = &events[..3] else { panic!("{events:?}") };
    assert_eq!([&child["fn"], &request["route"]], [&json!("child"), &json!("/users/:id")]);
    assert_eq!(request["trace_id"], "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(request["parent_id"], "b7ad6b7169203331");
    assert_eq!([&child["trace_id"], &child["parent_id"]], [&request["trace_id"], &request["span_id"]]);
    assert_ne!(stale["trace_id"], request["trace_id"], "a request ends once");
}

#[wasm_bindgen_test]
fn a_handler_that_is_no_request_is_open_without_a_path() {
    let engine = engine();
    for path in [NULL, UNDEFINED] {
        let token = number(&engine, "Engine.open", args![path, UNDEFINED, NOW]);
        call(&engine, "Engine.record", args![FN, "cron", f64::NAN, NOW, NOW, 5, token, true]);
    }
    assert_eq!(sent_events(&engine).len(), 2);
}

#[wasm_bindgen_test]
fn an_excluded_request_is_neither_recorded_nor_passed_on() {
    let options = options();
    call(&options, "EngineOptions.setText", args!["exclude", "/health"]);
    let engine = engine_of(&options);
    let token = number(&engine, "Engine.open", args!["/health", PARENT, NOW]);
    assert_eq!(text(&engine, "Engine.outgoing", args![token, "a=1"]), "");
    call(&engine, "Engine.record", args![REQ, "/health", 500, NOW, NOW, 5, token, true]);
    let counters = counters(&engine);
    assert_eq!([&counters["excluded"], &counters["accepted"]], [&json!(1), &json!(0)]);
}

#[wasm_bindgen_test]
fn a_statement_says_what_its_database_did() {
    let engine = engine();
    call(&engine, "Engine.setUsage", args![120, f64::NAN, 0.25]);
    call(&engine, "Engine.record", args![DB, "select 1", 3, NOW, NOW, 1, f64::NAN, false]);
    call(&engine, "Engine.record", args![DB, "select 1", 3, NOW, NOW, 1, f64::NAN, false]);
    let events = send_all(&engine);
    assert_eq!([&events[0]["rows_read"], &events[0]["db_ms"]], [&json!(120), &json!(0.25)]);
    assert!(events[0].get("rows_written").is_none() && events[1].get("rows_read").is_none());
}

#[wasm_bindgen_test]
fn a_call_goes_out_within_its_request() {
    let engine = engine();
    let token = number(&engine, "Engine.open", args!["/a", PARENT, NOW]);
    let header = text(&engine, "Engine.outgoing", args![token, UNDEFINED]);
    let parts: Vec<_> = header.split('-').collect();
    assert_eq!((parts[1], parts[2].len(), parts[3]), ("0af7651916cd43dd8448eb211c80319c", 16, "01"));
    call(&engine, "Engine.setTrace", args!["", &*header]);
    call(&engine, "Engine.record", args![FN, "fetch", f64::NAN, NOW, NOW, 1, token, false]);
    assert_eq!(send_all(&engine)[0]["span_id"], parts[2]);
}

#[wasm_bindgen_test]
fn a_call_outside_of_requests_begins_a_trace() {
    let engine = engine();
    let header = text(&engine, "Engine.outgoing", args![f64::NAN]);
    assert!(header.starts_with("00-") && header.ends_with("-03") && header.len() == 55, "{header}");
    assert_ne!(text(&engine, "Engine.outgoing", args![f64::NAN]), header);
}

#[wasm_bindgen_test]
fn a_tracestate_goes_along_if_it_is_valid() {
    let engine = engine();
    let token = number(&engine, "Engine.open", args!["/a", PARENT, NOW]);
    let state = |given: JsValue| {
        let headers = text(&engine, "Engine.outgoing", args![token, given]);
        headers.split_once(' ').map(|(_, state)| state.to_owned())
    };
    assert_eq!(state("congo=t61rcWkgMzE,rojo=00".into()), Some("congo=t61rcWkgMzE,rojo=00".into()));
    for none in ["größe=1".into(), "".into(), UNDEFINED, NULL] {
        assert_eq!(state(none), None);
    }
}

#[wasm_bindgen_test]
fn an_invalid_traceparent_is_none() {
    let engine = engine();
    for header in ["", "00-größe", "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"] {
        call(&engine, "Engine.setTrace", args![header, header]);
        record(&engine, EVT, "e", f64::NAN);
    }
    let events = sent_events(&engine);
    assert_eq!(events.len(), 3);
    assert!(events.iter().all(|event| event.get("parent_id").is_none()), "{events:?}");
}

/// Where the answer to a request that was recorded by a call of its own begins: in the first row, after two words of head.
fn answer_address(engine: &JsValue) -> f64 {
    addresses(engine)[0] + f64::from((2 + 4) * 8)
}

#[wasm_bindgen_test]
fn a_late_event_has_the_trace_and_the_fate_of_its_request() {
    let engine = engine();
    request(&engine, "/a", 200.0);
    let late = |name: &str| {
        call(&engine, "Engine.record", args![EVT, name, f64::NAN, NOW, NOW, f64::NAN, OVER, false]);
    };
    late("recorded");
    let answer = answer_address(&engine);
    assert_eq!(read_words(answer, 1.0), [1.0], "p");
    for (fate, name) in [(0.0, "sampled out"), (-1.0, "excluded"), (-2.0, "refused")] {
        write_words(answer, &[fate]);
        late(name);
    }
    let events: Vec<_> = send_all(&engine).into_iter().filter(|line| line["kind"] != "META").collect();
    let [of_request, of_event] = &events[..] else { panic!("{events:?}") };
    assert_eq!(of_event["name"], "recorded");
    assert_eq!(
        [&of_event["trace_id"], &of_event["parent_id"]],
        [&of_request["trace_id"], &of_request["span_id"]]
    );
    let counters = counters(&engine);
    assert_eq!(
        ["accepted", "sampledOut", "excluded", "refused"].map(|name| counters[name].as_f64()),
        [Some(2.0), Some(1.0), Some(1.0), Some(1.0)]
    );
}

#[wasm_bindgen_test]
fn a_late_call_carries_the_trace_of_its_request() {
    let engine = engine();
    request(&engine, "/a", 200.0);
    let headers = text(&engine, "Engine.outgoing", args![OVER, "vendor=1"]);
    let events = send_all(&engine);
    let trace = events[0]["trace_id"].as_str().unwrap();
    assert!(headers.starts_with(&format!("00-{trace}-")) && headers.ends_with("-01 vendor=1"), "{headers}");
    write_words(answer_address(&engine), &[-1.0]);
    assert_eq!(text(&engine, "Engine.outgoing", args![OVER]), "", "an excluded request sends no header");
}

#[wasm_bindgen_test]
fn an_exception_has_its_texts_and_goes_with_its_event() {
    let engine = engine();
    for kind in [FN, DB, REQ] {
        call(&engine, "Engine.setText", args![ERROR, "Größe"]);
        set_exception(&engine, ["value '🚢'", "", "at f"]);
        record(&engine, kind, "f", 200.0);
    }
    call(&engine, "Engine.setText", args![ERROR, "Error"]);
    set_exception(&engine, ["m", "Error: c", ""]);
    request(&engine, "/a", 500.0);
    record(&engine, FN, "f", f64::NAN);
    let texts: Vec<_> = sent_events(&engine)
        .iter()
        .map(|event| ["error_message", "error_cause", "error_stack"].map(|key| event.get(key).cloned()))
        .collect();
    let shown = [Some(json!("value '🚢'")), None, Some(json!("at f"))];
    let hidden = [Some(json!("value ?")), None, Some(json!("at f"))];
    let request = [Some(json!("m")), Some(json!("Error: c")), None];
    assert_eq!(texts, [shown.clone(), hidden, shown, request, [None, None, None]]);
}

#[wasm_bindgen_test]
fn a_severity_goes_with_its_event() {
    let engine = engine();
    for number in [1, 13, 21, 3] {
        call(&engine, "Engine.setSeverity", args![number]);
        record(&engine, EVT, "e", f64::NAN);
    }
    record(&engine, EVT, "e", f64::NAN);
    let severities: Vec<_> = sent_events(&engine).iter().map(|event| event["severity"].clone()).collect();
    assert_eq!(severities, ["trace", "warn", "fatal", "info", "info"]);
}

#[wasm_bindgen_test]
fn values_in_a_message_are_hidden() {
    let engine = engine();
    for (message, wanted) in [("größe 'x' (1)", "größe ? (?)"), ("", ""), ("plain", "plain")] {
        assert_eq!(text(&engine, "Engine.hideValues", args![message]), wanted);
    }
}

#[wasm_bindgen_test]
fn an_open_request_is_named_by_its_traceparent() {
    let engine = engine();
    let token = number(&engine, "Engine.open", args!["/a", PARENT, NOW]);
    let header = text(&engine, "Engine.traceOf", args![token]);
    assert!(header.starts_with("00-0af7651916cd43dd8448eb211c80319c-"), "{header}");
    assert_eq!(text(&engine, "Engine.traceOf", args![token]), header);
    call(&engine, "Engine.setTrace", args![&*header.replace(&header[36..52], "00000000000000aa"), ""]);
    call(&engine, "Engine.record", args![FN, "f", f64::NAN, NOW, NOW, 1, token, false]);
    call(&engine, "Engine.record", args![REQ, "/a", 200, NOW, NOW, 5, token, true]);
    for none in [token, 0.0, f64::NAN] {
        assert_eq!(text(&engine, "Engine.traceOf", args![none]), "", "it is over, or never was");
    }
    let events = send_all(&engine);
    assert_eq!(events[0]["parent_id"], "00000000000000aa", "a parent within the request");
    assert_eq!(events[1]["span_id"], header[36..52]);
}

#[wasm_bindgen_test]
fn a_request_that_is_over_is_named_by_its_answer() {
    let engine = engine();
    request(&engine, "/a", 200.0);
    let header = text(&engine, "Engine.traceOf", args![OVER]);
    let events = send_all(&engine);
    let [trace, span] = ["trace_id", "span_id"].map(|key| events[0][key].as_str().unwrap());
    assert_eq!(header, format!("00-{trace}-{span}-01"));
    write_words(answer_address(&engine), &[-1.0, 0.0, 0.0, 0.0]);
    assert_eq!(text(&engine, "Engine.traceOf", args![OVER]), "", "an excluded request has no span");
}

#[wasm_bindgen_test]
fn the_last_exceptions_are_json_with_what_was_set() {
    let engine = engine();
    assert_eq!(text(&engine, "Engine.exceptions", args![]), "[]");
    let token = number(&engine, "Engine.open", args!["/a/1", UNDEFINED, NOW]);
    call(&engine, "Engine.setText", args![ERROR, "TypeError"]);
    set_exception(&engine, ["it \"broke\"", "", "at f"]);
    call(&engine, "Engine.record", args![EVT, "exception", 1, NOW, NOW, f64::NAN, token, false]);
    call(&engine, "Engine.setText", args![SOURCE, "GET"]);
    call(&engine, "Engine.setPath", args![]);
    call(&engine, "Engine.record", args![REQ, "/a/1", 200, NOW, NOW, 5, token, true]);
    // Of the request that is over.
    for is_path in [true, false] {
        call(&engine, "Engine.setText", args![ERROR, "Error"]);
        set_exception(&engine, ["", "", ""]);
        call(&engine, "Engine.setText", args![SOURCE, "GET /a/1"]);
        if is_path {
            call(&engine, "Engine.setPath", args![]);
        }
        call(&engine, "Engine.record", args![EVT, "exception", f64::NAN, NOW, NOW, f64::NAN, OVER, false]);
    }
    let mut found: Value = serde_json::from_str(&text(&engine, "Engine.exceptions", args![])).unwrap();
    for entry in found.as_array_mut().unwrap() {
        assert_eq!(entry.as_object_mut().unwrap().remove("trace_id").unwrap().as_str().unwrap().len(), 32);
    }
    let first = json!({ "ts": TS, "type": "TypeError", "message": "it \"broke\"", "stack": "at f", "route": "/a/:id",
                        "method": "GET", "handled": true });
    let late =
        |route| json!({ "ts": TS, "type": "Error", "route": route, "method": "GET", "handled": false });
    assert_eq!(found, json!([first, late("/a/:id"), late("/a/1")]));
}
