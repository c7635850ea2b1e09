//! Telemetry inside edge runtimes.
//!
//! tidegate collects request, function and database events where they happen, decides which are
//! kept, holds them in a bounded drop-oldest queue, keeps rolling statistics, and hands out batches
//! to send. Three layers, one direction: `wasm → encode → engine`. The engine is sans-IO: it owns no
//! clock, timer, socket or host randomness, so all of it runs under a simulated clock.
//!
//! # As a Rust library
//!
//! Every call says what time it is, in milliseconds since the epoch. Record; [`tick`] when the last
//! tick's answer says so; drain [`poll_send`] after each tick, flush and settle; send the bytes
//! however you like, and [`settle`] what became of them.
//!
//! [`tick`]: engine::Collector::tick
//! [`poll_send`]: engine::Collector::poll_send
//! [`settle`]: engine::Collector::settle
//!
//! ```
//! use tidegate::encode::Encoder;
//! use tidegate::engine::{
//!     Attributes, Collector, Config, Event, EventKind, Format, Outcome, SinkOptions, Value,
//! };
//!
//! let mut config = Config::default();
//! let sink = SinkOptions { name: "log".into(), format: Format::Ndjson, batch_max: None, max_bytes: None };
//! config.add_sink(sink)?;
//! let mut collector = Collector::new(config)?;
//! collector.seed_entropy([42; 64]); // 64 bytes of the system's randomness.
//!
//! let now = 1_767_225_600_000.0;
//! let mut attributes = Attributes::default();
//! attributes.push("region", Value::Text("eu"));
//! let event = Event {
//!     is_path: true,
//!     duration: Some(12.5),
//!     method: "GET",
//!     status: Some(200),
//!     attributes: &attributes,
//!     ..Event::new(EventKind::Req, "/users/42", now)
//! };
//! collector.record(&event, None, now);
//! assert_eq!(collector.tick(now), Some(500.0)); // The next tick is wanted in half a second.
//!
//! let now = now + 500.0;
//! collector.tick(now);
//! let (mut encoder, mut bytes) = (Encoder::new(Format::Ndjson), Vec::new());
//! while let Some(send) = collector.poll_send(now) {
//!     encoder.encode(&collector.batch(send), &mut bytes);
//!     collector.settle(send.lease, Outcome::Ok { rejected: 0 }, now);
//! }
//! let text = String::from_utf8_lossy(&bytes);
//! assert!(text.starts_with(r#"{"kind":"REQ","ts":1767225600000,"route":"/users/:id","method":"GET""#));
//!
//! let stats = collector.stats(now);
//! assert_eq!((stats.total.count, stats.series[0].name.as_str()), (1, "/users/:id"));
//! assert!(collector.counters().is_conserved());
//! # Ok::<(), tidegate::engine::Error>(())
//! ```

pub mod encode;
pub mod engine;
#[cfg(target_arch = "wasm32")]
pub mod wasm;
