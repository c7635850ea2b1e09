//! Rules, Overrides and Rng: the sampling rules and draws without a collector.

use super::glue::*;
use js_sys::{Array, Float64Array, JsString, Uint8Array};
use wasm_bindgen::JsValue;
use wasm_bindgen_test::*;

fn list<T: Into<JsValue>>(items: impl IntoIterator<Item = T>) -> JsValue {
    items.into_iter().map(Into::into).collect::<Array>().into()
}

#[wasm_bindgen_test]
fn rules_match_by_prefix_or_regex() {
    let rules = construct("Rules", args![list(["/größe", r"re:\.js$"])]);
    let matches = |path: &str| flag(&rules, "Rules.matches", args![path]);
    assert!(["/größe/1", "/app.js"].into_iter().all(matches));
    assert!(!["", "/", "/grosse", "/app.jsx", "/Größe"].into_iter().any(matches));
    let half = JsString::from_char_code(&[0xd83d]);
    let rules = construct("Rules", args![list(["\u{fffd}"])]);
    assert!(flag(&rules, "Rules.matches", args![half]), "half a character is U+FFFD");
    let none = construct("Rules", args![list([""; 0])]);
    assert!(!flag(&none, "Rules.matches", args!["/"]));
}

#[wasm_bindgen_test]
fn a_rule_that_does_not_compile_throws_its_index_and_pattern() {
    let refusal = construct_throws("Rules", args![list(["/a", "re:(größe"])]);
    assert_eq!(refusal.code, "config/sampling-rule");
    assert!(refusal.message.starts_with("rule 1 \"re:(größe\": does not compile"), "{}", refusal.message);
    assert_eq!(construct_throws("Rules", args![list([""])]).code, "config/sampling-rule");
}

#[wasm_bindgen_test]
fn what_is_no_list_of_texts_throws() {
    for patterns in [list([7]), list([NULL]), NULL, UNDEFINED] {
        construct_throws("Rules", args![patterns.clone()]);
        construct_throws("Overrides", args![patterns, list([1.0])]);
    }
}

#[wasm_bindgen_test]
fn the_first_override_that_matches_gives_the_rate() {
    let rates = Float64Array::from(&[1.0, 0.25, 0.0][..]);
    let patterns = list(["/api/critical", "/api", "re:größe"]);
    let overrides = construct("Overrides", args![patterns, rates]);
    let rate = |path: &str| number(&overrides, "Overrides.rate", args![path, 0.5]);
    assert_eq!(["/api/critical/x", "/api/x", "/größe", "/x"].map(rate), [1.0, 0.25, 0.0, 0.5]);
    assert!(
        number(&overrides, "Overrides.rate", args!["/x", f64::NAN]).is_nan(),
        "the default comes back as it is"
    );
}

#[wasm_bindgen_test]
fn an_override_that_cannot_be_throws() {
    let refusal =
        |pattern: &str, rate: f64| construct_throws("Overrides", args![list([pattern]), list([rate])]);
    assert_eq!(refusal("", 1.0).code, "config/sampling-rule");
    let of_rate = refusal("/größe", 1.5);
    assert_eq!(of_rate.code, "config/sampling-rate");
    assert!(
        of_rate.message.starts_with("override 0 \"/größe\": rate 1.5 is not in [0, 1]"),
        "{}",
        of_rate.message
    );
    assert_eq!(refusal("/", f64::NAN).code, "config/sampling-rate");
}

#[wasm_bindgen_test]
fn a_seed_gives_the_reference_sequence() {
    let vectors: serde_json::Value = serde_json::from_str(include_str!("../vectors/rng.json")).unwrap();
    for case in vectors["cases"].as_array().unwrap() {
        let seed: u64 = case["seed"].as_str().unwrap().parse().unwrap();
        let rng = call(&class("Rng"), "Rng.fromSeed", args![seed]);
        for draw in case["draws"].as_array().unwrap() {
            assert_eq!(number(&rng, "Rng.draw", args![]), draw.as_f64().unwrap(), "seed {seed}");
        }
    }
    throws(&class("Rng"), "Rng.fromSeed", args![7.0]);
}

#[wasm_bindgen_test]
fn two_states_give_draws_that_differ() {
    let draws = |byte: u8| {
        let rng = call(&class("Rng"), "Rng.fromState", args![Uint8Array::from(&[byte; 32][..])]);
        [0; 4].map(|_| number(&rng, "Rng.draw", args![]))
    };
    let [first, second] = [draws(1), draws(2)];
    assert_ne!(first, second);
    assert!([first, second].concat().iter().all(|draw| (0.0..1.0).contains(draw)));
}

#[wasm_bindgen_test]
fn draws_go_on_from_the_state_in_memory() {
    let rng = call(&class("Rng"), "Rng.fromSeed", args![7u64]);
    call(&rng, "Rng.draw", args![]);
    let state = read_bytes(number(&rng, "Rng.statePtr", args![]), 32.0);
    let expected = [0; 8].map(|_| number(&rng, "Rng.draw", args![]));
    for state in
        [JsValue::from(Uint8Array::from(&state[..])), list(state.iter().map(|&byte| u32::from(byte)))]
    {
        let next = call(&class("Rng"), "Rng.fromState", args![state]);
        assert_eq!([0; 8].map(|_| number(&next, "Rng.draw", args![])), expected);
    }
    for len in [0, 31, 33] {
        let rng = call(&class("Rng"), "Rng.fromState", args![Uint8Array::new_with_length(len)]);
        assert!((0.0..1.0).contains(&number(&rng, "Rng.draw", args![])), "{len} bytes are taken as zeros");
    }
}
