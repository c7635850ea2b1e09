//! Metrics of the program: what a sink gets of them, delta and cumulative, whatever the outcomes of its batches.
#![allow(clippy::unwrap_used)]
#![cfg(not(target_arch = "wasm32"))]

mod alloc;

use proptest::prelude::*;
use std::collections::HashMap;
use tidegate::encode::Encoder;
use tidegate::engine::metrics::{MetricValue, SeriesView};
use tidegate::engine::{
    Attributes, Collector, Config, Event, EventKind, Format, MetricId, MetricKind, Outcome, Reason,
    SinkOptions, Temporality, Transmit, Value,
};

const START: f64 = 1_750_000_000_000.0;
const OK: Outcome = Outcome::Ok { rejected: 0 };
const RETRY: Outcome = Outcome::Retry { after_ms: None };
const DELTA: usize = 0;
const CUMULATIVE: usize = 1;

fn config() -> Config {
    let mut config = Config::default();
    for temporality in [Temporality::Delta, Temporality::Cumulative] {
        let sink = SinkOptions::new("metrics", Format::OtlpMetricsProtobuf);
        config.sinks.push(SinkOptions { temporality, interval_ms: Some(500.0), ..sink });
    }
    config
}

fn collector(config: Config) -> Collector {
    let mut collector = Collector::new(config).unwrap();
    collector.seed_entropy([3; 64]);
    collector.tick(START);
    collector
}

fn plan(plan: &str) -> Attributes {
    let mut attributes = Attributes::default();
    attributes.push("plan", Value::Text(plan));
    attributes
}

fn counter(collector: &mut Collector, name: &str) -> MetricId {
    collector.metric(MetricKind::Counter, name, "{order}", "Orders.").unwrap()
}

/// A series as a key, and its value: sum or last number, or the count and the sum of a histogram.
fn read(series: SeriesView<'_>) -> (String, (f64, u64)) {
    let mut key = series.metric.name.clone();
    for (name, value) in series.attributes() {
        key += &format!(" {name}={value:?}");
    }
    match series.value {
        MetricValue::Number(number) => (key, (number, 0)),
        MetricValue::Histogram(histogram) => (key, (histogram.sum(), histogram.count())),
    }
}

fn batch(collector: &Collector, transmit: Transmit) -> HashMap<String, (f64, u64)> {
    collector.batch(transmit).metrics().unwrap().series().map(read).collect()
}

/// Polls the batches that are due. Settles those of `sink` by `answer`, any other as delivered.
fn pump(
    collector: &mut Collector,
    now: f64,
    sink: usize,
    answer: Outcome,
) -> Vec<HashMap<String, (f64, u64)>> {
    let mut batches = Vec::new();
    collector.tick(now);
    while let Some(transmit) = collector.poll_transmit(now) {
        if transmit.sink == sink {
            batches.push(batch(collector, transmit));
        }
        collector.settle(transmit.lease, if transmit.sink == sink { answer } else { OK }, now);
        assert!(collector.counters().is_conserved(), "{:#?}", collector.counters());
    }
    batches
}

fn sink(collector: &Collector, at: usize) -> (f64, f64, f64, f64) {
    let sink = &collector.counters().sinks[at];
    (sink.accepted, sink.delivered, sink.queued + sink.in_flight, sink.dropped.iter().sum())
}

#[test]
fn counters_gauges_and_histograms_reach_each_sink_and_stay_in_the_totals() {
    let mut collector = collector(config());
    let orders = counter(&mut collector, "orders");
    let depth = collector.metric(MetricKind::Gauge, "queue.depth", "", "").unwrap();
    let value = collector.metric(MetricKind::Histogram, "order.value", "EUR", "").unwrap();
    for n in 1..=10u8 {
        collector.measure(orders, f64::from(n), &plan("pro"), START);
        collector.measure(depth, f64::from(n) - 20.0, &Attributes::default(), START);
        collector.measure(value, f64::from(n) * 5.0 - 5.0, &plan("free"), START);
    }
    let wanted = HashMap::from([
        ("orders plan=Text(\"pro\")".to_owned(), (55.0, 0)),
        ("queue.depth".to_owned(), (-10.0, 0)),
        ("order.value plan=Text(\"free\")".to_owned(), (225.0, 10)),
    ]);
    assert_eq!(sink(&collector, DELTA), (30.0, 0.0, 30.0, 0.0));
    assert_eq!(pump(&mut collector, START + 500.0, DELTA, OK), std::slice::from_ref(&wanted));
    collector.measure(orders, 1.0, &plan("pro"), START + 600.0);
    let next = pump(&mut collector, START + 1100.0, DELTA, OK);
    assert_eq!(
        next,
        [HashMap::from([("orders plan=Text(\"pro\")".to_owned(), (1.0, 0))])],
        "a delta starts anew"
    );
    collector.measure(orders, 1.0, &plan("pro"), START + 1200.0);
    let all = pump(&mut collector, START + 1700.0, CUMULATIVE, OK);
    let mut wanted = wanted;
    wanted.insert("orders plan=Text(\"pro\")".to_owned(), (57.0, 0));
    assert_eq!(all, [wanted.clone()], "cumulative: all series, since the start");
    assert_eq!(
        collector.metrics().map(read).collect::<HashMap<_, _>>(),
        wanted,
        "the totals are those of the start"
    );
    let counters = collector.counters();
    assert_eq!((counters.emitted, counters.metrics.observed), (0.0, 32.0), "they are no events");
}

#[test]
fn numbers_that_a_kind_cannot_use_are_refused_and_so_is_everything_after_close() {
    let mut collector = collector(config());
    let ids = MetricKind::ALL.map(|kind| collector.metric(kind, kind.as_str(), "", "").unwrap());
    let none = Attributes::default();
    let mut refused = 0.0;
    for (at, value) in [
        (0, -1.0),
        (0, f64::NAN),
        (0, f64::INFINITY),
        (0, -1e-300),
        (1, f64::NAN),
        (1, f64::NEG_INFINITY),
        (2, f64::INFINITY),
        (2, f64::NAN),
    ] {
        collector.measure(ids[at], value, &none, START);
        refused += 1.0;
        assert_eq!(collector.counters().metrics.refused, refused, "{at} {value}");
    }
    for (at, value) in [(0, 0.0), (0, 1e308), (0, 1e308), (1, -5.0), (2, -5.0), (2, 0.0), (2, 5e-324)] {
        collector.measure(ids[at], value, &none, START);
    }
    assert_eq!((collector.counters().metrics.observed, collector.counters().metrics.refused), (7.0, refused));
    let found: HashMap<_, _> = collector.metrics().map(read).collect();
    assert_eq!(found["counter"].0, f64::MAX, "a sum stays finite");
    assert_eq!(found["histogram"], (-5.0, 3));
    collector.close(START);
    collector.measure(ids[0], 1.0, &none, START);
    assert_eq!(collector.counters().metrics.refused, refused + 1.0);
}

#[test]
fn a_number_that_is_refused_takes_no_place_of_an_attribute_set() {
    let mut collector = collector(Config { metric_series: 1, ..config() });
    let orders = counter(&mut collector, "orders");
    collector.measure(orders, -1.0, &plan("bad"), START);
    collector.measure(orders, 1.0, &plan("pro"), START);
    let counts = collector.counters().metrics;
    assert_eq!((counts.observed, counts.overflowed, counts.refused), (1.0, 0.0, 1.0));
}

#[test]
fn a_flood_of_attribute_sets_overflows_and_the_first_keep_counting() {
    let mut collector = collector(Config { metric_series: 16, ..config() });
    let orders = counter(&mut collector, "orders");
    for n in 0..10_000u32 {
        collector.measure(orders, 1.0, &plan(&n.to_string()), START);
        collector.measure(orders, 1.0, &plan("3"), START);
        collector.measure(orders, 1.0, &Attributes::default(), START);
    }
    let found = &pump(&mut collector, START + 500.0, DELTA, OK)[0];
    assert_eq!(found.len(), 16 + 2);
    assert_eq!((found["orders otel.metric.overflow=Flag(true)"].0, found["orders"].0), (9984.0, 10_000.0));
    assert_eq!(found["orders plan=Text(\"3\")"].0, 10_001.0);
    assert_eq!(collector.counters().metrics.overflowed, 9984.0);
}

#[test]
fn a_million_attribute_sets_take_no_memory_beyond_the_limit() {
    let mut collector = collector(Config { metric_series: 16, ..config() });
    let orders = counter(&mut collector, "orders");
    let mut attributes = Attributes::default();
    let mut measure = |n: u32| {
        attributes.clear();
        attributes.push("user", Value::Number(f64::from(n)));
        collector.measure(orders, 1.0, &attributes, START);
    };
    // The set of overflow is there from the 17th on.
    (0..17).for_each(&mut measure);
    let before = alloc::CALLS.get();
    (17..1_000_000).for_each(&mut measure);
    (0..16).for_each(&mut measure);
    assert_eq!(alloc::CALLS.get() - before, 0);
    let found = &pump(&mut collector, START + 500.0, DELTA, OK)[0];
    assert_eq!(found["orders otel.metric.overflow=Flag(true)"].0, 999_984.0);
    assert!((0..16).all(|n| found[&format!("orders user=Number({n}.0)")].0 == 2.0));
    assert_eq!(collector.counters().metrics.overflowed, 999_984.0);
}

#[test]
fn a_sink_is_due_by_its_own_interval() {
    for (given, wanted) in
        [(None, 500.0), (Some(10_000.0), 10_000.0), (Some(0.0), 0.0), (Some(2500.0), 2500.0)]
    {
        let sink = SinkOptions { interval_ms: given, ..SinkOptions::new("m", Format::OtlpMetricsJson) };
        let mut collector = collector(Config { sinks: vec![sink], ..Config::default() });
        let orders = counter(&mut collector, "orders");
        collector.measure(orders, 1.0, &plan("pro"), START);
        assert_eq!(collector.tick(START), Some(wanted));
        collector.flush(1000.0, START);
        assert!(collector.poll_transmit(START).is_some(), "a flush sends at once");
    }
    let sink = SinkOptions { interval_ms: Some(3000.0), ..SinkOptions::new("m", Format::Ndjson) };
    let mut collector = collector(Config { sinks: vec![sink], ..Config::default() });
    collector.record(&Event::new(EventKind::Fn, "f", START), None, START);
    assert_eq!(collector.tick(START), Some(3000.0), "any sink may have an interval");
}

#[test]
fn a_host_that_cannot_wait_sends_when_the_interval_has_passed_since_the_last_batch() {
    let mut collector = collector(Config { flush_interval_ms: 100.0, ..config() });
    let orders = counter(&mut collector, "orders");
    let mut now = START;
    for (wait, wanted) in [(0.0, 1), (100.0, 0), (399.0, 0), (1.0, 1), (499.0, 0), (5000.0, 1)] {
        now += wait;
        collector.measure(orders, 1.0, &plan("pro"), now);
        collector.flush_overdue(now);
        let mut batches = 0;
        while let Some(transmit) = collector.poll_transmit(now) {
            batches += usize::from(transmit.sink == DELTA);
            collector.settle(transmit.lease, OK, now);
        }
        assert_eq!(batches, wanted, "after {wait} ms");
    }
}

#[test]
fn a_dropped_batch_of_cumulative_measurements_loses_nothing() {
    for answer in
        [Outcome::Fatal, Outcome::TooLarge, Outcome::Ok { rejected: 1 }, Outcome::Ok { rejected: 99 }]
    {
        let mut collector = collector(Config { max_consecutive_sink_failures: None, ..config() });
        let orders = counter(&mut collector, "orders");
        let mut now = START;
        collector.measure(orders, 3.0, &plan("pro"), now);
        now += 500.0;
        assert_eq!(pump(&mut collector, now, CUMULATIVE, answer).len(), 1, "{answer:?}");
        assert_eq!(sink(&collector, CUMULATIVE), (1.0, 0.0, 1.0, 0.0), "{answer:?}: it waits again");
        now += 500.0;
        let sent = pump(&mut collector, now, CUMULATIVE, OK);
        assert_eq!(sent[0]["orders plan=Text(\"pro\")"].0, 3.0);
        assert_eq!(sink(&collector, CUMULATIVE), (1.0, 1.0, 0.0, 0.0));
    }
}

#[test]
fn only_close_and_an_end_without_probes_lose_cumulative_measurements() {
    let mut collector =
        collector(Config { max_consecutive_sink_failures: Some(1), sink_probe_ms: None, ..config() });
    let orders = counter(&mut collector, "orders");
    collector.measure(orders, 1.0, &plan("pro"), START);
    pump(&mut collector, START + 500.0, CUMULATIVE, Outcome::Fatal);
    let disabled = collector.counters().sinks[CUMULATIVE].dropped[Reason::Disabled as usize];
    assert_eq!((disabled, sink(&collector, CUMULATIVE).2), (1.0, 0.0));
    collector.measure(orders, 1.0, &plan("pro"), START + 600.0);
    assert_eq!(sink(&collector, CUMULATIVE), (2.0, 0.0, 0.0, 2.0));
    assert!(collector.counters().is_conserved());
    let mut collector = self::collector(config());
    let orders = counter(&mut collector, "orders");
    collector.measure(orders, 1.0, &plan("pro"), START);
    collector.tick(START + 500.0);
    let leased: Vec<_> = std::iter::from_fn(|| collector.poll_transmit(START + 500.0)).collect();
    collector.measure(orders, 1.0, &plan("pro"), START + 500.0);
    collector.close(START + 500.0);
    collector.finish();
    for transmit in leased {
        collector.settle(transmit.lease, Outcome::Fatal, START + 500.0);
    }
    assert_eq!(sink(&collector, CUMULATIVE), (2.0, 0.0, 0.0, 2.0));
    assert!(collector.counters().is_conserved());
}

#[test]
fn intervals_of_cumulative_batches_begin_at_the_start() {
    let mut collector = collector(config());
    let orders = counter(&mut collector, "orders");
    for round in 1..4u8 {
        let now = START + 600.0 * f64::from(round);
        collector.measure(orders, 1.0, &plan("pro"), now);
        collector.tick(now + 500.0);
        while let Some(transmit) = collector.poll_transmit(now + 500.0) {
            let measured = collector.batch(transmit).metrics().unwrap();
            assert_eq!(measured.end, now + 500.0);
            if transmit.sink == CUMULATIVE {
                assert_eq!((measured.start, measured.is_cumulative), (START + 600.0, true));
            }
            collector.settle(transmit.lease, OK, now + 500.0);
        }
    }
}

#[test]
fn requests_are_split_by_labels_and_their_rows_are_not() {
    let mut collector = collector(Config { labels: vec!["tenant".into(), "tier".into()], ..config() });
    for n in 0..30u32 {
        let mut attributes = Attributes::default();
        attributes.push("other", Value::Number(f64::from(n)));
        attributes.push("tenant", Value::Text(["a", "b", "c"][n as usize % 3]));
        if n.is_multiple_of(2) {
            attributes.push("tier", Value::Number(f64::from(n % 3)));
        }
        let event = Event {
            duration: Some(1.0),
            method: "GET",
            status: Some(200),
            attributes: if n == 29 { &Attributes::default() } else { &attributes },
            ..Event::new(EventKind::Req, "/", START)
        };
        collector.record(&event, None, START);
    }
    collector.tick(START + 500.0);
    let transmit = collector.poll_transmit(START + 500.0).unwrap();
    let measured = collector.batch(transmit).metrics().unwrap();
    let mut found: Vec<_> = measured
        .points
        .iter()
        .map(|point| (format!("{:?}", point.labels().collect::<Vec<_>>()), point.histogram().count()))
        .collect();
    found.sort();
    assert_eq!(found.len(), 7);
    assert_eq!(found.iter().map(|(_, count)| count).sum::<u64>(), 30);
    assert_eq!(found[6], ("[]".into(), 1));
    assert_eq!(found[0], (r#"[("tenant", Text("a")), ("tier", Number(0.0))]"#.into(), 5));
    assert_eq!(collector.stats(START).series.len(), 1);
}

#[test]
fn a_labelled_set_without_a_place_counts_in_the_set_without_labels() {
    let mut collector = collector(Config { labels: vec!["tenant".into()], ..config() });
    let mut request = |route: &str, tenant: Option<u32>| {
        let mut attributes = Attributes::default();
        if let Some(tenant) = tenant {
            attributes.push("tenant", Value::Number(f64::from(tenant)));
        }
        let event = Event {
            duration: Some(1.0),
            attributes: &attributes,
            ..Event::new(EventKind::Req, route, START)
        };
        collector.record(&event, None, START);
    };
    request("/", None);
    (0..1000).for_each(|tenant| request("/", Some(tenant)));
    request("/new", Some(0));
    collector.tick(START + 500.0);
    let transmit = collector.poll_transmit(START + 500.0).unwrap();
    let points = collector.batch(transmit).metrics().unwrap().points;
    assert_eq!(points.len(), 257);
    assert_eq!((points[0].labels().count(), points[0].histogram().count()), (0, 1 + 1000 - 255));
    assert!(points[256].is_overflow() && points[256].histogram().count() == 1);
}

#[test]
fn a_sink_has_the_memory_that_the_documentation_says() {
    let (delta, cumulative) = (Temporality::Delta, Temporality::Cumulative);
    let otlp = Format::OtlpMetricsProtobuf;
    // A sink of statistics has a store as the collector has, and the bytes of one push.
    for (format, temporality, limit) in
        [(otlp, delta, 1.3), (otlp, cumulative, 2.4), (Format::Stats, delta, 3.4)]
    {
        let sink = SinkOptions { temporality, ..SinkOptions::new("m", format) };
        let idle = alloc::bytes_of(|| collector(Config { sinks: vec![sink.clone()], ..Config::default() })).1;
        let without = alloc::bytes_of(|| filled(collector(Config::default()))).1;
        let with = alloc::bytes_of(|| filled(collector(Config { sinks: vec![sink], ..Config::default() }))).1;
        let nothing = alloc::bytes_of(|| collector(Config::default())).1;
        let taken = (with - without) as f64 / f64::from(1 << 20);
        println!("{format:?}, {temporality:?}: {taken:.2} MiB");
        assert!(taken <= limit, "{format:?}, {temporality:?}: {taken} MiB");
        assert!(idle - nothing < 8 << 10, "nothing is measured yet: {} bytes", idle - nothing);
    }
}

/// Fills each attribute set that a sink can have, twice.
fn filled(mut collector: Collector) -> Collector {
    for round in 0..3u32 {
        let now = START + 20_000.0 * f64::from(round);
        for n in 0..300u32 {
            let name = format!("/api/v1/resource/{n:03}/of/:id");
            let event = Event {
                duration: Some(f64::from(n * n)),
                method: "GET",
                status: Some(200),
                ..Event::new(EventKind::Req, &name, now)
            };
            collector.record(&event, None, now);
        }
        for metric in 0..8 {
            let name = format!("metric.{metric}");
            let id = collector.metric(MetricKind::Histogram, &name, "ms", "").unwrap();
            for n in 0..100u32 {
                collector.measure(id, f64::from(n * n * 7919 % 5000), &plan(&n.to_string()), now);
            }
        }
        collector.tick(now + 10_000.0);
        while let Some(transmit) = collector.poll_transmit(now + 10_000.0) {
            collector.settle(transmit.lease, OK, now + 10_000.0);
        }
    }
    collector
}

#[test]
fn in_the_steady_state_nothing_is_allocated() {
    let mut collector = collector(config());
    let mut encoders = [Format::OtlpMetricsProtobuf; 2].map(Encoder::new);
    let orders = counter(&mut collector, "orders");
    let value = collector.metric(MetricKind::Histogram, "order.value", "", "").unwrap();
    let plans: Vec<_> = (0..600).map(|n| plan(&n.to_string())).collect();
    let ids: Vec<_> = plans.iter().map(|plan| collector.series(value, plan)).collect();
    let mut bytes = Vec::new();
    let mut calls = 0;
    for round in 0..8u32 {
        let now = START + 600.0 * f64::from(round);
        let before = alloc::CALLS.get();
        for n in 0..plans.len() {
            collector.measure(orders, 1.0, &plans[n], now);
            collector.measure_series(ids[n], (n * n) as f64, now);
        }
        collector.tick(now + 500.0);
        while let Some(transmit) = collector.poll_transmit(now + 500.0) {
            bytes.clear();
            encoders[transmit.sink].encode(&collector.batch(transmit), &mut bytes);
            collector.settle(transmit.lease, OK, now + 500.0);
        }
        while collector.poll_notice().is_some() {}
        calls = alloc::CALLS.get() - before;
    }
    assert_eq!(calls, 0);
}

#[derive(Clone, Debug)]
enum Step {
    Measure(usize, u8, f64),
    Advance(f64),
    Settle(usize, u8, u8),
    Orphan(usize),
    Flush,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        20 => (0usize..3, 0u8..30, prop_oneof![0u8..4, any::<u8>()])
            .prop_map(|(metric, plan, value)| Step::Measure(metric, plan, f64::from(value))),
        6 => prop_oneof![Just(0.0), 0.0..600.0, 0.0..40_000.0].prop_map(Step::Advance),
        8 => (0usize..2, 0u8..8, 0u8..9).prop_map(|(sink, answer, rejected)| Step::Settle(sink, answer, rejected)),
        2 => (0usize..2).prop_map(Step::Orphan),
        2 => Just(Step::Flush),
    ]
}

type Sums = HashMap<String, (f64, u64)>;

fn add(sums: &mut Sums, batch: &Sums) {
    for (key, (sum, count)) in batch {
        let total = sums.entry(key.clone()).or_default();
        *total = (total.0 + sum, total.1 + count);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_delivered_is_what_was_recorded(steps in prop::collection::vec(step(), 1..200)) {
        let mut collector = collector(Config { max_consecutive_sink_failures: None, metric_series: 20, ..config() });
        let ids = [MetricKind::Counter, MetricKind::Counter, MetricKind::Histogram].map(|kind| (kind, kind.as_str()));
        let ids: Vec<_> = ids.iter().enumerate()
            .map(|(at, (kind, name))| collector.metric(*kind, &format!("{name}{at}"), "", "").unwrap())
            .collect();
        let mut now = START;
        let mut leased = [None, None];
        let (mut recorded, mut delivered, mut lost, mut last) = (Sums::new(), Sums::new(), Sums::new(), Sums::new());
        let mut sent = HashMap::new();
        let mut settle = |collector: &mut Collector, transmit: Transmit, outcome: Outcome, now: f64| {
            let of = batch(collector, transmit);
            let count = collector.batch(transmit).count();
            collector.settle(transmit.lease, outcome, now);
            match (transmit.sink, outcome) {
                (DELTA, Outcome::Ok { .. }) => add(&mut delivered, &of),
                (DELTA, Outcome::Fatal) => add(&mut lost, &of),
                (DELTA, Outcome::TooLarge) if of.len() == 1 => add(&mut lost, &of),
                (CUMULATIVE, Outcome::Ok { .. }) => for (key, value) in of {
                    let before = last.insert(key, value).unwrap_or_default();
                    assert!(before.0 <= value.0 && before.1 <= value.1, "a cumulative series never falls");
                },
                _ => {}
            }
            let counters = collector.counters();
            assert!(counters.is_conserved(), "{counters:#?}");
            assert!(count > 0 || transmit.sink == CUMULATIVE, "sets without news are sent too");
        };
        for step in steps {
            match step {
                Step::Measure(metric, plan, value) => {
                    collector.measure(ids[metric], value, &self::plan(&plan.to_string()), now);
                    let all: Sums = collector.metrics().map(read).collect();
                    recorded = all;
                }
                Step::Advance(ms) => {
                    now += ms;
                    let wanted = collector.tick(now);
                    prop_assert_eq!(collector.tick(now), wanted);
                }
                Step::Settle(sink, answer, rejected) => {
                    let Some(transmit) = leased[sink].take() else { continue };
                    // A lease that has expired is not the sink's current one any more.
                    if collector.batch(transmit).count() == 0 { continue }
                    let late = collector.counters().sinks[sink].late_settles;
                    let outcome = match answer {
                        0 => Outcome::Fatal,
                        1 => Outcome::TooLarge,
                        2 => RETRY,
                        3 if sink == CUMULATIVE => Outcome::Ok { rejected: u32::from(rejected) },
                        _ => OK,
                    };
                    if collector.counters().sinks[sink].in_flight == 0.0 {
                        collector.settle(transmit.lease, outcome, now);
                        prop_assert_eq!(collector.counters().sinks[sink].late_settles, late + 1.0);
                        continue;
                    }
                    settle(&mut collector, transmit, outcome, now);
                }
                Step::Orphan(sink) => leased[sink] = None,
                Step::Flush => collector.flush(1000.0, now),
            }
            while let Some(transmit) = collector.poll_transmit(now) {
                let is = format!("{:?}", collector.batch(transmit).metrics());
                let id = collector.batch(transmit).id();
                prop_assert_eq!(sent.entry(id).or_insert_with(|| is.clone()), &is, "the same id, the same points");
                leased[transmit.sink] = Some(transmit);
            }
            let counters = collector.counters();
            prop_assert!(counters.is_conserved(), "{counters:#?}");
        }
        // Whatever is leased expires, and all is delivered.
        now += 60_000.0;
        for _ in 0..100 {
            collector.tick(now);
            while let Some(transmit) = collector.poll_transmit(now) {
                settle(&mut collector, transmit, OK, now);
            }
            now += 60_000.0;
        }
        add(&mut delivered, &lost);
        prop_assert_eq!(&delivered, &recorded, "delta: the sum of all intervals");
        prop_assert_eq!(&last, &recorded, "cumulative: the last of each series");
        let counters = collector.counters();
        for sink in &counters.sinks {
            prop_assert_eq!(sink.accepted, counters.metrics.observed);
            prop_assert_eq!(sink.queued + sink.in_flight, 0.0);
        }
        prop_assert_eq!(counters.sinks[CUMULATIVE].delivered, counters.metrics.observed);
    }
}
