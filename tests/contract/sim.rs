//! A collector under a simulated clock, with sinks that answer what the test says.

use std::collections::{HashMap, HashSet};
use tidegate::engine::sampling::open::Token;
use tidegate::engine::{Attributes, Collector, Config, Event, EventKind, Format, Outcome, Send, SinkOptions};

/// A collector, the time, and what its sinks were sent.
pub struct Sim {
    pub collector: Collector,
    pub now: f64,
    pub outstanding: Vec<Sent>,
    pub sinks: Vec<Received>,
}

/// One batch handed out.
#[derive(Clone, Debug)]
pub struct Sent {
    pub send: Send,
    pub id: String,
    pub names: Vec<String>,
}

/// What a sink has taken: batches by id, in the order of their first arrival.
#[derive(Default)]
pub struct Received {
    pub batches: HashMap<String, Vec<String>>,
    pub names: Vec<String>,
    /// The ids of batches it refused.
    pub refused: HashSet<String>,
}

pub const START: f64 = 1_750_000_000_000.0;

impl Sim {
    pub fn new(options: &[(&str, f64)], sinks: usize) -> Self {
        let mut config = Config::default();
        for (name, value) in options {
            config.set(name, *value).unwrap();
        }
        Self::with(config, sinks)
    }

    pub fn with(mut config: Config, sinks: usize) -> Self {
        for at in 0..sinks {
            let name = format!("sink{at}");
            config
                .add_sink(SinkOptions { name, format: Format::Ndjson, batch_max: None, max_bytes: None })
                .unwrap();
        }
        Self::start(config)
    }

    /// With the sinks that `config` has.
    pub fn start(config: Config) -> Self {
        let sinks = config.sinks().len();
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

    /// Polls to the end.
    pub fn drain(&mut self) -> Vec<Sent> {
        let mut sent = Vec::new();
        while let Some(send) = self.collector.poll_send(self.now) {
            let batch = self.collector.batch(send);
            // Of a metrics sink the points stand for the names: the same id must hold the same ones.
            let names = if let Some(measured) = batch.metrics() {
                vec![format!("{measured:?}")]
            } else {
                assert_eq!(batch.count(), batch.events().count());
                batch.events().map(|event| event.name.to_owned()).collect()
            };
            sent.push(Sent { send, id: batch.id().to_string(), names });
            self.check();
        }
        self.outstanding.extend(sent.iter().cloned());
        sent
    }

    /// A sink answers; an `ok` means that it has the events.
    pub fn settle(&mut self, sent: &Sent, outcome: Outcome) {
        if let Outcome::Ok { .. } = outcome {
            self.deliver(sent);
        }
        self.collector.settle(sent.send.lease, outcome, self.now);
        self.outstanding.retain(|other| other.send.lease != sent.send.lease);
        self.check();
    }

    /// The sink gets the bytes, whatever its answer: a repeated id must hold the same events.
    pub fn deliver(&mut self, sent: &Sent) {
        let sink = &mut self.sinks[sent.send.sink];
        match sink.batches.get(&sent.id) {
            Some(names) => assert_eq!(*names, sent.names, "the same id must mean the same events"),
            None => {
                sink.batches.insert(sent.id.clone(), sent.names.clone());
                sink.names.extend(sent.names.iter().cloned());
            }
        }
    }

    /// Both laws, and the queue's bound.
    pub fn check(&self) {
        let counters = self.collector.counters();
        assert!(counters.is_conserved(), "{counters:#?}");
        let size = self.collector.config().get_by_name("queueSize").unwrap();
        assert!(self.collector.queue_depth() as f64 <= size);
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
