//! Ten million events through sinks that are slow and often fail, under a simulated clock. Exits with 1 if an event is lost
//! without being counted: `cargo bench --bench soak [-- EVENTS]`.

mod memory;

use std::process::ExitCode;
use std::time::Instant;
use tidegate::encode::Encoder;
use tidegate::engine::Token;
use tidegate::engine::rng::Rng;
use tidegate::engine::{
    Attributes, Collector, Config, Counters, Error, Event, EventKind, Format, Outcome, Reason, SinkOptions,
    Value,
};

/// A collector, the time, and the answers that its sinks will give.
struct Soak {
    collector: Collector,
    rng: Rng,
    now: f64,
    /// Time, lease and outcome of each answer.
    answers: Vec<(f64, u64, Outcome)>,
    encoders: [Encoder; 2],
    bytes: Vec<u8>,
    attributes: Attributes,
    routes: Vec<String>,
    tokens: [Option<Token>; 64],
}

impl Soak {
    fn new() -> Result<Self, Error> {
        let mut config = Config::default();
        config.sampling.rate = 0.5;
        config.sampling.seed = Some(7);
        for name in ["slow", "slower"] {
            let (name, format) = (name.to_owned(), Format::Ndjson);
            config.sinks.push(SinkOptions::new(name, format));
        }
        let mut collector = Collector::new(config)?;
        collector.seed_entropy([7; 64]);
        Ok(Self {
            collector,
            rng: Rng::from_seed(7),
            now: 1_750_000_000_000.0,
            answers: Vec::with_capacity(16),
            encoders: [Format::Ndjson; 2].map(Encoder::new),
            bytes: Vec::new(),
            attributes: Attributes::default(),
            routes: (0..5000).map(|n| format!("/route/number/{n}")).collect(),
            tokens: [None; 64],
        })
    }

    /// One event of any kind, inside or outside of one of many open requests. Some requests never end.
    fn emit(&mut self, n: usize) {
        let Self { collector, rng, now, attributes, routes, tokens, .. } = self;
        attributes.clear();
        if n.is_multiple_of(4) {
            attributes.push("n", Value::Number(n as f64));
            attributes.push("text", Value::Text(&routes[n % routes.len()]));
        }
        // Few routes get most of the requests.
        let route = &routes[(routes.len() as f64 * rng.draw().powi(4)) as usize];
        let (kind, name) = match n % 8 {
            0 => (EventKind::Db, "SELECT id, name FROM users WHERE id = 42"),
            1 | 2 => (EventKind::Fn, "resize"),
            3 => (EventKind::Evt, "cart.opened"),
            _ => (EventKind::Req, route.as_str()),
        };
        let event = Event {
            duration: Some(rng.draw() * 100.0),
            error: n.is_multiple_of(101).then_some("TypeError"),
            method: "GET",
            status: Some(if n % 50 == 4 { 503 } else { 200 }),
            system: Some("sqlite"),
            attributes,
            ..Event::new(kind, name, *now)
        };
        let token = &mut tokens[n / 8 % 64];
        match (kind, *token) {
            (EventKind::Req, Some(open)) if n % 1000 != 7 => {
                *token = None;
                collector.end(&event, open, *now)
            }
            (EventKind::Req, _) => {
                *token = Some(collector.open(route, None, *now));
                collector.record(&event, None, *now)
            }
            (_, Some(open)) => collector.record_in(&event, open, *now),
            (_, None) => collector.record(&event, None, *now),
        };
    }

    /// Time passes: answers arrive, a tick, and what is due goes out.
    fn pump(&mut self, ms: f64) -> Option<f64> {
        self.now += ms;
        while let Some(at) = self.answers.iter().position(|(at, ..)| *at <= self.now) {
            let (_, lease, outcome) = self.answers.swap_remove(at);
            self.collector.settle(lease, outcome, self.now);
        }
        let wait = self.collector.tick(self.now);
        while let Some(transmit) = self.collector.poll_transmit(self.now) {
            self.bytes.clear();
            self.encoders[transmit.sink].encode(&self.collector.batch(transmit), &mut self.bytes);
            let outcome = match (self.rng.draw() * 100.0) as u32 {
                0..25 => Outcome::Retry { after_ms: None },
                25..28 => Outcome::Retry { after_ms: Some(3000.0) },
                28..31 => Outcome::Fatal,
                31..34 => Outcome::TooLarge,
                34..38 => Outcome::Ok { rejected: 3 },
                // The sender dies: its lease must expire.
                38..40 => continue,
                _ => Outcome::Ok { rejected: 0 },
            };
            // One in fifty answers after its lease has expired.
            let late = if self.rng.draw() < 0.02 { 4000.0 } else { 0.0 };
            let latency = late + (1.0 + transmit.sink as f64) * (50.0 + 200.0 * self.rng.draw());
            self.answers.push((self.now + latency, transmit.lease, outcome));
        }
        while self.collector.poll_notice().is_some() {}
        wait
    }

    /// Sends what is queued, then closes the collector.
    fn come_to_rest(&mut self) {
        for _ in 0..20_000 {
            self.pump(10.0);
        }
        self.collector.close(self.now);
        self.collector.finish();
        while let Some(wait) = self.pump(0.0) {
            self.pump(wait.max(1.0));
        }
    }
}

fn main() -> Result<ExitCode, Error> {
    let events = std::env::args().nth(1).and_then(|events| events.parse().ok()).unwrap_or(10_000_000);
    let (mut soak, started) = (Soak::new()?, Instant::now());
    println!("{:>10} {:>12} {:>12}", "events", "live KiB", "peak KiB");
    let (mut conserved, mut warm) = (true, 0);
    for n in 0..events {
        soak.emit(n);
        if n % 50 == 0 {
            soak.pump(50.0);
        }
        if n % (events / 20).max(1) == 0 {
            println!("{n:>10} {:>12} {:>12}", memory::live() / 1024, memory::peak() / 1024);
            conserved &= soak.collector.counters().is_conserved();
            if n <= events / 4 {
                warm = memory::peak();
            }
        }
    }
    let grown = memory::peak() - warm;
    let elapsed = started.elapsed().as_secs_f64();
    soak.come_to_rest();
    let counters = soak.collector.counters();
    print(&counters);
    conserved &= counters.is_conserved() && soak.collector.name_references() == 0;
    println!("elapsed {elapsed:.1} s, {:.0} ns an event", elapsed * 1e9 / events.max(1) as f64);
    println!("peak memory {} KiB, {grown} bytes of it after the first quarter", memory::peak() / 1024);
    println!("conserved: {conserved}");
    Ok(if conserved { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print(counters: &Counters) {
    println!(
        "emitted {} = accepted {} + sampledOut {} + excluded {} + refused {} + pending {}",
        counters.emitted,
        counters.accepted,
        counters.sampled_out,
        counters.excluded,
        counters.refused,
        counters.pending
    );
    for sink in &counters.sinks {
        print!("{}: accepted {} = delivered {}", sink.name, sink.accepted, sink.delivered);
        print!(" + queued {} + inFlight {}", sink.queued, sink.in_flight);
        for (reason, count) in Reason::ALL.iter().zip(sink.dropped).filter(|(_, count)| *count > 0.0) {
            print!(" + {} {count}", reason.as_str());
        }
        println!(" (leases expired {}, late settles {})", sink.leases_expired, sink.late_settles);
    }
}
