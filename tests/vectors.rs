//! The shared reference cases, `tests/vectors/*.json`.

#![allow(clippy::unwrap_used)]

use serde_json::Value;
use tidegate::engine::rng::Rng;
use tidegate::engine::sampling::*;

/// Pairs of case and request of `request_flow` that differ. The reference samples at `draw <= rate`, tidegate at
/// `draw < rate`, and in these the draw equals the rate.
const ON_THE_BOUNDARY: &[(&str, usize)] = &[("override_order", 0)];

fn cases(group: &str) -> Vec<Value> {
    let file: Value = serde_json::from_str(include_str!("vectors/sampling.json")).unwrap();
    let cases = file["groups"][group].as_array().unwrap().clone();
    assert!(!cases.is_empty());
    cases
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| value.as_str().unwrap().parse().unwrap())
}

fn status(value: &Value) -> Option<u16> {
    value.as_u64().map(|status| u16::try_from(status).unwrap())
}

fn patterns(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().map(|p| p.as_str().unwrap().to_owned()).collect()
}

fn overrides(value: &Value) -> Vec<(String, f64)> {
    let pair = |p: &Value| (p[0].as_str().unwrap().to_owned(), number(&p[1]));
    value.as_array().into_iter().flatten().map(pair).collect()
}

#[test]
fn every_group_is_tested() {
    let file: Value = serde_json::from_str(include_str!("vectors/sampling.json")).unwrap();
    let names: Vec<_> = file["groups"].as_object().unwrap().keys().map(String::as_str).collect();
    let tested = [
        "clamp_sampling_rate",
        "get_effective_rate",
        "request_flow",
        "should_exclude_route",
        "should_record_request",
        "should_sample_request",
    ];
    assert_eq!(names, tested);
}

#[test]
fn rng() {
    let file: Value = serde_json::from_str(include_str!("vectors/rng.json")).unwrap();
    for case in file["cases"].as_array().unwrap() {
        let seed: u64 = case["seed"].as_str().unwrap().parse().unwrap();
        let mut direct = Rng::from_seed(seed);
        let mut made = make_rng(RngOptions { seed: Some(seed), rng: None }, || unreachable!());
        for draw in case["draws"].as_array().unwrap() {
            assert_eq!(direct.draw(), number(draw), "seed {seed}");
            assert_eq!(made(), number(draw), "seed {seed}");
        }
    }
}

#[test]
fn clamp_rate() {
    for case in cases("clamp_sampling_rate") {
        let got = clamp_sampling_rate(number(&case["input"]["rate"]));
        assert_eq!(got, Ok(number(&case["expected"]["ok"])), "{}", case["name"]);
    }
}

#[test]
fn effective_rate() {
    for case in cases("get_effective_rate") {
        let input = &case["input"];
        let overrides = compile_overrides(&overrides(&input["overrides"])).unwrap();
        let path = input["path"].as_str().unwrap();
        let got = get_effective_rate(path, &overrides, number(&input["default_rate"]));
        assert_eq!(got, number(&case["expected"]["rate"]), "{}", case["name"]);
    }
}

#[test]
fn exclude_route() {
    for case in cases("should_exclude_route") {
        let rules = compile_rules(&patterns(&case["input"]["excludes"])).unwrap();
        let got = should_exclude_route(case["input"]["path"].as_str().unwrap(), &rules);
        assert_eq!(got, case["expected"]["excluded"], "{}", case["name"]);
    }
}

#[test]
fn record_request() {
    for case in cases("should_record_request") {
        let input = &case["input"];
        let got = should_record_request(
            input["sampled"].as_bool().unwrap(),
            status(&input["status_code"]),
            !input["error_info"].is_null(),
            input["always_sample_errors"].as_bool().unwrap(),
            status(&input["error_threshold"]).unwrap_or(DEFAULT_ERROR_THRESHOLD),
        );
        assert_eq!(got, case["expected"]["record"], "{}", case["name"]);
    }
}

#[test]
fn sample_request() {
    for case in cases("should_sample_request") {
        let mut calls = 0;
        let mut rng = || {
            calls += 1;
            number(&case["input"]["rng_value"])
        };
        let got = should_sample_request(number(&case["input"]["rate"]), &mut rng);
        assert_eq!(got, case["expected"]["sampled"], "{}", case["name"]);
        assert_eq!(calls, case["expected"]["rng_calls"], "{}", case["name"]);
    }
}

/// The sampling options of a `request_flow` config. Panics at an unknown key.
fn options(config: &Value) -> SamplingOptions {
    let mut options = SamplingOptions::default();
    for (key, value) in config.as_object().unwrap() {
        match key.as_str() {
            "sampling_rate" => options.rate = number(value),
            "route_excludes" => options.exclude = patterns(value),
            "route_overrides" => options.overrides = overrides(value),
            "always_sample_errors" => options.always_sample_errors = value.as_bool().unwrap(),
            "error_threshold" => options.error_threshold = status(value).unwrap_or(DEFAULT_ERROR_THRESHOLD),
            _ => panic!("{key}"),
        }
    }
    options
}

#[test]
fn request_flow() {
    let mut deviations = Vec::new();
    for case in cases("request_flow") {
        let policy = Policy::new(&options(&case["input"]["config"])).unwrap();
        let mut draws = case["input"]["rng_values"].as_array().unwrap().iter().map(number);
        let results = case["expected"]["results"].as_array().unwrap();
        let requests = case["input"]["requests"].as_array().unwrap();
        assert_eq!(requests.len(), results.len());
        let mut total = 0;
        for (index, (request, expected)) in requests.iter().zip(results).enumerate() {
            let name = case["name"].as_str().unwrap();
            let mut drawn = Vec::new();
            let route = request["route"].as_str().or(request["path"].as_str()).unwrap();
            let decision = policy.decide_head_with(route, false, &mut || {
                drawn.push(draws.next().unwrap());
                drawn[drawn.len() - 1]
            });
            total += drawn.len();
            assert_eq!(drawn.len(), expected["rng_calls"], "{name}#{index}");
            // An app that raises answers 500, and its error reaches the host.
            let raises = &request["raises"];
            assert_eq!(*raises, expected["propagated"], "{name}#{index}");
            let answered = if raises.is_null() { status(&request["status"]) } else { Some(500) };
            let recorded = policy.decide_outcome(decision, answered, !raises.is_null(), false).is_some();
            if ON_THE_BOUNDARY.contains(&(name, index)) {
                let SamplingDecision::Decided { rate, .. } = decision else {
                    panic!("{name}#{index}: {decision:?}")
                };
                assert_eq!(drawn, [rate]);
                assert_ne!(recorded, expected["recorded"], "{name}#{index}");
                deviations.push((name.to_owned(), index));
                continue;
            }
            assert_eq!(recorded, expected["recorded"], "{name}#{index}");
            assert_eq!(!expected["event"].is_null(), expected["recorded"]);
            if recorded {
                assert_eq!(answered, status(&expected["event"]["status"]), "{name}#{index}");
                assert_eq!(*raises, expected["event"]["error"], "{name}#{index}");
            }
        }
        assert_eq!(total, case["expected"]["rng_total"], "{}", case["name"]);
        assert_eq!(draws.next(), None, "{}", case["name"]);
    }
    assert_eq!(deviations.len(), ON_THE_BOUNDARY.len());
}
