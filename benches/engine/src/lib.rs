//! The work of `benches/workload.mjs` in plain Rust: requests on 32 routes with 4 methods, 2 % of them errors. They are
//! recorded in groups as JavaScript buffers them, batched by 256 and encoded.

use tidegate::encode::Encoder;
use tidegate::engine::{
    BufferedRequest, Collector, Config, Event, EventKind, Format, Outcome, RouteRef, SinkOptions,
};

/// Requests of one batch.
pub const BATCH: usize = 256;
const METHODS: [&str; 4] = ["GET", "POST", "PUT", "DELETE"];
/// Requests that JavaScript buffers for one call.
const BUFFERED: usize = 64;

/// A collector with one sink or none, and the ids of its routes.
pub struct Host {
    collector: Collector,
    encoder: Option<Encoder>,
    /// The ids of each combination of route and method.
    ids: Vec<(u16, u16)>,
    /// So many routes that none gets an id; or none.
    flood: Vec<String>,
    bytes: Vec<u8>,
    now: f64,
    played: usize,
}

impl Host {
    /// A host that has seen each route with each method. With a `flood`, all further requests have other routes.
    pub fn new(sink: Option<Format>, flood: usize) -> Self {
        let mut config = Config::default();
        config.sampling.seed = Some(7);
        if let Some(format) = sink {
            config.sinks.push(SinkOptions::new("bench", format));
        }
        let mut collector = Collector::new(config).expect("a collector");
        collector.seed_entropy([7; 64]);
        let now = 1_750_000_000_000.0;
        let encoder = sink.map(Encoder::new);
        let flood = (0..flood).map(|at| format!("/path/number/{at}/of")).collect();
        let (ids, bytes) = (Vec::new(), Vec::new());
        let mut host = Self { collector, encoder, ids, flood, bytes, now, played: 0 };
        for at in 0..4096 {
            let route = format!("/api/v1/resource{}/:id", at % 32);
            let method = METHODS[at >> 5 & 3];
            let event = Event { method, status: Some(200), ..Event::new(EventKind::Req, &route, now) };
            host.collector.record(&event, None, now);
            if at >= 4096 - 128 {
                host.register(&route, method);
            }
            if at % BATCH == BATCH - 1 {
                host.ship();
            }
        }
        host
    }

    /// Records a request by the text of its route, and stores the id that it gets.
    fn register(&mut self, route: &str, method: &str) {
        let method = self.collector.method_id(method).expect("an id: it was recorded");
        let route = RouteRef::Text(route);
        let request = BufferedRequest { route, method, status: Some(200), start: self.now, duration: None };
        let answer = |_, id: Option<u16>| self.ids.push((id.expect("an id"), method));
        self.collector.record_requests([request].into_iter(), answer, self.now, self.now);
        self.played += 1;
    }

    /// Records and ships `count` requests.
    pub fn play(&mut self, count: usize) {
        for _ in 0..count / BATCH {
            for _ in 0..BATCH / BUFFERED {
                self.record();
            }
            self.ship();
        }
    }

    /// Records as many requests as JavaScript buffers.
    fn record(&mut self) {
        let Self { ids, flood, now, played, .. } = self;
        let requests = (*played..*played + BUFFERED).map(|at| {
            let (id, method) = ids[at % 128];
            let route = match flood.is_empty() {
                true => RouteRef::Id(id),
                false => RouteRef::Text(&flood[at % flood.len()]),
            };
            let status = Some(if at.is_multiple_of(50) { 500 } else { 200 });
            let duration = Some((at % 97) as f64 + 0.5);
            BufferedRequest { route, method, status, start: *now, duration }
        });
        self.collector.record_requests(requests, |_, _| {}, *now, *now);
        *played += BUFFERED;
    }

    fn ship(&mut self) {
        self.now += 1.0;
        self.collector.flush(f64::NAN, self.now);
        while let Some(transmit) = self.collector.poll_transmit(self.now) {
            self.bytes.clear();
            let encoder = self.encoder.as_mut().expect("a batch has a sink");
            encoder.encode(&self.collector.batch(transmit), &mut self.bytes);
            self.collector.settle(transmit.lease, Outcome::Ok { rejected: 0 }, self.now);
        }
    }

    /// Whether every event was delivered. Else the measured cost has no meaning.
    pub fn is_whole(&self) -> bool {
        let counters = self.collector.counters();
        counters.is_conserved() && counters.sinks.iter().all(|sink| sink.delivered == counters.emitted)
    }
}

/// What is measured: a name, the format of the sink, and the number of new routes.
pub const CASES: [(&str, Option<Format>, usize); 5] = [
    ("statistics", None, 0),
    ("ndjson", Some(Format::Ndjson), 0),
    ("ndjson-new-routes", Some(Format::Ndjson), 100_000),
    ("otlp-protobuf", Some(Format::OtlpTracesProtobuf), 0),
    ("otlp-json", Some(Format::OtlpTracesJson), 0),
];
