//! The engine as a plain Rust library: `cargo run --example plain`.
//!
//! It has no clock and no socket: you pass the time, and send the bytes of its batches.

use std::time::{SystemTime, UNIX_EPOCH};
use tidegate::encode::Encoder;
use tidegate::engine::{Collector, Config, Event, EventKind, Format, Outcome, SinkOptions};

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64() * 1000.0)
}

/// Records three requests, sends what is kept, and prints the statistics.
pub fn main() -> Result<(), tidegate::engine::Error> {
    let mut config = Config::default();
    config.sampling.exclude = vec!["/health".into()];
    config.sinks.push(SinkOptions::new("stdout", Format::Ndjson));
    let mut collector = Collector::new(config)?;
    collector.seed_entropy([42; 64]); // Pass 64 random bytes.

    for (path, status, duration) in [("/users/42", 200, 3.5), ("/users/43", 503, 12.0), ("/health", 200, 0.1)]
    {
        let event = Event {
            is_path: true,
            duration: Some(duration),
            method: "GET",
            status: Some(status),
            ..Event::new(EventKind::Req, path, now())
        };
        collector.record(&event, None, now());
    }

    collector.flush(1000.0, now());
    collector.tick(now());
    let mut encoder = Encoder::new(Format::Ndjson);
    while let Some(transmit) = collector.poll_transmit(now()) {
        let mut bytes = Vec::new();
        encoder.encode(&collector.batch(transmit), &mut bytes);
        print!("{}", String::from_utf8_lossy(&bytes));
        collector.settle(transmit.lease, Outcome::Ok { rejected: 0 }, now());
    }
    for row in collector.stats(now()).series {
        println!(
            "{} {}: {} requests, {} failed, p99 {:?} ms",
            row.kind, row.name, row.figures.count, row.figures.errors, row.figures.p99_ms
        );
    }
    Ok(())
}
