//! The work of `benches/workload.mjs` in plain Rust: requests on 32 routes with 4 methods, 2 % of them errors. They are
//! recorded in groups as JavaScript buffers them, batched by 256 and encoded.

use tidegate::encode::Encoder;
use tidegate::engine::requests::RequestAnswer;
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
    /// Each request ended up to this many slots of the statistics ago.
    slots: usize,
    /// Whether durations spread over all that is measured.
    is_wide: bool,
    bytes: Vec<u8>,
    now: f64,
    played: usize,
}

impl Host {
    /// A host that has seen each route with each method.
    pub fn new(case: Case) -> Self {
        let Case { sink, flood, slots, is_wide, .. } = case;
        let routes = if is_wide { 128 } else { 32 };
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
        let mut host = Self { collector, encoder, ids, flood, slots, is_wide, bytes, now, played: 0 };
        for at in 0..4096 {
            let route = format!("/api/v1/resource{}/:id", at % routes);
            let method = METHODS[at / routes % 4];
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
        let answer = |_, id: Option<u16>, _: &RequestAnswer| self.ids.push((id.expect("an id"), method));
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
        let Self { ids, flood, slots, is_wide, now, played, .. } = self;
        let requests = (*played..*played + BUFFERED).map(|at| {
            let (id, method) = ids[at % 128];
            let route = match flood.is_empty() {
                true => RouteRef::Id(id),
                false => RouteRef::Text(&flood[at % flood.len()]),
            };
            let status = Some(if at.is_multiple_of(50) { 500 } else { 200 });
            let duration = Some(match *is_wide {
                false => (at % 97) as f64 + 0.5,
                // From 1 µs to a minute, evenly on a logarithmic scale. 997 and 128 have no common divisor.
                true => 0.001 * (2.0_f64).powf(25.8 * (at % 997) as f64 / 997.0),
            });
            let start = match *slots {
                0 => *now,
                slots => *now - SLOT_MS * (1 + at / 128 % slots) as f64,
            };
            BufferedRequest { route, method, status, start, duration }
        });
        self.collector.record_requests(requests, |_, _, _| {}, *now, *now);
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

/// The slots of the statistics are this long.
const SLOT_MS: f64 = 15_000.0;

/// What is measured.
#[derive(Clone, Copy)]
pub struct Case {
    /// Its name on the command line.
    pub name: &'static str,
    sink: Option<Format>,
    /// All measured requests have so many different routes; 0: the usual ones.
    flood: usize,
    /// Each measured request ended up to this many slots of the statistics ago; 0: it ended now.
    slots: usize,
    /// Requests of 128 routes with durations from 1 µs to a minute: the histograms take all the memory that there is.
    is_wide: bool,
}

/// All that is measured.
pub const CASES: [Case; 9] = [
    case("statistics", None),
    Case { slots: 2, ..case("statistics-late", None) },
    Case { slots: 50, ..case("statistics-backfill", None) },
    Case { is_wide: true, ..case("statistics-wide", None) },
    Case { is_wide: true, slots: 50, ..case("statistics-wide-backfill", None) },
    case("ndjson", Some(Format::Ndjson)),
    Case { flood: 100_000, ..case("ndjson-new-routes", Some(Format::Ndjson)) },
    case("otlp-protobuf", Some(Format::OtlpTracesProtobuf)),
    case("otlp-json", Some(Format::OtlpTracesJson)),
];

const fn case(name: &'static str, sink: Option<Format>) -> Case {
    Case { name, sink, flood: 0, slots: 0, is_wide: false }
}

impl Case {
    /// The case with this name.
    pub fn named(name: &str) -> Option<Self> {
        CASES.into_iter().find(|case| case.name == name)
    }
}
