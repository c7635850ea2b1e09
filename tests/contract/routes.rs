//! Requests told of with others, by the numbers of their routes or by their texts: the same as told one by one, in every
//! respect but the ids.

use crate::sim::START;
use proptest::prelude::*;
use tidegate::engine::sampling::KeepSlow;
use tidegate::engine::stats::Snapshot;
use tidegate::engine::{
    Collector, Config, Counters, Event, EventKind, Format, Outcome, SinkOptions, StagedRequest, StagedRoute,
};

/// A request: route, method, status, how long it took, how long after the one before it arrived.
type Request = (u8, u8, Option<u16>, Option<f64>, f64);

const METHODS: [&str; 3] = ["GET", "POST", "PURGE"];

fn route(n: u8) -> String {
    match n {
        0 => "/excluded/x".into(),
        1 => "/half".into(),
        2 => "/never".into(),
        3..8 => format!("/route/{n}"),
        n => format!("/items/{n}000"),
    }
}

fn collector(sinks: &[Format], keep_slow: bool) -> Collector {
    let mut config = Config::default();
    for format in sinks {
        let name = format!("{format:?}");
        config.add_sink(SinkOptions { name, format: *format, batch_max: Some(7), max_bytes: None }).unwrap();
    }
    config.set("queueSize", 20.0).unwrap();
    config.sampling.seed = Some(1);
    config.sampling.exclude = vec!["/excluded".into()];
    config.sampling.overrides =
        vec![("/half".into(), 0.5), ("/never".into(), 0.0), ("/items/9000".into(), 0.5)];
    config.sampling.keep_slow = keep_slow.then_some(KeepSlow::P99);
    let mut collector = Collector::new(config).unwrap();
    collector.seed_entropy([7; 64]);
    collector
}

/// What came out: every event without its ids, the counters, the statistics.
fn outcome(mut collector: Collector, now: f64) -> (Vec<String>, Counters, Snapshot) {
    let mut events = Vec::new();
    collector.flush(1e9, now);
    while let Some(send) = collector.poll_send(now) {
        for event in collector.batch(send).events() {
            let at = (event.kind, event.start, event.duration, event.p);
            events.push(format!("{at:?} {} {:?} {:?}", event.name, event.detail, event.status));
            assert_ne!(event.link.trace_id, [0; 16]);
        }
        collector.settle(send.lease, Outcome::Ok { rejected: 0 }, now);
    }
    let (counters, stats) = (collector.counters(), collector.stats(now));
    assert_eq!(collector.name_references(), 0);
    (events, counters, stats)
}

/// How a request is told of.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Told {
    Alone,
    /// With others, by its text.
    New,
    /// With others, by its number as soon as it has one.
    Known,
}

fn play(
    requests: &[Request],
    sinks: &[Format],
    keep_slow: bool,
    told: Told,
) -> (Vec<String>, Counters, Snapshot) {
    let mut collector = collector(sinks, keep_slow);
    let mut numbers = std::collections::HashMap::<u8, u16>::new();
    let mut now = START;
    for &(name, method, status, duration, later) in requests {
        now += later;
        if later > 100.0 {
            collector.tick(now);
        }
        let start = now - duration.unwrap_or(0.0);
        let (text, verb) = (route(name), METHODS[usize::from(method)]);
        let is_path = name >= 8;
        let Some(method) = collector.number_method(verb).filter(|_| told != Told::Alone) else {
            let event =
                Event { is_path, duration, method: verb, status, ..Event::new(EventKind::Req, &text, start) };
            collector.record(&event, None, now);
            continue;
        };
        let known = numbers.get(&name).map(|number| StagedRoute::Known(*number));
        let route = known.filter(|_| told == Told::Known).unwrap_or(StagedRoute::New(&text, is_path));
        let request = StagedRequest { route, method, status, start, duration };
        let mut answer = None;
        collector.record_staged([request].into_iter(), |_, number| answer = number, now, now);
        if let Some(number) = answer {
            numbers.insert(name, number);
        }
    }
    outcome(collector, now)
}

fn request() -> impl Strategy<Value = Request> {
    (
        0u8..12,
        0u8..3,
        prop::option::of(prop::sample::select(vec![200, 404, 503])),
        prop::option::of(prop::sample::select(vec![0.0, 1.5, 80.25, 4000.0, -1.0, f64::INFINITY])),
        prop::sample::select(vec![0.0, 1.0, 700.0, 20_000.0]),
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_staged_request_records_what_one_alone_records(
        requests in prop::collection::vec(request(), 1..200),
        sinks in prop::sample::subsequence(vec![Format::Ndjson, Format::OtlpMetricsProtobuf], 0..=2),
        keep_slow in any::<bool>(),
    ) {
        let alone = play(&requests, &sinks, keep_slow, Told::Alone);
        for told in [Told::New, Told::Known] {
            prop_assert_eq!(&alone, &play(&requests, &sinks, keep_slow, told));
        }
    }
}

/// Records a request of a new route, with others of known methods; the number it has earned, and whether others are void.
fn told(collector: &mut Collector, text: &str, is_path: bool) -> (Option<u16>, bool) {
    collector.record(&Event { method: "GET", ..Event::new(EventKind::Req, "/a", START) }, None, START);
    let method = collector.number_method("GET").unwrap();
    let route = StagedRoute::New(text, is_path);
    let request = StagedRequest { route, method, status: Some(200), start: START, duration: None };
    let mut answer = None;
    let signal =
        collector.record_staged([request].into_iter(), |_, number| answer = Some(number), START, START);
    (answer.unwrap(), signal.renewed)
}

#[test]
fn what_waited_at_the_host_is_as_old_as_its_first() {
    for is_known in [true, false] {
        let mut collector = collector(&[Format::Ndjson], false);
        let number = told(&mut collector, "/a", false).0.unwrap();
        collector.flush(1e9, START);
        while let Some(send) = collector.poll_send(START) {
            collector.settle(send.lease, Outcome::Ok { rejected: 0 }, START);
        }
        let route = if is_known { StagedRoute::Known(number) } else { StagedRoute::New("/b", false) };
        let method = collector.number_method("GET").unwrap();
        let request = StagedRequest { route, method, status: Some(200), start: START, duration: Some(350.0) };
        collector.record_staged([request].into_iter(), |_, _| {}, START + 100.0, START + 400.0);
        assert_eq!(collector.next_deadline(), Some(200.0), "500 ms after it was given");
        assert_eq!(collector.stats(START + 400.0).total.max_ms, Some(350.0));
    }
}

#[test]
fn a_number_nobody_gave_is_refused_and_counted() {
    let mut collector = collector(&[], false);
    for route in [StagedRoute::Known(3), StagedRoute::New("/a", false)] {
        let request = StagedRequest { route, method: 0, status: None, start: START, duration: None };
        let answer = |_, number| assert_eq!(number, None);
        collector.record_staged([request].into_iter(), answer, START, START);
    }
    let Counters { emitted, refused, .. } = collector.counters();
    assert_eq!((emitted, refused), (2.0, 2.0));
}

#[test]
fn a_request_that_is_refused_earns_no_number() {
    let mut collector = collector(&[], false);
    assert_eq!(told(&mut collector, "", false), (Some(0), false), "a name like any other");
    let method = collector.number_method("GET").unwrap();
    let route = StagedRoute::New("/a", false);
    let request = StagedRequest { route, method, status: None, start: f64::NAN, duration: None };
    let mut answers = Vec::new();
    collector.record_staged([request].into_iter(), |at, number| answers.push((at, number)), START, START);
    assert_eq!(answers, [(0, None)]);
}

#[test]
fn a_path_earns_a_number_when_it_returns() {
    let mut collector = collector(&[], false);
    let mut number = |path: &str| told(&mut collector, path, true).0;
    assert!((10_000..20_000).all(|n| number(&format!("/items/{n}")).is_none()), "none has come twice");
    let [first, again, other, once_more] = ["/items/7", "/items/7", "/items/8", "/items/8"].map(&mut number);
    assert_eq!((first, other), (None, None));
    assert!(again.is_some() && again == once_more, "one template, one number");
}

#[test]
fn a_new_fashion_of_routes_takes_the_numbers_of_the_old() {
    let mut collector = collector(&[], false);
    let mut number = |text: &str| told(&mut collector, text, false);
    let old = (0..600).filter(|n| number(&format!("/old/{n}")).0.is_some()).count();
    assert_eq!(old, 512);
    let voided = (0..5000).find(|n| number(&format!("/new/{}", n % 100)).1);
    assert!(voided.is_some_and(|n| n > 4000), "{voided:?}");
    assert_eq!(number("/new/1"), (Some(0), false));
    assert_eq!(number("/new/2"), (Some(1), false));
}
