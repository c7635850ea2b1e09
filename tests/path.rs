//! Path templates and query strings.

#![cfg(not(target_arch = "wasm32"))]

use proptest::prelude::*;
use tidegate::engine::event::path::{public_part, template};

fn templated(path: &str) -> String {
    let mut out = String::new();
    template(path, &mut out);
    out
}

#[test]
fn ids_become_id() {
    for id in [
        "7",
        "12345",
        "2024-05-01",
        "550e8400-e29b-41d4-a716-446655440000",
        "507f1f77bcf86cd799439011",
        "3F2A9C1B",
        "01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "cjld2cjxh0000qzrmn831i7rn",
        "V1StGXR8_Z5jdHi6B-myT",
        "cus_9s6XKzkNRiz8i3",
        "user-12345",
        "caf%C3%A9",
        "bob@example.com",
        "a=b",
        "42.json",
        "app.3f2a9c1b.js",
        &"x".repeat(65),
    ] {
        assert_eq!(templated(&format!("/a/{id}/b")), "/a/:id/b", "{id}");
    }
}

#[test]
fn words_stay() {
    for path in [
        "",
        "/",
        "a",
        "/users/",
        "/v1",
        "/v1.2/x",
        "/api2/users",
        "/index.html",
        "/deadbeef",
        "/users/:id",
        "/users/{id}",
        "/[slug]/*",
        "/a//b",
        "/getting-started-with-v2",
        "/2fa",
        "/oauth2/authorization-code-flow",
        "/café",
    ] {
        assert_eq!(templated(path), path);
    }
}

#[test]
fn query_and_fragment_are_cut() {
    assert_eq!(templated("/a/1?b=2#c"), "/a/:id");
    assert_eq!(templated("/a#/b?c"), "/a");
    assert_eq!(templated("?a"), "");
}

#[test]
fn long_paths_are_folded() {
    let sixteen = "/a".repeat(16);
    assert_eq!(templated(&sixteen), sixteen);
    assert_eq!(templated(&"/a".repeat(17)), format!("{}/*", "/a".repeat(15)));
}

#[test]
fn queries_and_fragments_are_cut_from_routes() {
    for (path, expected) in [
        ("/posts?page=2", "/posts"),
        ("/posts/:id?", "/posts/:id?"),
        ("/posts/:id?/comments", "/posts/:id?/comments"),
        ("/posts/:id?/comments?page=2", "/posts/:id?/comments"),
        ("/:from-:to?", "/:from-:to?"),
        ("/:name?.:ext?", "/:name?.:ext?"),
        (r"/:id(\d+)?/x", r"/:id(\d+)?/x"),
        ("/{lang}?/x", "/{lang}?/x"),
        ("/search?/x=1", "/search"),
        ("/a?b=c=d?e", "/a"),
        ("/a=b", "/a=b"),
        ("/a=b?c", "/a=b"),
        ("/q?SECRET", "/q"),
        ("/q?", "/q"),
        ("?SECRET", ""),
        ("/:id?SECRET", "/:id"),
        ("/:id??SECRET", "/:id"),
        ("/:?SECRET", "/:"),
        ("/frag#SECRET", "/frag"),
        ("/a#b?SECRET", "/a"),
        ("#SECRET", ""),
        ("", ""),
    ] {
        assert_eq!(public_part(path), expected, "{path}");
    }
}

#[test]
fn credentials_are_cut_with_what_stands_before_them() {
    for (url, expected) in [
        ("http://u:pw@h/x", "h/x"),
        ("https://pw@h:8080/x?SECRET", "h:8080/x"),
        ("//u:pw@h/x", "h/x"),
        ("http:///u:pw@h/x", "h/x"),
        (r"http:\\u:pw@h\x", r"h\x"),
        ("postgres://u:p@w@h/x", "h/x"),
        ("u:pw@h/x", "h/x"),
        ("/proxy/http://u:pw@h/x", "h/x"),
        ("http://u@h://u:pw@i/x", "i/x"),
        ("http://u:pw@", ""),
        ("http://h/@scope/x", "http://h/@scope/x"),
        ("http://h/x?mail=a@b", "http://h/x"),
        ("/@scope/:name@:version", "/@scope/:name@:version"),
        (":name@:version", ":name@:version"),
        ("/a//b@c", "/a//b@c"),
    ] {
        assert_eq!(public_part(url), expected, "{url}");
        assert!(!templated(url).contains("pw"), "{url}");
    }
}

#[test]
fn a_query_is_found_wherever_it_stands() {
    // Before and behind it are characters that differ from `?` in the lowest bits, and a letter of two bytes.
    for (before, after) in (0..20).flat_map(|before| (0..20).map(move |after| (before, after))) {
        let path = "/<>}ü".repeat(9).chars().take(before).collect::<String>();
        let query = format!("{path}?q={}", "<>".repeat(after));
        assert_eq!(public_part(&query), path.trim_end_matches('?'), "{query}");
        assert_eq!(public_part(&format!("{path}#q<")), path);
        assert_eq!(public_part(&path), path);
    }
}

proptest! {
    #[test]
    fn a_template_of_a_template_is_itself(path in "(/[a-f0-9é%@.:*?#_-]{0,20}){0,20}|.{0,80}") {
        let once = templated(&path);
        prop_assert_eq!(templated(&once), once.clone());
        prop_assert!(once.split('/').count() <= 17);
        prop_assert!(path.contains(public_part(&path)));
        prop_assert!(!public_part(&path).contains('#'));
    }
}
