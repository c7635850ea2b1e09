//! OTLP: the content of each message, and that protobuf and JSON have the same content.
#![allow(clippy::unwrap_used)]
#![cfg(not(target_arch = "wasm32"))]

mod wire;

use proptest::prelude::*;
use serde_json::{Value as Json, json};
use tidegate::encode::Encoder;
use tidegate::engine::event::trace::TraceContext;
use tidegate::engine::{
    Attributes, BufferedRequest, Collector, Config, Event, EventKind, Format, RouteRef, SinkOptions, Value,
};

const NOW: f64 = 1_750_000_000_123.25;
const PAIRS: [(Format, Format); 3] = [
    (Format::OtlpTracesProtobuf, Format::OtlpTracesJson),
    (Format::OtlpLogsProtobuf, Format::OtlpLogsJson),
    (Format::OtlpMetricsProtobuf, Format::OtlpMetricsJson),
];

fn collector(mut config: Config) -> Collector {
    for (_, json) in PAIRS {
        config.sinks.push(SinkOptions::new("otlp", json));
    }
    let mut collector = Collector::new(config).unwrap();
    collector.seed_entropy([9; 64]);
    collector
}

fn event<'a>(kind: EventKind, name: &'a str, attributes: &'a Attributes) -> Event<'a> {
    Event { duration: Some(12.5), method: "GET", attributes, ..Event::new(kind, name, NOW) }
}

/// Exports all that waits. Compares the two forms of each signal field by field, and returns the JSON.
fn export(collector: &mut Collector) -> [Option<Json>; 3] {
    collector.flush(1000.0, NOW);
    let mut exported = [None, None, None];
    while let Some(transmit) = collector.poll_transmit(NOW) {
        let batch = collector.batch(transmit);
        let (protobuf, json) = PAIRS[transmit.sink];
        let (mut bytes, mut text) = (Vec::new(), Vec::new());
        Encoder::new(protobuf).encode(&batch, &mut bytes);
        Encoder::new(json).encode(&batch, &mut text);
        let schema = [wire::TRACES, wire::LOGS, wire::METRICS][transmit.sink];
        let text: Json = serde_json::from_slice(&text).unwrap();
        assert_eq!(wire::read(&bytes, schema), wire::normal(&text));
        exported[transmit.sink] = Some(text);
    }
    exported
}

/// The item at `path` of a request.
fn only(request: &Json, path: &str) -> Json {
    request.pointer(path).unwrap().clone()
}

fn attributes(item: &Json) -> Vec<(String, Json)> {
    let list = item["attributes"].as_array().unwrap();
    list.iter()
        .map(|pair| {
            let value = pair["value"].as_object().unwrap().values().next().unwrap().clone();
            (pair["key"].as_str().unwrap().to_owned(), value)
        })
        .collect()
}

fn pairs(wanted: &[(&str, Json)]) -> Vec<(String, Json)> {
    wanted.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect()
}

fn span(event: &Event<'_>, parent: Option<&str>) -> Json {
    let mut collector = collector(Config::default());
    collector.record(event, parent.map(|header| TraceContext::parse(header).unwrap()), NOW);
    only(export(&mut collector)[0].as_ref().unwrap(), "/resourceSpans/0/scopeSpans/0/spans/0")
}

#[test]
fn a_request_is_a_server_span() {
    let none = Attributes::default();
    let request = Event { status: Some(404), ..event(EventKind::Req, "/orders/:id", &none) };
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let span = span(&request, Some(parent));
    assert_eq!(
        (&span["name"], &span["kind"], &span["flags"]),
        (&json!("GET /orders/:id"), &json!(2), &json!(0x301))
    );
    assert_eq!(span["traceId"], "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(span["parentSpanId"], "b7ad6b7169203331");
    assert_eq!(span["startTimeUnixNano"], "1750000000123250000");
    assert_eq!(span["endTimeUnixNano"], "1750000000135750000");
    assert!(span.get("status").is_none(), "404 is an error of the client");
    let wanted = [
        ("http.request.method", json!("GET")),
        ("http.route", json!("/orders/:id")),
        ("url.path", json!("/orders/:id")),
        ("http.response.status_code", json!("404")),
    ];
    assert_eq!(attributes(&span), pairs(&wanted));
}

#[test]
fn an_unusual_method_and_a_server_error_follow_the_conventions() {
    let none = Attributes::default();
    let request =
        Event { status: Some(503), duration: None, method: "PURGE", ..event(EventKind::Req, "/", &none) };
    let span = span(&request, None);
    assert_eq!(
        (&span["name"], &span["status"], &span["flags"]),
        (&json!("HTTP /"), &json!({"code": 2}), &json!(0x101))
    );
    assert_eq!(span["startTimeUnixNano"], span["endTimeUnixNano"], "an unknown duration");
    let wanted = [
        ("http.request.method", json!("_OTHER")),
        ("http.request.method_original", json!("PURGE")),
        ("http.route", json!("/")),
        ("url.path", json!("/")),
        ("http.response.status_code", json!("503")),
        ("error.type", json!("503")),
    ];
    assert_eq!(attributes(&span), pairs(&wanted));
}

#[test]
fn a_raw_path_names_no_span_and_is_no_route() {
    let none = Attributes::default();
    for (path, method, name, wanted) in [
        ("/users/42?token=x", "GET", "GET", "/users/:id"),
        ("/", "POST", "POST", "/"),
        ("/a/b.html", "HEAD", "HEAD", "/a/b.html"),
        ("/k/3f2b8c9d0e1f4a5b", "PURGE", "HTTP", "/k/:id"),
    ] {
        let request = Event { is_path: true, method, ..event(EventKind::Req, path, &none) };
        let span = span(&request, None);
        assert_eq!(span["name"], name);
        let found = attributes(&span);
        assert!(found.contains(&("url.path".into(), json!(wanted))), "{found:?}");
        assert!(found.iter().all(|(key, _)| key != "http.route"), "{found:?}");
    }
}

#[test]
fn a_path_and_a_route_of_the_same_text_are_told_apart_however_they_come() {
    let mut collector = collector(Config::default());
    let none = Attributes::default();
    collector.record(&event(EventKind::Req, "/users/:id", &none), None, NOW);
    let method = collector.method_id("GET").unwrap();
    let mut ids = [None; 2];
    for _ in 0..3 {
        let texts = [RouteRef::Path("/users/42"), RouteRef::Text("/users/:id")];
        let of_ids = [ids[0].map(RouteRef::PathId), ids[1].map(RouteRef::Id)];
        let requests = [0, 1].map(|at| BufferedRequest {
            route: of_ids[at].unwrap_or(texts[at]),
            method,
            status: Some(200),
            start: NOW,
            duration: Some(1.0),
        });
        let answer = |at: usize, id: Option<u16>, _: &_| ids[at] = id.or(ids[at]);
        collector.record_requests(requests.into_iter(), answer, NOW, NOW);
    }
    let exported = export(&mut collector)[0].take().unwrap();
    let spans = exported.pointer("/resourceSpans/0/scopeSpans/0/spans").unwrap().as_array().unwrap();
    let names: Vec<_> = spans.iter().skip(1).map(|span| span["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["GET", "GET /users/:id"].repeat(3));
    assert!(ids.iter().all(Option::is_some), "all came by id in the end");
}

#[test]
fn an_origin_says_scheme_address_and_port() {
    let none = Attributes::default();
    let keys = ["url.scheme", "server.address", "server.port"];
    for (method, wanted) in [
        ("GET https://shop.example", Some(["https", "shop.example", "443"])),
        ("GET http://shop.example", Some(["http", "shop.example", "80"])),
        ("GET http://127.0.0.1:8787", Some(["http", "127.0.0.1", "8787"])),
        ("GET https://[::1]:8443", Some(["https", "::1", "8443"])),
        ("GET", None),
    ] {
        let span = span(&Event { method, ..event(EventKind::Req, "/x", &none) }, None);
        let found = attributes(&span);
        let value = |key: &str| found.iter().find(|(other, _)| other == key).map(|(_, value)| value.clone());
        assert_eq!((&span["name"], value("http.request.method")), (&json!("GET /x"), Some(json!("GET"))));
        assert_eq!(
            keys.map(value),
            wanted.map_or([const { None }; 3], |all| all.map(|text| Some(json!(text))))
        );
    }
}

#[test]
fn a_statement_that_nobody_can_sum_up_has_no_summary_and_is_named_by_its_system() {
    let none = Attributes::default();
    for (system, wanted) in
        [(None, "other_sql"), (Some("postgresql"), "postgresql"), (Some("mysql"), "mysql")]
    {
        for statement in ["", "'x'", "?"] {
            let span = span(&Event { system, ..event(EventKind::Db, statement, &none) }, None);
            assert_eq!(span["name"], wanted, "{statement}");
            let found = attributes(&span);
            assert!(found.iter().all(|(key, _)| key != "db.query.summary"), "{statement}: {found:?}");
        }
    }
}

#[test]
fn a_statement_is_a_client_span_and_an_own_attribute_does_not_repeat_a_key() {
    let mut given = Attributes::default();
    given.push("db.system.name", Value::Text("mine"));
    given.push("count", Value::Number(3.0));
    let error = Some("D1_ERROR: no such table: t");
    let statement =
        Event { error, rows: Some(0.0), ..event(EventKind::Db, "CREATE TABLE t (a INT)", &given) };
    let span = span(&statement, None);
    assert_eq!((&span["name"], &span["kind"]), (&json!("CREATE TABLE t"), &json!(3)));
    assert_eq!(span["status"], json!({"message": "D1_ERROR: no such table: t", "code": 2}));
    let wanted = [
        ("db.system.name", json!("other_sql")),
        ("db.query.summary", json!("CREATE TABLE t")),
        ("db.operation.name", json!("CREATE TABLE")),
        ("db.collection.name", json!("t")),
        ("db.query.text", json!("CREATE TABLE t (a INT)")),
        ("db.response.returned_rows", json!("0")),
        ("error.type", json!("D1_ERROR")),
        ("count", json!("3")),
    ];
    assert_eq!(attributes(&span), pairs(&wanted));
}

#[test]
fn a_function_that_names_what_it_called_is_a_client_span() {
    for (keys, kind) in [
        (&[][..], 1),
        (&["rpc.service", "http.request.method_original"], 1),
        (&["http.request.method"], 3),
        (&["other", "rpc.method"], 3),
    ] {
        let mut attributes = Attributes::default();
        for key in keys {
            attributes.push(key, Value::Text("x"));
        }
        let span = span(&event(EventKind::Fn, "rpc:API.charge", &attributes), None);
        assert_eq!(span["kind"], json!(kind), "{keys:?}");
    }
}

#[test]
fn an_event_is_a_log_record_of_the_span_it_happened_in() {
    let mut config = Config::default();
    config.sampling.rate = 1.0;
    let mut collector = collector(config);
    let none = Attributes::default();
    let token = collector.open("/", None, NOW);
    collector.record_in(&event(EventKind::Evt, "cart.opened", &none), token, NOW);
    collector.end(&event(EventKind::Req, "/", &none), token, NOW);
    let [traces, logs, _] = export(&mut collector);
    let span = only(&traces.unwrap(), "/resourceSpans/0/scopeSpans/0/spans/0");
    let record = only(&logs.unwrap(), "/resourceLogs/0/scopeLogs/0/logRecords/0");
    assert_eq!((&record["spanId"], &record["traceId"]), (&span["spanId"], &span["traceId"]));
    assert_eq!((&record["eventName"], &record["severityNumber"]), (&json!("cart.opened"), &json!(9)));
    assert_eq!(record["body"], json!({"stringValue": "cart.opened"}));
}

#[test]
fn the_probability_is_exported_if_it_is_not_one() {
    let mut config = Config::default();
    config.sampling.rate = 0.25;
    config.sampling.seed = Some(1);
    let mut collector = collector(config);
    let none = Attributes::default();
    for _ in 0..100 {
        collector.record(&event(EventKind::Req, "/", &none), None, NOW);
    }
    let traces = export(&mut collector)[0].take().unwrap();
    let span = only(&traces, "/resourceSpans/0/scopeSpans/0/spans/0");
    assert_eq!(attributes(&span).last().unwrap(), &("sampling.probability".to_owned(), json!(0.25)));
}

#[test]
fn resource_attributes_of_the_host_replace_our_own() {
    let resource =
        vec![("cloud.provider".into(), "cloudflare".into()), ("service.name".into(), "theirs".into())];
    let config = Config { resource, ..Config::default() };
    let mut collector = collector(config);
    collector.record(&event(EventKind::Fn, "f", &Attributes::default()), None, NOW);
    let traces = export(&mut collector)[0].take().unwrap();
    let resource = only(&traces, "/resourceSpans/0/resource");
    let keys: Vec<_> = attributes(&resource).into_iter().map(|(key, _)| key).collect();
    let wanted = [
        "service.instance.id",
        "telemetry.sdk.name",
        "telemetry.sdk.language",
        "telemetry.sdk.version",
        "cloud.provider",
        "service.name",
    ];
    assert_eq!(keys, wanted);
}

fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,20}",
        "[\\x00-\\x1f\"\\\\\u{fffd}\u{2028}🚢{}\\[,]{0,30}",
        Just("x".repeat(4096)),
        Just("\u{7}".repeat(127)),
        Just("SELECT \"a\" FROM t WHERE x = 'y".to_owned()),
    ]
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>(),
        Just(-0.0),
        Just(9_007_199_254_740_991.0),
        Just(-9_007_199_254_740_993.0),
        Just(0.1)
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_forms_have_the_same_content(
        kinds in prop::collection::vec(0usize..4, 1..8),
        name in hostile(), text in hostile(), key in hostile(), method in hostile(),
        error in prop::option::of(hostile()), system in prop::option::of(hostile()),
        x in number(), rows in prop::option::of(number()),
        duration in prop::option::of(prop_oneof![0.0..1e7, Just(0.0), Just(f64::MAX)]),
        start in prop_oneof![Just(NOW), Just(-1.0), Just(1e300), 0.0..1e13],
        status in prop::option::of(100u16..1000),
    ) {
        let mut config = Config::default();
        config.service.name = Some(text.clone());
        config.resource.push((key.clone(), text.clone()));
        let mut collector = collector(config);
        let mut attributes = Attributes::default();
        attributes.push(&key, Value::Text(&text));
        attributes.push(&text, Value::Number(x));
        attributes.push("flag", Value::Flag(true));
        for kind in kinds {
            let (error, system) = (error.as_deref(), system.as_deref());
            let event = Event {
                start, duration, error, status, system, rows, method: &method,
                ..event(EventKind::ALL[kind], &name, &attributes)
            };
            collector.record(&event, None, NOW);
        }
        export(&mut collector);
    }
}
