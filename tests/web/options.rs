//! EngineOptions: what JavaScript sets is what the engine does.

use super::fixture::*;
use super::glue::*;
use serde_json::json;
use wasm_bindgen::JsValue;
use wasm_bindgen_test::*;

#[wasm_bindgen_test]
fn numeric_options_are_set_by_name() {
    let options = construct("EngineOptions", args![]);
    for (name, value) in [("queueSize", 16.0), ("flushDeadlineMs", 2500.5), ("sinkProbeMs", f64::INFINITY)] {
        call(&options, "EngineOptions.setNumber", args![name, value]);
    }
    let engine = construct("Engine", args![options]);
    let in_force = |name: &str| number(&engine, "Engine.option", args![name]);
    assert_eq!(["queueSize", "flushDeadlineMs", "sinkProbeMs"].map(in_force), [16.0, 2500.5, f64::INFINITY]);
    assert_eq!(["batchMax", "leaseMs"].map(in_force), [256.0, 3500.5], "defaults");
    assert!(["größe", ""].map(in_force).iter().all(|value| value.is_nan()), "no such option");
}

#[wasm_bindgen_test]
fn an_option_out_of_range_throws_its_code_and_its_range() {
    let options = construct("EngineOptions", args![]);
    let set = |name: &str, value: f64| throws(&options, "EngineOptions.setNumber", args![name, value]);
    assert_eq!(
        set("queueSize", 0.0),
        Thrown {
            code: "config/queue-size".into(),
            message: "queueSize is 0; it must be a whole number from 1 to 1048576".into(),
        }
    );
    assert_eq!(set("queueSize", 1.5).code, "config/queue-size");
    assert_eq!(set("retryBaseMs", f64::NAN).code, "config/retry-base-ms");
    assert_eq!(set("errorThreshold", 400.5).code, "config/error-threshold");
    assert_eq!(set("errorThreshold", 1001.0).code, "config/error-threshold");
    let unknown = set("größe🚢", 1.0);
    assert_eq!((&*unknown.code, &*unknown.message), ("config/unknown-option", "größe🚢 is not an option"));
    let engine = construct("Engine", args![options]);
    assert_eq!(
        number(&engine, "Engine.option", args!["queueSize"]),
        2048.0,
        "a refused value changes nothing"
    );
}

#[wasm_bindgen_test]
fn numbers_of_other_types_are_coerced_as_javascript_does() {
    let options = construct("EngineOptions", args![]);
    call(&options, "EngineOptions.setNumber", args!["queueSize", "32"]);
    let missing = throws(&options, "EngineOptions.setNumber", args!["queueBytes"]);
    assert_eq!(missing.code, "config/queue-bytes", "undefined is NaN");
    let engine = construct("Engine", args![options]);
    assert_eq!(number(&engine, "Engine.option", args!["queueSize"]), 32.0);
}

#[wasm_bindgen_test]
fn a_rate_and_an_error_threshold_decide_what_is_kept() {
    let options = options();
    call(&options, "EngineOptions.setNumber", args!["rate", 0]);
    call(&options, "EngineOptions.setNumber", args!["errorThreshold", 404]);
    let engine = engine_of(&options);
    for status in [200.0, 403.0, 404.0, 500.0] {
        request(&engine, "/a", status);
    }
    let kept: Vec<_> = sent_events(&engine).iter().map(|event| event["status"].clone()).collect();
    assert_eq!(kept, [404, 500]);
    assert_eq!(number(&engine, "Engine.effectiveRate", args![UNDEFINED]), 0.0);
}

#[wasm_bindgen_test]
fn a_rate_out_of_range_is_refused_when_the_engine_is_made() {
    let options = options();
    call(&options, "EngineOptions.setNumber", args!["rate", 1.5]);
    let refusal = construct_throws("Engine", args![options]);
    assert_eq!(refusal.code, "config/sampling-rate");
    assert!(refusal.message.starts_with("sampling.rate: rate 1.5 is not in [0, 1]"), "{}", refusal.message);
}

#[wasm_bindgen_test]
fn flags_are_set_by_name() {
    let sent_with = |flag: &str, value: bool| {
        let options = options();
        call(&options, "EngineOptions.setNumber", args!["rate", 0]);
        call(&options, "EngineOptions.setFlag", args![flag, value]);
        let engine = engine_of(&options);
        request(&engine, "/failed", 500.0);
        call(
            &engine,
            "Engine.setTrace",
            args!["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", ""],
        );
        call(&engine, "Engine.record", args![REQ, "/forced", 200, NOW, NOW, 5, f64::NAN, false]);
        sent_events(&engine).into_iter().map(|event| event["route"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(sent_with("alwaysSampleErrors", true), ["/failed"]);
    assert_eq!(sent_with("alwaysSampleErrors", false), [""; 0]);
    assert_eq!(sent_with("respectParent", true), ["/failed", "/forced"]);
    let options = construct("EngineOptions", args![]);
    for unknown in [
        throws(&options, "EngineOptions.setFlag", args!["rate", true]),
        throws(&options, "EngineOptions.setText", args!["rate", "1"]),
    ] {
        assert_eq!((&*unknown.code, &*unknown.message), ("config/unknown-option", "rate is not an option"));
    }
}

#[wasm_bindgen_test]
fn slow_requests_are_kept_by_a_duration() {
    let options = options();
    call(&options, "EngineOptions.setNumber", args!["rate", 0]);
    call(&options, "EngineOptions.setNumber", args!["keepSlowMs", 99.5]);
    let engine = engine_of(&options);
    for duration in [99.5, 100.0, f64::NAN] {
        call(&engine, "Engine.recordRequest", args!["/a", "GET", 200, NOW, NOW, duration]);
    }
    let kept = sent_events(&engine);
    assert_eq!((kept.len(), &kept[0]["dur_ms"]), (1, &json!(100)));
}

#[wasm_bindgen_test]
fn slow_requests_are_kept_by_their_routes_99th_percentile() {
    let options = options();
    call(&options, "EngineOptions.setNumber", args!["rate", 0]);
    call(&options, "EngineOptions.setFlag", args!["keepSlowP99", true]);
    let engine = engine_of(&options);
    for duration in 1..=1000 {
        call(&engine, "Engine.recordRequest", args!["/a", "GET", 200, NOW, NOW, duration]);
    }
    assert_eq!(number(&engine, "Engine.queueDepth", args![]), 0.0, "no percentile before the first tick");
    call(&engine, "Engine.tick", args![NOW + 10.0]);
    for duration in [900.0, 1100.0] {
        call(&engine, "Engine.recordRequest", args!["/a", "GET", 200, NOW, NOW, duration]);
    }
    let kept = sent_events(&engine);
    assert_eq!((kept.len(), &kept[0]["dur_ms"]), (1, &json!(1100)));
}

#[wasm_bindgen_test]
fn a_duration_to_keep_that_is_none_is_refused_when_the_engine_is_made() {
    for ms in [-1.0, f64::NAN] {
        let options = construct("EngineOptions", args![]);
        call(&options, "EngineOptions.setNumber", args!["keepSlowMs", ms]);
        assert_eq!(construct_throws("Engine", args![options]).code, "config/keep-slow-ms");
    }
}

#[wasm_bindgen_test]
fn rules_exclude_paths_and_change_rates() {
    let options = options();
    call(&options, "EngineOptions.setNumber", args!["rate", 0.25]);
    call(&options, "EngineOptions.setText", args!["exclude", "/größe"]);
    call(&options, "EngineOptions.setText", args!["exclude", r"re:\.js$"]);
    call(&options, "EngineOptions.addOverride", args!["/api", 0.5]);
    call(&options, "EngineOptions.addOverride", args!["/api/first-wins", 1]);
    let engine = engine_of(&options);
    let rate = |path: &str| number(&engine, "Engine.effectiveRate", args![path]);
    assert_eq!(["/größe/1", "/app.js", "/app.js?v=1"].map(rate), [-1.0; 3], "excluded");
    assert_eq!(["/api/first-wins", "/Api", ""].map(rate), [0.5, 0.25, 0.25]);
    for none in [NULL, UNDEFINED] {
        assert_eq!(number(&engine, "Engine.effectiveRate", args![none]), 0.25);
    }
}

#[wasm_bindgen_test]
fn rules_are_compiled_when_the_engine_is_made() {
    let refusal = |method: &str, arguments: &[JsValue]| {
        let options = construct("EngineOptions", args![]);
        call(&options, method, arguments);
        construct_throws("Engine", args![options])
    };
    let exclude = refusal("EngineOptions.setText", args!["exclude", "re:(größe"]);
    assert_eq!(exclude.code, "config/sampling-rule");
    let begins = "sampling.exclude: rule 0 \"re:(größe\": does not compile";
    assert!(exclude.message.starts_with(begins), "{}", exclude.message);
    assert_eq!(refusal("EngineOptions.addOverride", args!["", 1]).code, "config/sampling-rule");
    assert_eq!(refusal("EngineOptions.addOverride", args!["/", 1.01]).code, "config/sampling-rate");
}

#[wasm_bindgen_test]
fn a_seed_is_a_bigint_and_repeats_the_draws() {
    let fates = |seed: u64| -> Vec<bool> {
        let options = options();
        call(&options, "EngineOptions.setNumber", args!["rate", 0.5]);
        call(&options, "EngineOptions.seed", args![seed]);
        let engine = engine_of(&options);
        let is_kept = |_| {
            let before = number(&engine, "Engine.queueDepth", args![]);
            request(&engine, "/a", 200.0);
            number(&engine, "Engine.queueDepth", args![]) > before
        };
        (0..16).map(is_kept).collect()
    };
    for seed in [7, u64::MAX] {
        let rng = call(&class("Rng"), "Rng.fromSeed", args![seed]);
        let drawn: Vec<_> = (0..16).map(|_| number(&rng, "Rng.draw", args![]) < 0.5).collect();
        assert_eq!(fates(seed), drawn, "seed {seed}");
    }
    let options = construct("EngineOptions", args![]);
    throws(&options, "EngineOptions.seed", args![7.0]);
}

#[wasm_bindgen_test]
fn javascript_may_make_the_draws() {
    let options = options();
    call(&options, "EngineOptions.setNumber", args!["rate", 0.5]);
    call(&options, "EngineOptions.setFlag", args!["hostDraws", true]);
    let engine = engine_of(&options);
    for _ in 0..20 {
        request(&engine, "/no-draw", 200.0);
    }
    call(&engine, "Engine.supplyDraw", args![0.49]);
    request(&engine, "/below", 200.0);
    call(&engine, "Engine.supplyDraw", args![0.5]);
    request(&engine, "/at-the-rate", 200.0);
    let routes: Vec<_> = sent_events(&engine).iter().map(|event| event["route"].clone()).collect();
    assert_eq!(routes, ["/below"]);
}

#[wasm_bindgen_test]
fn a_service_is_named_in_every_batch() {
    let meta_of = |texts: &[(&str, &str)]| {
        let options = options();
        for (name, value) in texts {
            call(&options, "EngineOptions.setText", args![*name, *value]);
        }
        let engine = engine_of(&options);
        request(&engine, "/a", 200.0);
        let meta = send_all(&engine).pop().unwrap();
        (meta.get("service").cloned(), meta.get("version").cloned())
    };
    assert_eq!(
        meta_of(&[("service.name", "größe 🚢"), ("service.version", "1.2.3")]),
        (Some("größe 🚢".into()), Some("1.2.3".into()))
    );
    assert_eq!(meta_of(&[("service.name", "shop")]), (Some("shop".into()), None));
    assert_eq!(meta_of(&[("service.version", "2")]), (None, Some("2".into())));
}

#[wasm_bindgen_test]
fn the_last_resource_attribute_of_a_key_counts() {
    let options = construct("EngineOptions", args![]);
    for (key, value) in [("cloud.region", "eu"), ("host", "größe"), ("cloud.region", "us")] {
        call(&options, "EngineOptions.resource", args![key, value]);
    }
    call(&options, "EngineOptions.sink", args!["otlp", "otlp-traces-json", NULL, NULL]);
    let engine = engine_of(&options);
    request(&engine, "/a", 200.0);
    call(&engine, "Engine.flush", args![f64::NAN, NOW]);
    let batch: serde_json::Value = serde_json::from_slice(&poll(&engine, NOW).unwrap().bytes).unwrap();
    let attributes = batch["resourceSpans"][0]["resource"]["attributes"].as_array().unwrap();
    let value_of = |key: &str| {
        let mut found = attributes.iter().filter(|attribute| attribute["key"] == key);
        (found.next().unwrap()["value"]["stringValue"].clone(), found.count())
    };
    assert_eq!(value_of("cloud.region"), ("us".into(), 0));
    assert_eq!(value_of("host"), ("größe".into(), 0));
}

#[wasm_bindgen_test]
fn a_sink_may_limit_the_events_of_a_batch() {
    let options = construct("EngineOptions", args![]);
    call(&options, "EngineOptions.sink", args!["log", "ndjson", 2, UNDEFINED]);
    let engine = engine_of(&options);
    for _ in 0..3 {
        request(&engine, "/a", 200.0);
    }
    let batch = poll(&engine, NOW).unwrap();
    assert_eq!((batch.view["count"].as_f64(), batch.lines().len()), (Some(2.0), 3));
}

#[wasm_bindgen_test]
fn a_batch_over_a_sinks_bytes_is_cut_until_it_fits() {
    let options = construct("EngineOptions", args![]);
    call(&options, "EngineOptions.sink", args!["log", "ndjson", UNDEFINED, 1000]);
    let engine = engine_of(&options);
    for _ in 0..8 {
        request(&engine, "/a", 200.0);
    }
    call(&engine, "Engine.setText", args![ERROR, "x".repeat(200)]);
    call(&engine, "Engine.addText", args!["too large", "y".repeat(1000)]);
    call(&engine, "Engine.record", args![FN, "f", f64::NAN, NOW, NOW, 5, f64::NAN, false]);
    call(&engine, "Engine.flush", args![f64::NAN, NOW]);
    let mut sent = 0;
    while let Some(batch) = poll(&engine, NOW) {
        assert!(batch.bytes.len() <= 1000, "{} bytes", batch.bytes.len());
        sent += batch.lines().len() - 1;
        call(&engine, "Engine.settle", args![batch.lease(), OK, 0, NOW]);
    }
    let counters = counters(&engine);
    assert_eq!((sent, &counters["sinks"][0]["dropped"]["too_large"]), (8, &json!(1)));
}

#[wasm_bindgen_test]
fn a_sink_that_cannot_be_throws() {
    let options = construct("EngineOptions", args![]);
    let refusal = throws(&options, "EngineOptions.sink", args!["größe", "yaml", UNDEFINED, UNDEFINED]);
    assert_eq!(refusal.code, "config/sink");
    let begins = "sink größe: format \"yaml\" is not one of ndjson, events, otlp-traces-protobuf, ";
    assert!(refusal.message.starts_with(begins), "{}", refusal.message);
    let refusal = throws(&options, "EngineOptions.sink", args!["log", "ndjson", 0, UNDEFINED]);
    assert_eq!((&*refusal.code, &*refusal.message), ("config/sink", "sinks[0].batchMax must be at least 1"));
    for _ in 0..16 {
        call(&options, "EngineOptions.sink", args!["log", "ndjson", NULL, NULL]);
    }
    let refusal = throws(&options, "EngineOptions.sink", args!["log", "ndjson", NULL, NULL]);
    assert_eq!((&*refusal.code, &*refusal.message), ("config/sink", "sinks: at most 16 are allowed"));
}
