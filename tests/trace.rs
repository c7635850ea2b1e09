//! `traceparent` and `tracestate`: W3C Trace Context, level 2.

#![allow(clippy::unwrap_used)]

use tidegate::engine::event::trace::{TraceContext, tracestate};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const SPAN: &str = "b7ad6b7169203331";

fn parse(header: &str) -> Option<TraceContext> {
    TraceContext::parse(header)
}

#[test]
fn parses_and_formats() {
    for (flags, sampled, random) in
        [("00", false, false), ("01", true, false), ("02", false, true), ("03", true, true)]
    {
        let header = format!("00-{TRACE}-{SPAN}-{flags}");
        let context = parse(&header).unwrap();
        assert_eq!((context.sampled, context.random), (sampled, random));
        assert_eq!(context.trace_id[..2], [0x0a, 0xf7]);
        assert_eq!(context.parent_id, [0xb7, 0xad, 0x6b, 0x71, 0x69, 0x20, 0x33, 0x31]);
        let mut out = String::from("x");
        context.format(&mut out);
        assert_eq!(out[1..], header);
    }
}

#[test]
fn unknown_flags_are_ignored_and_not_passed_on() {
    let context = parse(&format!("00-{TRACE}-{SPAN}-fd")).unwrap();
    assert!(context.sampled && !context.random);
    let mut out = String::new();
    context.format(&mut out);
    assert_eq!(out, format!("00-{TRACE}-{SPAN}-01"));
}

#[test]
fn blanks_around_a_header_are_ignored() {
    assert!(parse(&format!(" \t00-{TRACE}-{SPAN}-01\t ")).is_some());
}

#[test]
fn the_known_fields_of_a_higher_version_are_read() {
    for rest in ["", "-", "-what-the-future-will-be-like"] {
        assert!(parse(&format!("cc-{TRACE}-{SPAN}-01{rest}")).is_some_and(|c| c.sampled), "{rest:?}");
    }
    assert_eq!(parse(&format!("cc-{TRACE}-{SPAN}-01.what")), None);
    assert_eq!(parse(&format!("cc-{TRACE}-{SPAN}-0")), None);
}

#[test]
fn invalid_headers_are_refused() {
    let upper = TRACE.to_uppercase();
    let zeros = "0".repeat(32);
    for header in [
        String::new(),
        "00".into(),
        format!("ff-{TRACE}-{SPAN}-01"),
        format!("FF-{TRACE}-{SPAN}-01"),
        format!("0x-{TRACE}-{SPAN}-01"),
        format!("00-{zeros}-{SPAN}-01"),
        format!("00-{TRACE}-0000000000000000-01"),
        format!("00-{upper}-{SPAN}-01"),
        format!("00-{TRACE}-{}-01", SPAN.to_uppercase()),
        format!("00-{TRACE}-{SPAN}-0A"),
        format!("00-{TRACE}-{SPAN}-"),
        format!("00-{TRACE}-{SPAN}-01-"),
        format!("00-{TRACE}-{SPAN}-01,00-{TRACE}-{SPAN}-01"),
        format!("00_{TRACE}-{SPAN}-01"),
        format!("00-{TRACE}_{SPAN}-01"),
        format!("00-{TRACE}-{SPAN}_01"),
        format!("00-{TRACE}0-{SPAN}-1"),
        format!("00-{}é-{SPAN}-01", &TRACE[2..]),
        format!("00-{TRACE}-{SPAN}-é"),
    ] {
        assert_eq!(parse(&header), None, "{header:?}");
    }
}

#[test]
fn tracestate_passes_unchanged_or_not_at_all() {
    let members = |n: usize| (0..n).map(|i| format!("k{i}=v")).collect::<Vec<_>>().join(",");
    let long = format!("a={},b={}", "x".repeat(256), "y".repeat(256));
    for good in
        ["rojo=00f067aa0ba902b7,congo=t61rcWkgMzE", "a=1 , b=2,,c=3", "0a-_*/@z= x!~", &members(32), &long]
    {
        assert_eq!(tracestate(good).as_deref(), Some(good));
    }
    let (key, value) = ("k".repeat(257), format!("a={}", "x".repeat(257)));
    for bad in [
        "",
        ",",
        "a",
        "a=",
        "=1",
        "A=1",
        "a=1,a=",
        "a=1,A=1,a=2",
        "a=b=c",
        "a=é",
        "a=\u{1}",
        "-a=1",
        &key,
        &value,
        &members(33),
    ] {
        assert_eq!(tracestate(bad), None, "{bad:?}");
    }
}

#[test]
fn of_a_repeated_key_the_first_member_stays_and_the_rest_of_the_header() {
    let members = |n: usize| (0..n).map(|i| format!("k{i}=v")).collect::<Vec<_>>().join(",");
    for (header, kept) in [
        ("foo=1,foo=2", "foo=1"),
        ("foo=1,foo=1", "foo=1"),
        ("foo=1,bar=2,foo=3,baz=4", "foo=1,bar=2,baz=4"),
        (" a=1 ,\tb=2 , a=3,, b=4 ", "a=1,b=2"),
        ("a@b=1,a@c=2,a@b=3", "a@b=1,a@c=2"),
        (&[&members(32), ",k0=again,k31=again"].concat(), &members(32)),
    ] {
        assert_eq!(tracestate(header).as_deref(), Some(kept), "{header:?}");
    }
    assert_eq!(tracestate(&[&members(33), ",k0=again"].concat()), None);
}
