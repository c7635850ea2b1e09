//! Every default and bound of the design, once.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used)]

use tidegate::engine::config::OPTIONS;
use tidegate::engine::sampling::{DEFAULT_ERROR_THRESHOLD, KeepSlow, Options};
use tidegate::engine::stats::{Sample, SeriesKind, StatsStore};
use tidegate::engine::{
    Attributes, Collector, Config, Event, EventKind, Format, Outcome, Reason, SinkOptions, Value,
};

const NOW: f64 = 1_750_000_005_000.0;

fn collector(config: impl FnOnce(&mut Config)) -> Collector {
    let mut all = Config::default();
    let sink = SinkOptions { name: "s".into(), format: Format::Ndjson, batch_max: None, max_bytes: None };
    all.add_sink(sink).unwrap();
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
fn every_numeric_option_has_its_default() {
    let defaults = [
        ("queueSize", 2048.0),
        ("queueBytes", 1_048_576.0),
        ("flushIntervalMs", 500.0),
        ("batchMax", 256.0),
        ("maxConsecutiveSinkFailures", 5.0),
        ("closeTimeoutMs", 2000.0),
        ("flushDeadlineMs", 2000.0),
        ("leaseMs", 3000.0),
        ("retryBaseMs", 250.0),
        ("retryMaxMs", 30_000.0),
        ("sinkProbeMs", 30_000.0),
        ("statsSeries", 128.0),
    ];
    let config = Config::default();
    for (name, value) in defaults {
        assert_eq!(config.get_by_name(name), Some(value), "{name}");
    }
    assert_eq!(OPTIONS.map(|option| option.name), defaults.map(|(name, _)| name), "and there are no others");
}

#[test]
fn a_lease_follows_the_deadline_and_must_exceed_it() {
    let mut config = Config::default();
    config.set("flushDeadlineMs", 5000.0).unwrap();
    assert_eq!(config.get_by_name("leaseMs"), Some(6000.0));
    config.set("leaseMs", 5000.0).unwrap();
    assert_eq!(config.validate().unwrap_err().code(), "config/lease-ms");
    config.set("leaseMs", 5001.0).unwrap();
    config.validate().unwrap();
}

#[test]
fn sampling_keeps_all_unless_told() {
    let Options {
        rate,
        exclude,
        overrides,
        always_sample_errors,
        error_threshold,
        keep_slow,
        respect_parent,
        seed,
    } = Options::default();
    assert_eq!((rate, exclude.len(), overrides.len(), always_sample_errors), (1.0, 0, 0, true));
    assert_eq!((error_threshold, keep_slow, respect_parent, seed), (500, None::<KeepSlow>, false, None));
    assert_eq!(DEFAULT_ERROR_THRESHOLD, 500);
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
    let send = collector.poll_send(NOW).unwrap();
    assert_eq!(collector.batch(send).count(), 256);
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
    // Each takes its 4096 bytes and 3 of a header.
    assert_eq!(collector.queue_depth(), 1_048_576 / 4099);
    collector.flush(1000.0, NOW);
    let send = collector.poll_send(NOW).unwrap();
    assert_eq!(collector.batch(send).count(), 256 * 1024 / 4099);
}

#[test]
fn the_clockwork_has_its_defaults() {
    let mut collector = collector(|_| ());
    emit(&mut collector, 1);
    assert_eq!(collector.next_deadline(), Some(500.0), "flushIntervalMs");
    let mut now = NOW + 500.0;
    let orphan = collector.poll_send(now).unwrap();
    assert_eq!(collector.tick(now), Some(3000.0), "leaseMs");
    collector.settle(orphan.lease, Outcome::Retry { after_ms: Some(1e12) }, now);
    assert_eq!(collector.tick(now), Some(600_000.0), "the longest Retry-After");
    for failures in 2..=5 {
        now += collector.tick(now).unwrap();
        assert!(!collector.counters().sinks[0].disabled);
        let send = collector.poll_send(now).unwrap();
        collector.settle(send.lease, Outcome::Retry { after_ms: None }, now);
        let wait = collector.tick(now).unwrap();
        assert!(failures == 5 || wait <= 250.0 * f64::from(1 << (failures - 1)), "retryBaseMs");
    }
    assert!(collector.counters().sinks[0].disabled, "maxConsecutiveSinkFailures");
    let rests = [30_000.0, 60_000.0, 120_000.0, 240_000.0, 480_000.0, 600_000.0, 600_000.0];
    for rest in rests {
        assert_eq!(collector.tick(now), Some(rest), "sinkProbeMs doubles up to ten minutes");
        now += rest;
        let send = collector.poll_send(now).unwrap();
        collector.settle(send.lease, Outcome::Retry { after_ms: None }, now);
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
    // A slot leaves 60 slots after its own end: nothing ages early, and at most one slot late.
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
    let mut config = Config::default();
    let sink = SinkOptions { name: "s".into(), format: Format::Ndjson, batch_max: None, max_bytes: None };
    for _ in 0..16 {
        config.add_sink(sink.clone()).unwrap();
    }
    assert_eq!(config.add_sink(sink).unwrap_err().code(), "config/sink");
    for &format in Format::ALL {
        assert_eq!(Format::from_name(format.as_str()), Some(format));
    }
    let kinds = |format: Format| EventKind::ALL.map(|kind| format.accepts(kind));
    for (formats, wanted) in [
        ([Format::Ndjson, Format::Events], [true; 4]),
        ([Format::OtlpTracesProtobuf, Format::OtlpTracesJson], [true, true, true, false]),
        ([Format::OtlpLogsProtobuf, Format::OtlpLogsJson], [false, false, false, true]),
        ([Format::OtlpMetricsProtobuf, Format::OtlpMetricsJson], [false; 4]),
    ] {
        assert_eq!(formats.map(kinds), [wanted; 2]);
    }
    assert_eq!(EventKind::ALL.map(EventKind::as_str), ["REQ", "FN", "DB", "EVT"]);
    assert_eq!(
        Reason::ALL.map(Reason::as_str),
        ["overflow", "too_large", "rejected", "encode", "disabled", "closed", "core_reset"]
    );
}
