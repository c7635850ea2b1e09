//! A collector under a simulated clock. The test decides what its sinks answer.

use std::collections::{HashMap, HashSet};
use tidegate::engine::{
    Attributes, Collector, Config, Event, EventKind, Format, Outcome, SinkOptions, Token, Transmit,
};

/// A collector, its time, and what its sinks got.
pub struct Sim {
    pub collector: Collector,
    pub now: f64,
    pub outstanding: Vec<Sent>,
    pub sinks: Vec<Received>,
}

/// One leased batch.
#[derive(Clone, Debug)]
pub struct Sent {
    pub transmit: Transmit,
    pub id: String,
    pub names: Vec<String>,
}

/// What a sink has got: batches by id, and names in the order of their first arrival.
#[derive(Default)]
pub struct Received {
    pub batches: HashMap<String, Vec<String>>,
    pub names: Vec<String>,
    /// The ids of the batches that it refused.
    pub refused: HashSet<String>,
}

pub const START: f64 = 1_750_000_000_000.0;

impl Sim {
    /// A collector with `sinks` more NDJSON sinks.
    pub fn new(mut config: Config, sinks: usize) -> Self {
        for at in 0..sinks {
            config.sinks.push(SinkOptions::new(format!("sink{at}"), Format::Ndjson));
        }
        Self::start(config)
    }

    /// A collector with the sinks of `config`.
    pub fn start(config: Config) -> Self {
        let sinks = config.sinks.len();
        let mut collector = Collector::new(config).unwrap();
        collector.seed_entropy([7; 64]);
        collector.tick(START);
        let sinks = (0..sinks).map(|_| Received::default()).collect();
        Self { collector, now: START, outstanding: Vec::new(), sinks }
    }

    /// Records a function event called `name`.
    pub fn emit(&mut self, name: &str) {
        let attributes = Attributes::default();
        self.collector.record(&event(EventKind::Fn, name, self.now, &attributes), None, self.now);
        self.check();
    }

    /// Emits `/0`, `/1`, ….
    pub fn emit_many(&mut self, count: usize) {
        for n in 0..count {
            self.emit(&format!("/{n}"));
        }
    }

    /// Time passes: ticks, then drains what is due.
    pub fn advance(&mut self, ms: f64) -> Vec<Sent> {
        self.now += ms;
        self.collector.tick(self.now);
        self.drain()
    }

    /// Polls until no batch is due.
    pub fn drain(&mut self) -> Vec<Sent> {
        let mut sent = Vec::new();
        while let Some(transmit) = self.collector.poll_transmit(self.now) {
            let batch = self.collector.batch(transmit);
            // For a metrics sink the points are compared instead of names.
            let names = if let Some(measured) = batch.metrics() {
                vec![format!("{measured:?} {:?}", batch.summary())]
            } else {
                assert_eq!(batch.count(), batch.events().count());
                batch.events().map(|event| event.name.to_owned()).collect()
            };
            sent.push(Sent { transmit, id: batch.id().to_string(), names });
            self.check();
        }
        self.outstanding.extend(sent.iter().cloned());
        sent
    }

    /// Settles a batch. `Ok` means that the sink has the events.
    pub fn settle(&mut self, sent: &Sent, outcome: Outcome) {
        if let Outcome::Ok { .. } = outcome {
            self.deliver(sent);
        }
        self.collector.settle(sent.transmit.lease, outcome, self.now);
        self.outstanding.retain(|other| other.transmit.lease != sent.transmit.lease);
        self.check();
    }

    /// Delivers a batch to its sink. A repeated id must have the same events.
    pub fn deliver(&mut self, sent: &Sent) {
        let sink = &mut self.sinks[sent.transmit.sink];
        match sink.batches.get(&sent.id) {
            Some(names) => assert_eq!(*names, sent.names, "the same id must mean the same events"),
            None => {
                sink.batches.insert(sent.id.clone(), sent.names.clone());
                sink.names.extend(sent.names.iter().cloned());
            }
        }
    }

    /// Checks both laws and the limit of the queue.
    pub fn check(&self) {
        let counters = self.collector.counters();
        assert!(counters.is_conserved(), "{counters:#?}");
        assert!(self.collector.queue_depth() <= self.collector.config().queue_size);
    }
}

pub fn event<'a>(kind: EventKind, name: &'a str, start: f64, attributes: &'a Attributes) -> Event<'a> {
    Event {
        duration: Some(1.5),
        method: "GET",
        status: Some(200),
        attributes,
        ..Event::new(kind, name, start)
    }
}

/// A child of an open request.
pub fn child(sim: &mut Sim, token: Token, name: &str) {
    let attributes = Attributes::default();
    sim.collector.record_in(&event(EventKind::Fn, name, sim.now, &attributes), token, sim.now);
    sim.check();
}

/// The end of an open request.
pub fn end(sim: &mut Sim, token: Token, route: &str, status: u16) {
    let attributes = Attributes::default();
    let mut request = event(EventKind::Req, route, sim.now, &attributes);
    request.status = Some(status);
    sim.collector.end(&request, token, sim.now);
    sim.check();
}

pub const OK: Outcome = Outcome::Ok { rejected: 0 };
pub const RETRY: Outcome = Outcome::Retry { after_ms: None };
