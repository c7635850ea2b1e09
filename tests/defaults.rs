//! Every default and every limit, once.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used)]

use tidegate::engine::sampling::{DEFAULT_ERROR_THRESHOLD, SamplingOptions};
use tidegate::engine::stats::{Sample, SeriesKind, StatsStore};
use tidegate::engine::{
    Attributes, Collector, Config, ErrorKind, Event, EventKind, Format, Outcome, Reason, Service,
    SinkOptions, Value,
};

const NOW: f64 = 1_750_000_005_000.0;

fn collector(config: impl FnOnce(&mut Config)) -> Collector {
    let mut all = Config::default();
    all.sinks.push(SinkOptions::new("s", Format::Ndjson));
    config(&mut all);
    let mut collector = Collector::new(all).unwrap();
    collector.seed_entropy([9; 64]);
    collector.tick(NOW);
    collector
}

fn event<'a>(kind: EventKind, attributes: &'a Attributes) -> Event<'a> {
    Event { duration: Some(1.0), method: "GET", status: Some(200), attributes, ..Event::new(kind, "/a", NOW) }
}

fn emit(collector: &mut Collector, count: usize) {
    let attributes = Attributes::default();
    for _ in 0..count {
        collector.record(&event(EventKind::Fn, &attributes), None, NOW);
    }
}

fn dropped(collector: &Collector, reason: Reason) -> f64 {
    collector.counters().sinks[0].dropped[reason as usize]
}

#[test]
fn every_option_has_its_default() {
    // Every field is named here: a new one needs its default.
    let wanted = Config {
        queue_size: 2048,
        queue_bytes: 1_048_576,
        flush_interval_ms: 500.0,
        batch_max: 256,
        max_consecutive_sink_failures: Some(5),
        close_timeout_ms: 2000.0,
        flush_deadline_ms: 2000.0,
        lease_ms: None,
        retry_base_ms: 250.0,
        retry_max_ms: 30_000.0,
        sink_probe_ms: Some(30_000.0),
        stats_series: 128,
        metric_series: 512,
        labels: Vec::new(),
        methods: "GET,POST,PUT,DELETE,HEAD,OPTIONS,PATCH,CONNECT,TRACE".into(),
        sampling: SamplingOptions {
            rate: 1.0,
            exclude: Vec::new(),
            overrides: Vec::new(),
            always_sample_errors: true,
            error_threshold: 500,
            keep_slow: None,
            respect_parent: false,
            seed: None,
        },
        service: Service { name: None, version: None },
        resource: Vec::new(),
        sinks: Vec::new(),
    };
    assert_eq!(Config::default(), wanted);
    assert_eq!((wanted.lease(), DEFAULT_ERROR_THRESHOLD), (3000.0, 500));
    wanted.validate().unwrap();
}

#[test]
fn every_limit_is_inclusive() {
    type Set = fn(&mut Config, f64);
    let fields: [(&str, Set, f64, f64); 13] = [
        ("queue_size", |c, v| c.queue_size = v as usize, 1.0, 1_048_576.0),
        ("queue_bytes", |c, v| c.queue_bytes = v as usize, 16_384.0, 67_108_864.0),
        ("flush_interval_ms", |c, v| c.flush_interval_ms = v, 0.0, 3.6e6),
        ("batch_max", |c, v| c.batch_max = v as usize, 1.0, 65_536.0),
        (
            "max_consecutive_sink_failures",
            |c, v| c.max_consecutive_sink_failures = Some(v as u32),
            1.0,
            f64::MAX,
        ),
        ("close_timeout_ms", |c, v| c.close_timeout_ms = v, 0.0, 3.6e6),
        ("flush_deadline_ms", |c, v| c.flush_deadline_ms = v, 1.0, 3.6e6),
        ("lease_ms", |c, v| (c.lease_ms, c.flush_deadline_ms) = (Some(v), 0.5 + v / 2.0), 2.0, 7.2e6 - 2.0),
        ("retry_base_ms", |c, v| c.retry_base_ms = v, 1.0, 3.6e6),
        ("retry_max_ms", |c, v| c.retry_max_ms = v, 1.0, 3.6e6),
        ("sink_probe_ms", |c, v| c.sink_probe_ms = Some(v), 1.0, f64::MAX),
        ("stats_series", |c, v| c.stats_series = v as usize, 1.0, 1024.0),
        ("metric_series", |c, v| c.metric_series = v as usize, 1.0, 4096.0),
    ];
    for (name, set, min, max) in fields {
        let validate = |value: f64| {
            let mut config = Config::default();
            set(&mut config, value);
            config.validate()
        };
        assert_eq!((validate(min), validate(max)), (Ok(()), Ok(())), "{name}");
        for outside in [min - 1.0, max * 2.0 + 1.0] {
            if outside.is_finite() && outside >= 0.0 && name != "lease_ms" {
                assert_eq!(validate(outside).unwrap_err().kind(), ErrorKind::OutOfRange(name), "{outside}");
            }
        }
    }
}

#[test]
fn a_sink_can_be_kept_from_being_disabled() {
    let mut collector = collector(|config| config.max_consecutive_sink_failures = None);
    emit(&mut collector, 1);
    let mut now = NOW;
    for _ in 0..100 {
        now += collector.tick(now).unwrap();
        let transmit = collector.poll_transmit(now).unwrap();
        collector.settle(transmit.lease, Outcome::Retry { after_ms: None }, now);
    }
    assert!(!collector.counters().sinks[0].disabled);
}

#[test]
fn a_lease_follows_the_deadline_and_must_exceed_it() {
    let mut config = Config { flush_deadline_ms: 5000.0, ..Config::default() };
    assert_eq!(config.lease(), 6000.0);
    config.lease_ms = Some(5000.0);
    assert_eq!(config.validate().unwrap_err().kind(), ErrorKind::LeaseMs);
    config.lease_ms = Some(5001.0);
    config.validate().unwrap();
}

#[test]
fn the_queue_holds_2048_events_and_a_batch_256() {
    let mut collector = collector(|_| ());
    emit(&mut collector, 2048);
    assert_eq!((collector.queue_depth(), dropped(&collector, Reason::Overflow)), (2048, 0.0));
    emit(&mut collector, 1);
    assert_eq!((collector.queue_depth(), dropped(&collector, Reason::Overflow)), (2048, 1.0));
    const { assert!(Collector::RECORD_BYTES <= 80) };
    let bytes = collector.queue_bytes();
    assert!(
        bytes > 2048 * Collector::RECORD_BYTES + (1 << 20) && bytes as f64 <= 1.3 * 1_048_576.0,
        "{bytes}"
    );
    let transmit = collector.poll_transmit(NOW).unwrap();
    assert_eq!(collector.batch(transmit).count(), 256);
}

#[test]
fn the_queue_holds_one_mebibyte_of_attributes_and_a_batch_256_kibibytes() {
    let mut attributes = Attributes::default();
    attributes.push("blob", Value::Text(&"x".repeat(5000)));
    assert_eq!((Attributes::MAX_BYTES, attributes.truncated()), (4096, 1));
    let mut collector = collector(|_| ());
    for _ in 0..300 {
        collector.record(&event(EventKind::Evt, &attributes), None, NOW);
    }
    // Each takes 4096 bytes and a header of 3.
    assert_eq!(collector.queue_depth(), 1_048_576 / 4099);
    collector.flush(1000.0, NOW);
    let transmit = collector.poll_transmit(NOW).unwrap();
    assert_eq!(collector.batch(transmit).count(), 256 * 1024 / 4099);
}

#[test]
fn all_times_have_their_defaults() {
    let mut collector = collector(|_| ());
    emit(&mut collector, 1);
    assert_eq!(collector.next_deadline(), Some(500.0), "flush_interval_ms");
    let mut now = NOW + 500.0;
    let orphan = collector.poll_transmit(now).unwrap();
    assert_eq!(collector.tick(now), Some(3000.0), "lease_ms");
    collector.settle(orphan.lease, Outcome::Retry { after_ms: Some(1e12) }, now);
    assert_eq!(collector.tick(now), Some(600_000.0), "the longest Retry-After");
    for failures in 2..=5 {
        now += collector.tick(now).unwrap();
        assert!(!collector.counters().sinks[0].disabled);
        let transmit = collector.poll_transmit(now).unwrap();
        collector.settle(transmit.lease, Outcome::Retry { after_ms: None }, now);
        let wait = collector.tick(now).unwrap();
        assert!(failures == 5 || wait <= 250.0 * f64::from(1 << (failures - 1)), "retry_base_ms");
    }
    assert!(collector.counters().sinks[0].disabled, "max_consecutive_sink_failures");
    let waits = [30_000.0, 60_000.0, 120_000.0, 240_000.0, 480_000.0, 600_000.0, 600_000.0];
    for wait in waits {
        assert_eq!(collector.tick(now), Some(wait), "sink_probe_ms doubles up to ten minutes");
        now += wait;
        let transmit = collector.poll_transmit(now).unwrap();
        collector.settle(transmit.lease, Outcome::Retry { after_ms: None }, now);
    }
}

#[test]
fn the_pool_holds_1024_children_64_of_a_request_for_60_seconds() {
    let mut collector = collector(|config| config.sampling.rate = 0.0);
    let attributes = Attributes::default();
    for (requests, children, pending) in [(1, 70, 64.0), (14, 64, 960.0), (2, 64, 1024.0)] {
        for _ in 0..requests {
            let token = collector.open("/a", None, NOW);
            for _ in 0..children {
                collector.record_in(&event(EventKind::Fn, &attributes), token, NOW);
            }
        }
        assert_eq!(collector.counters().pending, pending);
    }
    assert_eq!(collector.tick(NOW), Some(60_000.0));
    collector.tick(NOW + 59_999.0);
    assert_eq!(collector.counters().pending, 1024.0);
    collector.tick(NOW + 60_000.0);
    assert_eq!(collector.counters().pending, 0.0);
}

#[test]
fn statistics_have_128_rows_over_15_minutes_in_61_slots_of_15_seconds() {
    let mut collector = collector(|_| ());
    let attributes = Attributes::default();
    let names: Vec<_> = (0..200).map(|n| format!("/{n}")).collect();
    for name in &names {
        collector.record(&Event { name, ..event(EventKind::Req, &attributes) }, None, NOW);
    }
    let snapshot = collector.stats(NOW);
    assert_eq!((snapshot.series.len(), snapshot.total.count), (128 + 1, 200), "and _OTHER");
    assert_eq!((snapshot.seconds.len(), snapshot.slots.len()), (60, 60));
    // A slot leaves the window 60 slots after its end: no event leaves early, and none more than one slot late.
    let slot = (NOW / 15_000.0).floor() * 15_000.0;
    assert_eq!(collector.stats(slot + 15_000.0 * 61.0 - 1.0).total.count, 200);
    assert_eq!(collector.stats(slot + 15_000.0 * 61.0).total.count, 0);
}

#[test]
fn statistics_place_an_event_at_its_end_and_refuse_what_is_older_than_the_window() {
    let mut stats = StatsStore::new(900_000.0, 128).unwrap();
    let mut record =
        |at| stats.record(Sample { at, duration: None, is_error: false }, NOW, Some((SeriesKind::Req, "/")));
    assert!(record(NOW - 900_000.0) && record(NOW + 1e9));
    assert!(!record(NOW - 900_001.0));
    assert_eq!((stats.refused(), stats.snapshot(NOW).total.count), (1, 2));
    let empty = StatsStore::new(900_000.0, 128).unwrap().snapshot(NOW).total;
    assert_eq!((empty.rps, empty.error_pct, empty.p50_ms, empty.p999_ms), (0.0, 0.0, None, None));
    assert!(StatsStore::new(900_000.0, 128).unwrap().memory_bytes() <= 2 << 20);
}

#[test]
fn a_collector_takes_up_to_16_sinks_and_every_format_has_its_name() {
    let mut config = Config { sinks: vec![SinkOptions::new("s", Format::Ndjson); 16], ..Config::default() };
    config.validate().unwrap();
    config.sinks[3].max_bytes = Some(0);
    let error = config.validate().unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::Sinks, "sinks[3].max_bytes must be at least 1"));
    config.sinks = vec![SinkOptions::new("s", Format::Ndjson); 17];
    assert_eq!(config.validate().unwrap_err().kind(), ErrorKind::Sinks);
    for &format in Format::ALL {
        assert_eq!(Format::from_name(format.as_str()), Some(format));
    }
    let kinds = |format: Format| EventKind::ALL.map(|kind| format.accepts(kind));
    for (formats, wanted) in [
        ([Format::Ndjson, Format::Events], [true; 4]),
        ([Format::OtlpTracesProtobuf, Format::OtlpTracesJson], [true, true, true, false]),
        ([Format::OtlpLogsProtobuf, Format::OtlpLogsJson], [false, false, false, true]),
        ([Format::OtlpMetricsProtobuf, Format::OtlpMetricsJson], [false; 4]),
        ([Format::Stats; 2], [false; 4]),
    ] {
        assert_eq!(formats.map(kinds), [wanted; 2]);
    }
    assert_eq!(EventKind::ALL.map(EventKind::as_str), ["REQ", "FN", "DB", "EVT"]);
    assert_eq!(
        Reason::ALL.map(Reason::as_str),
        ["overflow", "too_large", "rejected", "encode", "disabled", "closed", "core_reset"]
    );
}
