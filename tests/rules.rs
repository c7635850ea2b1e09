//! Rules on paths beyond the shared vectors: what a regex matches, and what is refused.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use tidegate::engine::ErrorKind;
use tidegate::engine::sampling::*;

#[test]
fn a_bad_rule_names_index_pattern_and_reason() {
    for (bad, reason) in [
        ("", "is empty"),
        ("re:", "has no regex"),
        ("re:(", "does not compile: found open group without closing ')'"),
        ("re:[a", "does not compile: non-empty character class has no closing bracket"),
        (r"re:(a)\1", "does not compile: backreferences are not supported"),
        ("re:(?=a)", "does not compile: look-around is not supported"),
        (r"re:\pL", "does not compile: Unicode character classes are not supported"),
        (r"re:(\w{50}){50}", "does not compile: compiled regex exceeded size limit"),
    ] {
        let error = compile_rules(&["/ok", bad]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::SamplingRule);
        let message = error.message();
        assert!(message.starts_with(&format!("rule 1 \"{bad}\": {reason}")), "{message}");
        assert_eq!(message.lines().count(), 1, "{message}");
        assert_eq!(compile_overrides(&[(bad, 0.5)]).unwrap_err().kind(), ErrorKind::SamplingRule);
    }
    let error = compile_overrides(&[("/a", 0.5), ("/b", 0.5), ("/c", f64::NAN)]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SamplingRate);
    assert!(error.message().contains("override 2 \"/c\"") && error.message().contains("NaN"), "{error}");
}

/// Each refused pattern, and the rule that its message says to write instead.
const WRITTEN_OTHERWISE: &[(&str, &str)] = &[
    ("/static/*", "/static/"),
    ("/assets/**", "/assets/"),
    ("/v1*", "/v1"),
    ("*", "/"),
    ("/*", "/"),
    ("/users/*/orders", "/users/"),
    ("/a/**/b*", "/a/"),
    (r"re:/^\/health$/i", "re:(?i)^/health$"),
    (r"/^\/health$/i", "re:(?i)^/health$"),
    ("re:/^health/", "re:^health"),
    (r"re:/\.png$/gi", r"re:(?i)\.png$"),
    (r"re:/a\/b/", "re:a/b"),
    ("re:/^a.b/sm", "re:^a.b"),
    ("re:/health/i", "re:(?i)health"),
    ("re:/health/g", "re:health"),
];

#[test]
fn what_is_no_rule_is_refused_with_the_rule_to_write() {
    for &(bad, good) in WRITTEN_OTHERWISE {
        let error = compile_rules(&[bad]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::SamplingRule);
        let message = error.message();
        assert!(message.contains(&format!("write \"{good}\"")), "{bad}: {message}");
        assert!(compile_rules(&[good]).is_ok(), "{good}");
        assert!(compile_overrides(&[(bad, 0.5)]).unwrap_err().message().contains(good), "{bad}");
    }
    for bad in ["*.js", "/users/*/orders", "/api/*.json", "**/x"] {
        let error = compile_rules(&[bad]).unwrap_err();
        assert!(error.message().ends_with(r#", or a regex: "re:", and .* for *"#), "{error}");
    }
    let error = compile_rules(&["/static/*"]).unwrap_err();
    let message = r#"rule 0 "/static/*": a rule is a prefix: write "/static/", which also matches the template /static/*"#;
    assert_eq!(error.message(), message);
}

#[test]
fn a_path_that_only_looks_like_a_regex_literal_is_a_rule() {
    for (rule, path) in [
        ("/api/i", "/api/i"),
        ("/$metadata/", "/$metadata/x"),
        ("re:/api/", "/v1/api/x"),
        ("re:/api/v", "/api/v2"),
        (r"re:/\d+/", "/a/7/b"),
        (r"re:/a\$/", "/a$/b"),
        ("re:/a/b/i", "/a/b/i"),
        ("re:/", "/"),
        ("re://", "//"),
    ] {
        assert!(matches(rule, path), "{rule}");
    }
}

#[test]
fn what_regex_lite_does_not_have_is_refused_with_what_to_write() {
    for (bad, hint) in [
        ("re:^/(?!api)", "give x an override: the first that matches wins"),
        ("re:a(?=b)", "write (?=x) as x"),
        ("re:(?<=a)b", "write (?=x) as x"),
        ("re:(?<!a)b", "give x an override"),
        (r"re:(a|b)/\1", "write the text again"),
        (r"re:(.)\1\1", "write the text again"),
        (r"re:^/\p{L}+$", "such as [a-z]"),
        (r"re:\PN", "such as [a-z]"),
    ] {
        let error = compile_rules(&[bad]).unwrap_err();
        assert!(error.message().contains(hint), "{error}");
    }
}

#[test]
fn a_rule_of_ordinary_size_compiles() {
    let uuid = r"re:^/api/v\d+/(?:users|orders|carts)/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?:/|$)";
    let rules = compile_rules(&[uuid, r"re:(?i)^/[\w.-]{1,255}\.(?:css|js|png|woff2?)$"]).unwrap();
    assert!(should_exclude_route("/api/v2/orders/0f8fad5b-d9cb-469f-a165-70867728950e", &rules));
    assert!(!should_exclude_route("/api/v2/orders/0f8fad5b-d9cb-469f-a165-70867728950", &rules));
    assert!(should_exclude_route("/Logo.PNG", &rules));
    assert!(!should_exclude_route("/logo.png/", &rules));
}

#[test]
fn a_regex_matches_as_its_syntax_says() {
    for (regex, matching, other) in [
        ("b", "/abc", "/ac"),
        ("^/a", "/ab", "/b/a"),
        ("a$", "/b/a", "/ab"),
        (r"\A/\z", "/", "//"),
        (r"\bid\b", "/users/id/1", "/users/ids/1"),
        ("^/[a-c]+$", "/abcab", "/abd"),
        ("^/[^a-c]+$", "/déf", "/dec"),
        (r"^/\d{2,3}$", "/123", "/1234"),
        (r"^/[\w.-]*\.[[:alpha:]]+$", "/a_b-1.js", "/a_b-1.5"),
        ("^/a.c$", "/aéc", "/abbc"),
        ("^/(?:users|orders)/", "/orders/1", "/order/1"),
        ("^/x(?P<n>/y)?$", "/x/y", "/x/z"),
        ("^/ab(?i)cd$", "/abCD", "/ABcd"),
        (r"(?x) ^ / a \{ # a brace", "/a{1}", "/a1"),
        (r"/\x41\u{e9}$", "/Aé", "/ae"),
    ] {
        let rules = compile_rules(&[format!("re:{regex}")]).unwrap();
        assert!(should_exclude_route(matching, &rules), "{regex} in {matching}");
        assert!(!should_exclude_route(other, &rules), "{regex} in {other}");
    }
}

#[test]
fn a_regex_of_a_thousand_characters_matches_to_its_end_and_one_of_twice_as_many_is_refused() {
    let (path, rule) = ("a".repeat(5000), format!("re:{}$", "a".repeat(1000)));
    let rules = compile_rules(&[&rule]).unwrap();
    assert!(should_exclude_route(&path, &rules));
    assert!(!should_exclude_route(&format!("{path}b"), &rules));
    assert!(compile_rules(&[format!("re:{}$", "a".repeat(2000))]).is_err());
}

#[test]
fn no_rule_takes_unbounded_memory_or_stack() {
    let deep = |groups: usize| format!("re:{}a{}", "(".repeat(groups), ")".repeat(groups));
    assert!(compile_rules(&[deep(50)]).is_ok());
    let grown = format!("re:{}a{}", "(?:".repeat(20), "{2})".repeat(20));
    let groups = format!("re:{}", "()".repeat(1000));
    let repeated = "re:(){4294967295}(a{0}){4294967295}a{4294967295}".into();
    for hostile in [deep(100_000), grown, groups, repeated, "re:((a{100}){100}){100}".into()] {
        assert_eq!(compile_rules(&[hostile]).unwrap_err().kind(), ErrorKind::SamplingRule);
    }
}

#[test]
fn a_regex_that_could_match_in_many_ways_is_searched_once() {
    // An engine that tries one way after the other would never finish.
    let rules = compile_rules(&["re:^(a+)+$", "re:^(a|a|aa)*b$", "re:(.*)*x(.*)*y"]).unwrap();
    let path = "a".repeat(5000);
    assert!(should_exclude_route(&path, &rules));
    assert!(!should_exclude_route(&format!("{path}c"), &rules));
}

/// Whether a rule of `pattern` matches.
fn matches(pattern: &str, path: &str) -> bool {
    should_exclude_route(path, &compile_rules(&[pattern]).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_regex_of_plain_text_finds_that_text(text in "[ab/.*é{-]{1,4}", path in "/[ab/.*é{-]{0,12}") {
        let regex = regex_lite::escape(&text);
        prop_assert_eq!(matches(&format!("re:{regex}"), &path), path.contains(&text));
        prop_assert_eq!(matches(&format!("re:^{regex}"), &path), path.starts_with(&text));
        prop_assert_eq!(matches(&format!("re:{regex}$"), &path), path.ends_with(&text));
    }

    #[test]
    fn any_regex_either_compiles_and_is_searched_or_is_refused(regex in r"[ab\\xdbp1(){},|*+?^$.\[\]:&~<>=!iP# -]{1,12}") {
        let pattern = format!("re:{regex}");
        match compile_rules(&[&pattern]) {
            Ok(rules) => {
                for path in ["", "/a", "/b1", "/ab a", "/x-b", "\n"] {
                    let again = should_exclude_route(path, &rules.clone());
                    prop_assert_eq!(should_exclude_route(path, &rules), again);
                }
            }
            Err(error) => {
                let message = error.message();
                let start = format!("rule 0 \"{pattern}\": does not compile: ");
                prop_assert!(message.starts_with(&start) && message.len() > start.len(), "{}", message);
            }
        }
    }
}
