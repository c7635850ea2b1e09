//! In the steady state nothing is allocated, from recording to settling.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used)]

mod alloc;

use alloc::CALLS;
use tidegate::encode::Encoder;
use tidegate::engine::{
    Attributes, BufferedRequest, Collector, Config, Event, EventKind, Exception, Format, Outcome, RouteRef,
    Severity, SinkOptions, Value,
};

/// A collector, and the memory that its host reuses.
struct Host {
    collector: Collector,
    encoders: Vec<Encoder>,
    now: f64,
    bytes: Vec<u8>,
    attributes: Attributes,
    routes: Vec<String>,
    statements: Vec<String>,
    /// The number of batches so far.
    batches: usize,
}

impl Host {
    fn new(rate: f64, mut config: Config, formats: &[Format]) -> Self {
        config.sampling.rate = rate;
        config.sampling.seed = Some(1);
        config.sampling.exclude = vec![r"re:\.(css|js)$".into()];
        config.sampling.overrides = vec![(r"re:^/api/resource/\d$".into(), rate)];
        for (at, &format) in formats.iter().enumerate() {
            let name = format!("a sink called {at}");
            config.sinks.push(SinkOptions::new(name, format));
        }
        let mut collector = Collector::new(config).unwrap();
        collector.seed_entropy([3; 64]);
        // The table of open requests grows to its limit once.
        for n in 0..1100 {
            collector.open("/", None, 1.0 + f64::from(n));
        }
        Self {
            collector,
            encoders: formats.iter().copied().map(Encoder::new).collect(),
            now: 1_750_000_000_000.0,
            bytes: Vec::new(),
            attributes: Attributes::default(),
            routes: (0..50).map(|n| format!("/api/resource/{n}")).collect(),
            statements: (0..20).map(|n| format!("SELECT a, b FROM table{n} WHERE id = 42")).collect(),
            batches: 0,
        }
    }

    /// One request with two children, and one event of each kind outside a request.
    fn step(&mut self, n: usize) {
        self.now += 1.0;
        let Self { collector, now, attributes, routes, statements, .. } = self;
        let now = *now;
        attributes.clear();
        if n.is_multiple_of(2) {
            attributes.push("region", Value::Text("eu-central-1"));
            attributes.push("n", Value::Number(n as f64));
            attributes.push("cached", Value::Flag(true));
        }
        let (route, statement) = (&routes[n % 50], &statements[n % 20]);
        let token = collector.open(route, None, now);
        collector.record_in(&event(EventKind::Db, statement, n, now, attributes), token, now);
        collector.record_in(&event(EventKind::Fn, "resize", n, now, attributes), token, now);
        if !n.is_multiple_of(25) {
            collector.end(&event(EventKind::Req, route, n, now, attributes), token, now);
        }
        collector.record(&event(EventKind::Req, route, n, now, attributes), None, now);
        collector.record(&event(EventKind::Evt, "cart.opened", n, now, attributes), None, now);
    }

    /// Ticks, then encodes and settles what is due. `answer` decides by the number of the batch.
    fn pump(&mut self, answer: fn(usize) -> Outcome) {
        self.collector.tick(self.now);
        while let Some(transmit) = self.collector.poll_transmit(self.now) {
            let batch = self.collector.batch(transmit);
            self.bytes.clear();
            self.encoders[transmit.sink].encode(&batch, &mut self.bytes);
            assert!(batch.id().as_str().len() > 16);
            self.batches += 1;
            self.collector.settle(transmit.lease, answer(self.batches), self.now);
        }
        while self.collector.poll_notice().is_some() {}
    }

    /// Takes the steps `from..to`, one per ms, with a tick every ten. Returns the number of allocations.
    fn run(&mut self, from: usize, to: usize, answer: fn(usize) -> Outcome) -> usize {
        let before = CALLS.get();
        for n in from..to {
            self.step(n);
            if n.is_multiple_of(10) {
                self.pump(answer);
            }
        }
        CALLS.get() - before
    }
}

fn event<'a>(kind: EventKind, name: &'a str, n: usize, now: f64, attributes: &'a Attributes) -> Event<'a> {
    Event {
        kind,
        name,
        is_path: n.is_multiple_of(3),
        start: now,
        duration: Some(0.25 * (n % 1000) as f64),
        error: n.is_multiple_of(40).then_some(ERROR),
        method: "GET",
        status: (kind == EventKind::Req).then_some(if n.is_multiple_of(10) { 503 } else { 200 }),
        system: Some("sqlite"),
        rows: Some(3.0),
        rows_read: Some(9.0),
        rows_written: None,
        db_ms: Some(0.125),
        attributes,
        exception: n.is_multiple_of(80).then_some(Exception {
            message: "'x' at 5",
            cause: ERROR,
            stack: ERROR,
            ..Exception::default()
        }),
        severity: Severity::Warn,
        parent_id: None,
        span: None,
    }
}

/// An error that is too long for the table of names.
const ERROR: &str =
    "TypeError: something was not a function, at some length, so that it has to lie in the payload";

fn ok(_: usize) -> Outcome {
    Outcome::Ok { rejected: 0 }
}

/// Some failures, rejections and batches that are too large.
fn mixed(n: usize) -> Outcome {
    match n % 7 {
        0 => Outcome::Retry { after_ms: None },
        3 => Outcome::TooLarge,
        5 => Outcome::Fatal,
        _ => Outcome::Ok { rejected: (n % 3) as u32 },
    }
}

#[test]
fn sending_what_is_sampled_allocates_nothing() {
    let mut host = Host::new(1.0, Config::default(), &[Format::Ndjson; 2]);
    host.run(0, 5_000, ok);
    assert_eq!(host.run(5_000, 25_000, ok), 0);
    assert!(host.collector.counters().sinks[1].delivered > 90_000.0);
    drop(std::hint::black_box(vec![0u8; 9]));
    assert_ne!(CALLS.get(), 0, "the allocator counts");
}

#[test]
fn requests_of_new_routes_allocate_nothing() {
    let mut host = Host::new(1.0, Config::default(), &[Format::Ndjson]);
    host.run(0, 10, ok);
    let method = host.collector.method_id("GET").unwrap();
    // All have one length: a few of them take a row of the statistics, whose name keeps the memory of its longest name.
    let texts: Vec<_> = (0..20_000).map(|n| format!("/new/{n:05}")).collect();
    let play = |host: &mut Host| {
        let before = CALLS.get();
        for some in texts.chunks(64) {
            host.now += 10.0;
            let (start, duration) = (host.now, Some(1.5));
            let requests = some.iter().map(|text| {
                let route = RouteRef::Text(text);
                BufferedRequest { route, method, status: Some(200), start, duration }
            });
            host.collector.record_requests(requests, |_, _, _| {}, start, start);
            host.pump(ok);
        }
        CALLS.get() - before
    };
    play(&mut host);
    assert_eq!(play(&mut host), 0);
    assert!(host.collector.counters().is_conserved());
}

#[test]
fn otlp_and_what_metrics_sinks_accumulate_allocate_nothing() {
    let formats = [Format::OtlpTracesProtobuf, Format::OtlpLogsJson, Format::OtlpMetricsProtobuf];
    let mut host = Host::new(1.0, Config { retry_max_ms: 5.0, ..Config::default() }, &formats);
    // Until each point of both accumulators has had its longest texts.
    host.run(0, 20_000, mixed);
    assert_eq!(host.run(20_000, 40_000, mixed), 0);
    let counters = host.collector.counters();
    assert!(counters.is_conserved() && counters.sinks[2].delivered > 20_000.0, "{counters:#?}");
}

#[test]
fn buffering_discarding_and_replacing_children_allocates_nothing() {
    let mut host = Host::new(0.0, Config::default(), &[Format::Ndjson; 1]);
    // One request in 25 never ends: within a minute the pool gets 2400 × 2 children of them.
    host.run(0, 40_000, ok);
    assert!(host.collector.counters().pending >= 1024.0 * 0.9);
    assert_eq!(host.run(40_000, 60_000, ok), 0);
    let counters = host.collector.counters();
    assert!(counters.is_conserved() && counters.sampled_out > 1000.0 && counters.accepted > 1000.0);
}

#[test]
fn failures_splits_and_rejections_allocate_nothing() {
    let config = Config { batch_max: 16, retry_max_ms: 5.0, ..Config::default() };
    let mut host = Host::new(0.5, config, &[Format::Ndjson; 3]);
    // Until the children of requests that never end have filled the pool once.
    host.run(0, 40_000, mixed);
    assert_eq!(host.run(40_000, 60_000, mixed), 0);
    assert!(host.collector.counters().is_conserved());
}

#[test]
fn a_full_queue_allocates_nothing() {
    let small = Config { queue_size: 64, ..Config::default() };
    let few_bytes = Config { queue_bytes: 16_384, ..Config::default() };
    for config in [small, few_bytes] {
        let mut host = Host::new(1.0, config, &[Format::Ndjson; 2]);
        // Nothing is settled, and no notice is drained.
        host.collector.flush(f64::INFINITY, host.now);
        for n in 0..5_000 {
            host.step(n);
        }
        let before = CALLS.get();
        for n in 5_000..20_000 {
            host.step(n);
        }
        assert_eq!(CALLS.get() - before, 0);
        assert!(host.collector.counters().sinks[0].dropped[0] > 50_000.0);
    }
}

#[test]
fn exceptions_allocate_nothing_once_their_list_is_full() {
    let mut host = Host::new(1.0, Config::default(), &[]);
    let (exception, names) = (Some(Exception { stack: ERROR, ..Exception::default() }), ["/a", "/route"]);
    let play = |host: &mut Host| {
        let before = CALLS.get();
        for n in 0..1000 {
            let now = host.now;
            let token = host.collector.open(names[n % 2], None, now);
            let event =
                Event { error: Some(ERROR), exception, ..Event::new(EventKind::Evt, Exception::NAME, now) };
            host.collector.record_in(&event, token, now);
            host.collector.end(&Event::new(EventKind::Req, names[n % 2], now), token, now);
        }
        CALLS.get() - before
    };
    play(&mut host);
    assert_eq!(play(&mut host), 0);
    assert_eq!(host.collector.exceptions().count(), 20);
}
