//! The work of `benches/workload.mjs` in plain Rust: requests on 32 routes with 4 methods, 2 % of them errors,
//! recorded as a shim tells of them, batched by 256 and encoded.

use tidegate::encode::Encoder;
use tidegate::engine::{
    Collector, Config, Event, EventKind, Format, Outcome, SinkOptions, StagedRequest, StagedRoute,
};

/// Requests of one batch.
pub const BATCH: usize = 256;
const METHODS: [&str; 4] = ["GET", "POST", "PUT", "DELETE"];
/// How many a shim tells of at a time.
const STAGED: usize = 64;

/// A collector with one sink, or none, and the numbers of its routes.
pub struct Host {
    collector: Collector,
    encoder: Option<Encoder>,
    /// The numbers of each route and method.
    numbers: Vec<(u16, u16)>,
    /// Routes so many that none returns in time to earn a number; or none.
    flood: Vec<String>,
    bytes: Vec<u8>,
    now: f64,
    played: usize,
}

impl Host {
    /// A host that has seen each route with each method; with a `flood`, requests come of other routes from then on.
    pub fn new(sink: Option<Format>, flood: usize) -> Self {
        let mut config = Config::default();
        config.sampling.seed = Some(7);
        if let Some(format) = sink {
            let options = SinkOptions { name: "bench".into(), format, batch_max: None, max_bytes: None };
            config.add_sink(options).expect("a sink");
        }
        let mut collector = Collector::new(config).expect("a collector");
        collector.seed_entropy([7; 64]);
        let now = 1_750_000_000_000.0;
        let encoder = sink.map(Encoder::new);
        let flood = (0..flood).map(|at| format!("/path/number/{at}/of")).collect();
        let (numbers, bytes) = (Vec::new(), Vec::new());
        let mut host = Self { collector, encoder, numbers, flood, bytes, now, played: 0 };
        for at in 0..4096 {
            let route = format!("/api/v1/resource{}/:id", at % 32);
            let method = METHODS[at >> 5 & 3];
            let event = Event { method, status: Some(200), ..Event::new(EventKind::Req, &route, now) };
            host.collector.record(&event, None, now);
            if at >= 4096 - 128 {
                host.learn(&route, method);
            }
            if at % BATCH == BATCH - 1 {
                host.ship();
            }
        }
        host
    }

    /// Records a request of a route that has returned, which earns a number.
    fn learn(&mut self, route: &str, method: &str) {
        let method = self.collector.number_method(method).expect("a number: it has returned");
        let route = StagedRoute::New(route, false);
        let request = StagedRequest { route, method, status: Some(200), start: self.now, duration: None };
        let answer = |_, number: Option<u16>| self.numbers.push((number.expect("a number"), method));
        self.collector.record_staged([request].into_iter(), answer, self.now, self.now);
        self.played += 1;
    }

    /// Records and ships `count` requests.
    pub fn play(&mut self, count: usize) {
        for _ in 0..count / BATCH {
            for _ in 0..BATCH / STAGED {
                self.record();
            }
            self.ship();
        }
    }

    /// As many as a shim tells of at once.
    fn record(&mut self) {
        let Self { numbers, flood, now, played, .. } = self;
        let requests = (*played..*played + STAGED).map(|at| {
            let (number, method) = numbers[at % 128];
            let route = match flood.is_empty() {
                true => StagedRoute::Known(number),
                false => StagedRoute::New(&flood[at % flood.len()], false),
            };
            let status = Some(if at.is_multiple_of(50) { 500 } else { 200 });
            let duration = Some((at % 97) as f64 + 0.5);
            StagedRequest { route, method, status, start: *now, duration }
        });
        self.collector.record_staged(requests, |_, _| {}, *now, *now);
        *played += STAGED;
    }

    fn ship(&mut self) {
        self.now += 1.0;
        self.collector.flush(f64::NAN, self.now);
        while let Some(send) = self.collector.poll_send(self.now) {
            self.bytes.clear();
            let encoder = self.encoder.as_mut().expect("who sends has a sink");
            encoder.encode(&self.collector.batch(send), &mut self.bytes);
            self.collector.settle(send.lease, Outcome::Ok { rejected: 0 }, self.now);
        }
    }

    /// Whether every event was delivered, and its cost means something.
    pub fn is_whole(&self) -> bool {
        let counters = self.collector.counters();
        counters.is_conserved() && counters.sinks.iter().all(|sink| sink.delivered == counters.emitted)
    }
}

/// What is measured: a name, the sink's format, and how many new routes.
pub const CASES: [(&str, Option<Format>, usize); 5] = [
    ("statistics", None, 0),
    ("ndjson", Some(Format::Ndjson), 0),
    ("ndjson-new-routes", Some(Format::Ndjson), 100_000),
    ("otlp-protobuf", Some(Format::OtlpTracesProtobuf), 0),
    ("otlp-json", Some(Format::OtlpTracesJson), 0),
];
