//! Metrics sinks: what they accumulate, against a simple model, and the laws whatever the outcomes of their batches.
#![allow(clippy::unwrap_used)]
#![cfg(not(target_arch = "wasm32"))]

use proptest::prelude::*;
use std::collections::HashMap;
use tidegate::encode::Encoder;
use tidegate::engine::metrics::{Exponential, Instrument, MAX_SETS};
use tidegate::engine::{
    BufferedRequest, Collector, Config, Event, EventKind, Format, Outcome, Reason, RouteRef, SinkOptions,
    Transmit,
};

const START: f64 = 1_750_000_000_000.0;
const OK: Outcome = Outcome::Ok { rejected: 0 };
const RETRY: Outcome = Outcome::Retry { after_ms: None };

fn config(rate: f64) -> Config {
    let mut config = Config::default();
    config.sampling.rate = rate;
    config.sampling.exclude = vec!["/health".into()];
    for format in [Format::OtlpMetricsProtobuf, Format::Ndjson] {
        config.sinks.push(SinkOptions::new(format.as_str(), format));
    }
    config
}

fn collector(config: Config) -> Collector {
    let mut collector = Collector::new(config).unwrap();
    collector.seed_entropy([3; 64]);
    collector.tick(START);
    collector
}

fn request(collector: &mut Collector, route: &str, status: u16, ms: Option<f64>, now: f64) {
    let event =
        Event { duration: ms, method: "GET", status: Some(status), ..Event::new(EventKind::Req, route, now) };
    collector.record(&event, None, now);
    assert!(collector.counters().is_conserved(), "{:#?}", collector.counters());
}

/// The batch of the metrics sink, if it is due.
fn poll(collector: &mut Collector, now: f64) -> Option<Transmit> {
    let mut found = None;
    while let Some(transmit) = collector.poll_transmit(now) {
        if transmit.sink == 0 {
            found = Some(transmit);
        } else {
            collector.settle(transmit.lease, OK, now);
        }
    }
    found
}

/// The semantic conventions forbid a path as `http.route`, also as a template of ours.
#[test]
fn a_raw_path_is_no_route_of_a_metric() {
    let mut collector = collector(config(1.0));
    request(&mut collector, "/a", 200, Some(1.0), START);
    for path in ["/users/1", "/users/2", "/other"] {
        let (duration, method) = (Some(1.0), "GET");
        let event = Event { duration, method, is_path: true, ..Event::new(EventKind::Req, path, START) };
        collector.record(&event, None, START);
    }
    let method = collector.method_id("GET").unwrap();
    let buffered = |route| BufferedRequest { route, method, status: None, start: START, duration: Some(1.0) };
    let mut ids = Vec::new();
    for _ in 0..3 {
        let requests = [RouteRef::Path("/users/3"), RouteRef::Text("/a")].map(buffered);
        collector.record_requests(requests.into_iter(), |_, id, _| ids.push(id), START, START);
    }
    let id = ids.iter().step_by(2).find_map(|id| *id).unwrap();
    collector.record_requests([buffered(RouteRef::PathId(id))].into_iter(), |_, _, _| {}, START, START);
    collector.flush(1000.0, START);
    let transmit = poll(&mut collector, START).unwrap();
    let counts: HashMap<_, _> =
        points(&collector, transmit).into_iter().map(|(key, (count, _))| (key, count)).collect();
    let wanted = [(("/a", 200), 1), (("/a", 0), 3), (("", 0), 3 + 3 + 1)];
    assert_eq!(counts, wanted.map(|((route, status), count)| ((route.to_owned(), status), count)).into());
    let mut json = Vec::new();
    Encoder::new(Format::OtlpMetricsJson).encode(&collector.batch(transmit), &mut json);
    let json = String::from_utf8(json).unwrap();
    assert_eq!((json.matches("http.route").count(), json.contains("/users")), (2, false));
    assert_eq!(collector.stats(START).series.iter().filter(|row| row.name == "/users/:id").count(), 1);
}

/// The points of a batch: count and sum, by route and status.
fn points(collector: &Collector, transmit: Transmit) -> HashMap<(String, u16), (u64, f64)> {
    let points = collector.batch(transmit).metrics().unwrap().points;
    let key = |point: &tidegate::engine::metrics::Point| {
        let name = if point.is_overflow() { "overflow" } else { point.name() };
        (name.to_owned(), point.status().unwrap_or(0))
    };
    points.iter().map(|point| (key(point), (point.histogram().count(), point.histogram().sum()))).collect()
}

fn dropped(collector: &Collector, reason: Reason) -> f64 {
    let at = Reason::ALL.iter().position(|&other| other == reason).unwrap();
    collector.counters().sinks[0].dropped[at]
}

#[test]
fn every_measured_event_counts_before_sampling_and_no_excluded_one() {
    let mut collector = collector(config(0.0));
    let mut model: HashMap<(String, u16), (u64, f64)> = HashMap::new();
    for n in 0..1000u32 {
        let (route, status) = (format!("/{}", n % 7), if n % 10 == 0 { 404 } else { 200 });
        let ms = f64::from(n * 7919 % 1000) / 8.0;
        request(&mut collector, &route, status, Some(ms), START);
        let entry = model.entry((route, status)).or_default();
        *entry = (entry.0 + 1, entry.1 + ms / 1000.0);
    }
    request(&mut collector, "/health", 200, Some(1.0), START);
    request(&mut collector, "/unknown", 200, None, START);
    let counters = collector.counters();
    assert_eq!((counters.sinks[0].accepted, counters.sinks[0].queued), (1000.0, 1000.0));
    assert_eq!(counters.accepted, 0.0, "sampled out, all of them");
    let transmit = poll(&mut collector, START + 500.0).unwrap();
    assert_eq!(collector.batch(transmit).count(), 1000);
    assert_eq!(points(&collector, transmit), model);
    collector.settle(transmit.lease, OK, START + 500.0);
    assert_eq!(collector.counters().sinks[0].delivered, 1000.0);
}

#[test]
fn a_batch_is_due_by_the_interval_or_a_flush_and_not_by_count() {
    let mut collector = collector(config(0.0));
    for _ in 0..5000 {
        request(&mut collector, "/", 200, Some(1.0), START);
    }
    assert_eq!(poll(&mut collector, START + 499.0), None);
    assert_eq!(collector.tick(START + 499.0), Some(1.0));
    assert!(poll(&mut collector, START + 500.0).is_some());
    let mut collector = self::collector(config(0.0));
    request(&mut collector, "/", 200, Some(1.0), START);
    collector.flush(1000.0, START);
    let transmit = poll(&mut collector, START).unwrap();
    assert!(collector.is_flushing(START));
    request(&mut collector, "/", 200, Some(1.0), START);
    collector.settle(transmit.lease, OK, START);
    assert!(!collector.is_flushing(START), "what came after the flush is not part of it");
    assert_eq!(poll(&mut collector, START), None);
}

#[test]
fn intervals_follow_each_other_without_a_gap() {
    let mut collector = collector(config(0.0));
    let mut end = START + 100.0;
    for round in 0..5 {
        let now = START + 100.0 + f64::from(round) * 700.0;
        request(&mut collector, "/", 200, Some(1.0), now);
        let transmit = poll(&mut collector, now + 500.0).unwrap();
        let measured = collector.batch(transmit).metrics().unwrap();
        assert_eq!((measured.start, measured.end), (end, now + 500.0));
        end = measured.end;
        collector.settle(transmit.lease, OK, now + 500.0);
    }
}

#[test]
fn a_batch_is_sent_again_unchanged_while_the_next_one_fills() {
    let mut collector = collector(config(0.0));
    request(&mut collector, "/a", 200, Some(1.0), START);
    let first = poll(&mut collector, START + 500.0).unwrap();
    let (id, was) = (collector.batch(first).id(), format!("{:?}", collector.batch(first).metrics()));
    let counters = collector.batch(first).counters.clone();
    request(&mut collector, "/b", 200, Some(1.0), START + 500.0);
    collector.settle(first.lease, RETRY, START + 500.0);
    let again = poll(&mut collector, START + 1000.0).unwrap();
    let batch = collector.batch(again);
    assert_eq!((batch.id(), format!("{:?}", batch.metrics())), (id, was));
    assert_eq!(*batch.counters, counters);
    collector.settle(again.lease, OK, START + 1000.0);
    let next = poll(&mut collector, START + 1500.0).unwrap();
    assert_ne!(collector.batch(next).id(), id);
    assert_eq!(points(&collector, next), HashMap::from([(("/b".into(), 200), (1, 0.001))]));
}

#[test]
fn sets_beyond_the_limit_are_counted_together() {
    let mut collector = collector(config(0.0));
    for n in 0..MAX_SETS + 50 {
        request(&mut collector, &format!("/{n}"), 200, Some(2.0), START);
        request(&mut collector, "/0", 200, Some(1.0), START);
    }
    let transmit = poll(&mut collector, START + 500.0).unwrap();
    let points = points(&collector, transmit);
    assert_eq!(points.len(), MAX_SETS + 1);
    assert_eq!(points[&("overflow".into(), 0)].0, 50);
    assert_eq!(points[&("/0".into(), 200)].0, MAX_SETS as u64 + 51);
    collector.settle(transmit.lease, OK, START + 500.0);
    request(&mut collector, "/new", 200, Some(1.0), START + 500.0);
    let transmit = poll(&mut collector, START + 1000.0).unwrap();
    assert_eq!(self::points(&collector, transmit).len(), 1, "the next interval has room again");
}

#[test]
fn a_batch_too_large_is_halved_by_attribute_sets() {
    let mut collector = collector(config(0.0));
    for n in 0..4u16 {
        for _ in 0..n + 2 {
            request(&mut collector, &format!("/{n}"), 200, Some(1.0), START);
        }
    }
    let now = START + 500.0;
    let whole = poll(&mut collector, now).unwrap();
    let id = collector.batch(whole).id();
    collector.settle(whole.lease, Outcome::TooLarge, now);
    let half = poll(&mut collector, now).unwrap();
    assert_eq!((collector.batch(half).count(), points(&collector, half).len()), (5, 2));
    assert_ne!(collector.batch(half).id(), id);
    collector.settle(half.lease, Outcome::TooLarge, now);
    let quarter = poll(&mut collector, now).unwrap();
    collector.settle(quarter.lease, Outcome::TooLarge, now);
    assert_eq!(dropped(&collector, Reason::TooLarge), 2.0, "one set alone is dropped");
    let mut delivered = 0;
    while let Some(transmit) = poll(&mut collector, now) {
        delivered += collector.batch(transmit).count();
        collector.settle(transmit.lease, OK, now);
    }
    assert_eq!(delivered, 12);
    assert!(collector.counters().is_conserved());
}

#[test]
fn refused_points_count_their_share_of_the_observations() {
    let mut collector = collector(config(0.0));
    for n in 0..10 {
        request(&mut collector, &format!("/{}", n % 2), 200, Some(1.0), START);
    }
    let transmit = poll(&mut collector, START + 500.0).unwrap();
    collector.settle(transmit.lease, Outcome::Ok { rejected: 1 }, START + 500.0);
    assert_eq!((dropped(&collector, Reason::Rejected), collector.counters().sinks[0].delivered), (5.0, 5.0));
}

/// The value at `q` that a receiver reads from the buckets: the middle of a bucket.
fn quantile(histogram: &Exponential, q: f64) -> f64 {
    let rank = (histogram.count() as f64 * q).ceil().max(1.0) as u64;
    let mut seen = histogram.zeros();
    if seen >= rank {
        return 0.0;
    }
    let width = (-f64::from(histogram.scale())).exp2();
    for (at, count) in histogram.buckets().enumerate() {
        seen += count;
        if seen >= rank {
            let low = (f64::from(histogram.offset() + at as i32) * width).exp2();
            return 2.0 * low * width.exp2() / (1.0 + width.exp2());
        }
    }
    panic!("the buckets hold less than the count");
}

#[derive(Clone, Debug)]
enum Step {
    Request(u16, u16, f64),
    Advance(f64),
    Settle(u8, u8),
    Orphan,
    Flush,
    Close,
    Finish,
}

fn step() -> impl Strategy<Value = Step> {
    let ms = prop_oneof![Just(0.0), 0.001..10.0, 10.0..1e6];
    prop_oneof![
        20 => (0u16..400, prop_oneof![Just(200u16), Just(500)], ms).prop_map(|(route, status, ms)| Step::Request(route, status, ms)),
        6 => prop_oneof![Just(0.0), 0.0..600.0, 0.0..40_000.0].prop_map(Step::Advance),
        6 => (0u8..6, 0u8..9).prop_map(|(answer, rejected)| Step::Settle(answer, rejected)),
        2 => Just(Step::Orphan),
        2 => Just(Step::Flush),
        1 => Just(Step::Close),
        1 => Just(Step::Finish),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn quantiles_read_from_the_buckets_are_within_their_error(
        values in prop::collection::vec(prop_oneof![0.01..5.0, 1.0..1000.0, 0.001..1e7, Just(0.0)], 1..200),
    ) {
        let mut collector = collector(config(0.0));
        for ms in &values {
            request(&mut collector, "/", 200, Some(*ms), START);
        }
        let transmit = poll(&mut collector, START + 500.0).unwrap();
        let measured = collector.batch(transmit).metrics().unwrap();
        prop_assert_eq!(measured.points[0].instrument(), Instrument::HttpServer);
        let histogram = measured.points[0].histogram();
        let mut sorted: Vec<_> = values.iter().map(|ms| ms / 1000.0).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        prop_assert_eq!((histogram.min(), histogram.max()), (sorted[0], sorted[sorted.len() - 1]));
        prop_assert!(histogram.buckets().count() <= 160);
        let base = (-f64::from(histogram.scale())).exp2().exp2();
        let error = (base - 1.0) / (base + 1.0) + 1e-9;
        for q in [0.0, 0.5, 0.9, 0.99, 1.0] {
            let exact = sorted[((sorted.len() as f64 * q).ceil() as usize).max(1) - 1];
            let read = quantile(histogram, q);
            prop_assert!((read - exact).abs() <= error * exact, "q {q}: {read} for {exact}, scale {}", histogram.scale());
        }
    }

    #[test]
    fn the_laws_hold_whatever_happens(
        steps in prop::collection::vec(step(), 1..150),
        probe in any::<bool>(),
        rate in prop_oneof![Just(0.0), Just(1.0), Just(0.5)],
    ) {
        let mut config = config(rate);
        config.max_consecutive_sink_failures = Some(3);
        if !probe {
            config.sink_probe_ms = None;
        }
        let mut collector = collector(config);
        let (mut now, mut leased, mut sent) = (START, None, HashMap::new());
        let (mut accepted, mut closed) = (0.0, false);
        for step in steps {
            match step {
                Step::Request(route, status, ms) => {
                    request(&mut collector, &format!("/{route}"), status, Some(ms), now);
                    accepted += f64::from(u8::from(!closed));
                }
                Step::Advance(ms) => {
                    now += ms;
                    let wanted = collector.tick(now);
                    prop_assert_eq!(collector.tick(now), wanted);
                    leased = poll(&mut collector, now).or(leased);
                }
                Step::Settle(answer, rejected) => {
                    let Some(transmit) = leased.take() else { continue };
                    let outcome = match answer {
                        0 => Outcome::Fatal,
                        1 => Outcome::TooLarge,
                        2 => RETRY,
                        3 => Outcome::Ok { rejected: u32::from(rejected) },
                        _ => OK,
                    };
                    collector.settle(transmit.lease, outcome, now);
                }
                Step::Orphan => leased = None,
                Step::Flush => {
                    collector.flush(1000.0, now);
                    leased = poll(&mut collector, now).or(leased);
                }
                Step::Close => {
                    collector.close(now);
                    closed = true;
                }
                Step::Finish => {
                    collector.close(now);
                    collector.finish();
                    closed = true;
                }
            }
            // A batch whose lease has expired may be dropped.
            if let Some(transmit) = leased.filter(|transmit| collector.batch(*transmit).count() > 0) {
                let batch = collector.batch(transmit);
                let is = (batch.count(), format!("{:?}", batch.metrics()));
                prop_assert_eq!(sent.entry(batch.id()).or_insert_with(|| is.clone()), &is, "the same id, the same points");
            }
            let counters = collector.counters();
            prop_assert!(counters.is_conserved(), "{counters:#?}");
            prop_assert_eq!(counters.sinks[0].accepted, accepted);
        }
        leased = None;
        while let Some(wait) = collector.tick(now) {
            now += wait;
            if let Some(transmit) = poll(&mut collector, now) {
                collector.settle(transmit.lease, OK, now);
            }
        }
        prop_assert_eq!(leased, None);
        let metrics = &collector.counters().sinks[0];
        prop_assert_eq!(metrics.queued + metrics.in_flight, 0.0);
        prop_assert_eq!(metrics.delivered + metrics.dropped.iter().sum::<f64>(), accepted);
    }
}
