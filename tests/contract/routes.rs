//! Buffered requests, with route ids or with texts. The result is the same as if each was recorded alone, except for the
//! trace ids.

use crate::sim::START;
use proptest::prelude::*;
use tidegate::engine::requests::RequestAnswer;
use tidegate::engine::sampling::KeepSlow;
use tidegate::engine::stats::Snapshot;
use tidegate::engine::{
    BufferedRequest, Collector, Config, Counters, Event, EventKind, Format, Outcome, RouteRef, SinkOptions,
};

/// A request: route, method, status, duration, and the time since the one before.
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
        config.sinks.push(SinkOptions { batch_max: Some(7), ..SinkOptions::new(name, *format) });
    }
    config.queue_size = 20;
    config.sampling.seed = Some(1);
    config.sampling.exclude = vec!["/excluded".into()];
    config.sampling.overrides =
        vec![("/half".into(), 0.5), ("/never".into(), 0.0), ("/items/9000".into(), 0.5)];
    config.sampling.keep_slow = keep_slow.then_some(KeepSlow::P99);
    let mut collector = Collector::new(config).unwrap();
    collector.seed_entropy([7; 64]);
    collector
}

fn by_text(text: &str, is_path: bool) -> RouteRef<'_> {
    if is_path { RouteRef::Path(text) } else { RouteRef::Text(text) }
}

/// The result: every event without its ids, the counters, the statistics.
fn outcome(mut collector: Collector, now: f64) -> (Vec<String>, Counters, Snapshot) {
    let mut events = Vec::new();
    collector.flush(1e9, now);
    while let Some(transmit) = collector.poll_transmit(now) {
        for event in collector.batch(transmit).events() {
            let at = (event.kind, event.start, event.duration, event.p);
            events.push(format!("{at:?} {} {:?} {:?}", event.name, event.detail, event.status));
            assert_ne!(event.ids.trace_id, [0; 16]);
        }
        collector.settle(transmit.lease, Outcome::Ok { rejected: 0 }, now);
    }
    let (counters, stats) = (collector.counters(), collector.stats(now));
    assert_eq!(collector.name_references(), 0);
    (events, counters, stats)
}

/// How a request is recorded.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Alone,
    /// Buffered, with its text.
    Text,
    /// Buffered, with its route id as soon as it has one.
    Id,
}

fn play(
    requests: &[Request],
    sinks: &[Format],
    keep_slow: bool,
    way: Way,
) -> (Vec<String>, Counters, Snapshot) {
    let mut collector = collector(sinks, keep_slow);
    let mut ids = std::collections::HashMap::<u8, u16>::new();
    let mut now = START;
    for &(name, method, status, duration, later) in requests {
        now += later;
        if later > 100.0 {
            collector.tick(now);
        }
        let start = now - duration.unwrap_or(0.0);
        let (text, verb) = (route(name), METHODS[usize::from(method)]);
        let is_path = name >= 8;
        let Some(method) = collector.method_id(verb).filter(|_| way != Way::Alone) else {
            let event =
                Event { is_path, duration, method: verb, status, ..Event::new(EventKind::Req, &text, start) };
            collector.record(&event, None, now);
            continue;
        };
        let known = ids.get(&name).map(|id| RouteRef::Id(*id));
        let route = known.filter(|_| way == Way::Id).unwrap_or(by_text(&text, is_path));
        let request = BufferedRequest { route, method, status, start, duration };
        let mut answer = None;
        collector.record_requests([request].into_iter(), |_, id, _| answer = id, now, now);
        if let Some(id) = answer {
            ids.insert(name, id);
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
    fn a_buffered_request_records_what_one_alone_records(
        requests in prop::collection::vec(request(), 1..200),
        sinks in prop::sample::subsequence(vec![Format::Ndjson, Format::OtlpMetricsProtobuf], 0..=2),
        keep_slow in any::<bool>(),
    ) {
        let alone = play(&requests, &sinks, keep_slow, Way::Alone);
        for way in [Way::Text, Way::Id] {
            prop_assert_eq!(&alone, &play(&requests, &sinks, keep_slow, way));
        }
    }
}

/// Records a request with a text. Returns the route id that it got, and whether all ids are invalid now.
fn register(collector: &mut Collector, text: &str, is_path: bool) -> (Option<u16>, bool) {
    collector.record(&Event { method: "GET", ..Event::new(EventKind::Req, "/a", START) }, None, START);
    let method = collector.method_id("GET").unwrap();
    let route = by_text(text, is_path);
    let request = BufferedRequest { route, method, status: Some(200), start: START, duration: None };
    let mut answer = None;
    let signal = collector.record_requests([request].into_iter(), |_, id, _| answer = Some(id), START, START);
    (answer.unwrap(), signal.ids_reset)
}

#[test]
fn a_buffered_request_is_as_old_as_the_first_one() {
    for is_known in [true, false] {
        let mut collector = collector(&[Format::Ndjson], false);
        let id = register(&mut collector, "/a", false).0.unwrap();
        collector.flush(1e9, START);
        while let Some(transmit) = collector.poll_transmit(START) {
            collector.settle(transmit.lease, Outcome::Ok { rejected: 0 }, START);
        }
        let route = if is_known { RouteRef::Id(id) } else { RouteRef::Text("/b") };
        let method = collector.method_id("GET").unwrap();
        let request =
            BufferedRequest { route, method, status: Some(200), start: START, duration: Some(350.0) };
        collector.record_requests([request].into_iter(), |_, _, _| {}, START + 100.0, START + 400.0);
        assert_eq!(collector.next_deadline(), Some(200.0), "500 ms after it was buffered");
        assert_eq!(collector.stats(START + 400.0).total.max_ms, Some(350.0));
    }
}

#[test]
fn an_unknown_id_is_refused_and_counted() {
    let mut collector = collector(&[], false);
    for route in [RouteRef::Id(3), RouteRef::Text("/a")] {
        let request = BufferedRequest { route, method: 0, status: None, start: START, duration: None };
        let answer = |_, id, _: &RequestAnswer| assert_eq!(id, None);
        collector.record_requests([request].into_iter(), answer, START, START);
    }
    let Counters { emitted, refused, .. } = collector.counters();
    assert_eq!((emitted, refused), (2.0, 2.0));
}

#[test]
fn a_refused_request_gets_no_route_id() {
    let mut collector = collector(&[], false);
    assert_eq!(register(&mut collector, "", false), (Some(0), false), "a name like any other");
    let method = collector.method_id("GET").unwrap();
    let route = RouteRef::Text("/a");
    let request = BufferedRequest { route, method, status: None, start: f64::NAN, duration: None };
    let mut answers = Vec::new();
    collector.record_requests([request].into_iter(), |at, id, _| answers.push((at, id)), START, START);
    assert_eq!(answers, [(0, None)]);
}

#[test]
fn a_path_gets_a_route_id_when_it_is_seen_again() {
    let mut collector = collector(&[], false);
    let mut id = |path: &str| register(&mut collector, path, true).0;
    assert!((10_000..20_000).all(|n| id(&format!("/items/{n}")).is_none()), "none was seen twice");
    let [first, again, other, once_more] = ["/items/7", "/items/7", "/items/8", "/items/8"].map(&mut id);
    assert_eq!((first, other), (None, None));
    assert!(again.is_some() && again == once_more, "one template, one id");
}

#[test]
fn new_routes_take_the_ids_of_outdated_ones() {
    let mut collector = collector(&[], false);
    let mut id = |text: &str| register(&mut collector, text, false);
    let old = (0..600).filter(|n| id(&format!("/old/{n}")).0.is_some()).count();
    assert_eq!(old, 512);
    let reset = (0..5000).find(|n| id(&format!("/new/{}", n % 100)).1);
    assert!(reset.is_some_and(|n| n > 4000), "{reset:?}");
    assert_eq!(id("/new/1"), (Some(0), false));
    assert_eq!(id("/new/2"), (Some(1), false));
}
