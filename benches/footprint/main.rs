//! The memory of the engine without events, in a flood and under load: `cargo bench --bench footprint`.

#[path = "../memory/mod.rs"]
mod memory;
mod statistics;

use tidegate::engine::stats::StatsStore;
use tidegate::engine::{Attributes, Collector, Config, Error, Event, EventKind, Format, SinkOptions, Value};

fn main() -> Result<(), Error> {
    println!("one record: {} bytes", Collector::RECORD_BYTES);
    let start = memory::live();
    let mut config = Config::default();
    let sink = SinkOptions::new("s", Format::Ndjson);
    config.sinks.push(sink);
    let mut collector = Collector::new(config)?;
    collector.seed_entropy([1; 64]);
    println!("default queue, fixed: {}", kib(collector.queue_bytes()));
    let stats = StatsStore::new(900_000.0, 128)?.memory_bytes();
    println!("statistics of 128 series, fixed: {}", kib(stats));
    println!("a new collector, measured: {}", kib(memory::live() - start));
    let names: Vec<String> = (0..100_000).map(|n| format!("/path/to/resource/{n}")).collect();
    let before = memory::live();
    let mut attributes = Attributes::default();
    attributes.push("text", Value::Text(&"x".repeat(600)));
    for round in 0..10 {
        for name in &names {
            flood(&mut collector, name, &attributes);
        }
        let grown = memory::live() - before;
        println!(
            "after {} events of 100000 names, one batch in flight: + {}",
            (round + 1) * 100_000,
            kib(grown)
        );
    }
    statistics::print()
}

/// Overflows the queue; nothing is ever settled.
fn flood(collector: &mut Collector, name: &str, attributes: &Attributes) {
    let now = 1_750_000_000_000.0;
    let event = Event {
        duration: Some(1.0),
        method: "GET",
        status: Some(200),
        attributes,
        ..Event::new(EventKind::Req, name, now)
    };
    collector.record(&event, None, now);
    collector.poll_transmit(now);
}

fn kib(bytes: usize) -> String {
    format!("{bytes} bytes ({:.2} MiB)", bytes as f64 / (1 << 20) as f64)
}
