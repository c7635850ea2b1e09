//! Prometheus text: its lines, its escapes, and its values.
#![allow(clippy::unwrap_used)]
#![cfg(not(target_arch = "wasm32"))]

use std::collections::HashMap;
use tidegate::encode::prometheus;
use tidegate::engine::{Collector, Config, Event, EventKind, Format, Service, SinkOptions};

const NOW: f64 = 1_750_000_000_000.0;

/// A collector with two sinks of the same name, and one request to each of `routes`.
fn collector(routes: &[&str]) -> Collector {
    let mut config = Config::default();
    for format in [Format::Ndjson, Format::OtlpMetricsJson] {
        config.sinks.push(SinkOptions::new("a\"b", format));
    }
    let mut collector = Collector::new(config).unwrap();
    collector.seed_entropy([5; 64]);
    for route in routes {
        let event = Event {
            duration: Some(250.0),
            method: "GET",
            status: Some(500),
            ..Event::new(EventKind::Req, route, NOW)
        };
        collector.record(&event, None, NOW);
    }
    collector
}

fn text(collector: &mut Collector) -> String {
    let mut out = Vec::new();
    prometheus::encode(&collector.counters(), &collector.stats(NOW), &mut out);
    String::from_utf8(out).unwrap()
}

/// Reads the text as the spec says. Each sample has its own name and labels, and follows HELP and TYPE.
fn samples(text: &str) -> HashMap<String, f64> {
    let (mut family, mut samples) = (String::new(), HashMap::new());
    assert!(text.ends_with('\n'));
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            family = help.split(' ').next().unwrap().to_owned();
            let kind = if family.ends_with("_total") { "counter" } else { "gauge" };
            assert_eq!(lines.next().unwrap(), format!("# TYPE {family} {kind}"));
            continue;
        }
        let (key, value) = line.rsplit_once(' ').unwrap();
        assert!(key == family || key.starts_with(&format!("{family}{{")), "{line}");
        assert!(samples.insert(key.to_owned(), value.parse().unwrap()).is_none(), "{key} twice");
    }
    samples
}

#[test]
fn totals_and_figures_are_written_once_each() {
    let mut collector = collector(&["/a", "/a", "/b"]);
    let samples = samples(&text(&mut collector));
    for (key, value) in [
        ("tidegate_events_emitted_total", 3.0),
        ("tidegate_events_accepted_total", 3.0),
        ("tidegate_events_pending", 0.0),
        (r#"tidegate_sink_events_queued{sink="a\"b",index="0"}"#, 3.0),
        (r#"tidegate_sink_events_accepted_total{sink="a\"b",index="1"}"#, 3.0),
        (r#"tidegate_sink_events_dropped_total{sink="a\"b",index="1",reason="too_large"}"#, 0.0),
        (r#"tidegate_window_events{kind="REQ",name="/a"}"#, 2.0),
        (r#"tidegate_window_errors{kind="ALL",name="ALL"}"#, 3.0),
        (r#"tidegate_window_error_ratio{kind="REQ",name="/b"}"#, 1.0),
        (r#"tidegate_window_duration_max_seconds{kind="REQ",name="/a"}"#, 0.25),
    ] {
        assert_eq!(samples.get(key), Some(&value), "{key}");
    }
    let p50 = samples[r#"tidegate_window_duration_seconds{kind="REQ",name="/a",q="0.5"}"#];
    assert!((p50 / 0.25 - 1.0).abs() < 0.01, "{p50}");
}

#[test]
fn labels_are_escaped_and_unknown_values_are_left_out() {
    let mut empty = collector(&[]);
    let text_of_none = text(&mut empty);
    assert!(!samples(&text_of_none).keys().any(|key| key.starts_with("tidegate_window_duration")));
    let mut hostile = collector(&["a\\b\"c\nd\r\u{0}größe 🚢}"]);
    let text = text(&mut hostile);
    assert!(text.contains("name=\"a\\\\b\\\"c\\nd\r\u{0}größe 🚢}\""), "{text}");
    assert_eq!(
        samples(&text.replace('\r', "")).len(),
        samples(&text_of_none).len() + 7 + 11,
        "the total and the series"
    );
}

#[test]
fn the_resource_is_the_labels_of_target_info() {
    let target = |service: Service, resource: &[(&str, &str)]| {
        let resource: Vec<_> = resource.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let mut out = Vec::new();
        prometheus::target(&service, &resource, &mut out);
        String::from_utf8(out).unwrap().lines().last().unwrap_or_default().to_owned()
    };
    let shop = Service { name: Some("sh\"op".into()), version: Some("1".into()) };
    assert_eq!(
        target(
            shop.clone(),
            &[("cloud.region", "eu"), ("9.lives", "x"), ("größe", "g"), ("cloud_region", "no")]
        ),
        r#"target_info{service_name="sh\"op",service_version="1",cloud_region="eu",key_9_lives="x",gr__e="g"} 1"#
    );
    assert_eq!(
        target(shop, &[("service.name", "no"), ("telemetry.sdk.language", "no")]),
        r#"target_info{service_name="sh\"op",service_version="1"} 1"#
    );
    assert_eq!(target(Service::default(), &[("telemetry.sdk.language", "webjs")]), "");
    assert_eq!(target(Service::default(), &[("a", "")]), "target_info{a=\"\"} 1");
}

#[test]
fn requests_are_counted_for_nobody_up_to_a_limit_and_all_of_them_for_a_reader() {
    let mut collector = collector(&[]);
    let request = |collector: &mut Collector, count: usize| {
        for _ in 0..count {
            collector.record(&Event::new(EventKind::Req, "/a", NOW), None, NOW);
        }
        collector.request_totals()[0].requests()
    };
    assert_eq!(request(&mut collector, 16_384), 16_384);
    assert_eq!(request(&mut collector, 10_000), 16_384, "nobody reads them");
    collector.count_requests();
    assert_eq!(request(&mut collector, 40_000), 56_384);

    let mut read = self::collector(&[]);
    read.count_requests();
    assert_eq!(request(&mut read, 40_000), 40_000);
}
