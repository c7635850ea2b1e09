//! Telemetry inside edge runtimes.
//!
//! tidegate records requests, functions and database statements where they happen. It samples them, keeps rolling
//! statistics, queues the recorded events in bounded memory, and hands out batches to send.
//!
//! There are three layers: `wasm → encode → engine`. The engine is sans-IO: it owns no clock, timer, socket or source of
//! randomness, so all of it runs under a simulated clock.
//!
//! # As a Rust library
//!
//! Every call takes the time, in milliseconds since the epoch.
//!
//! 1. Record events.
//! 2. Call [`tick`] when the last tick said so.
//! 3. Call [`poll_transmit`] until it returns `None`, after each tick, flush and settle.
//! 4. Send the bytes, and [`settle`] each batch with its outcome.
//!
//! [`tick`]: engine::Collector::tick
//! [`poll_transmit`]: engine::Collector::poll_transmit
//! [`settle`]: engine::Collector::settle
//!
//! ```
//! use tidegate::encode::Encoder;
//! use tidegate::engine::{
//!     Attributes, Collector, Config, Event, EventKind, Format, Outcome, SinkOptions, Value,
//! };
//!
//! let config = Config { sinks: vec![SinkOptions::new("log", Format::Ndjson)], ..Config::default() };
//! let mut collector = Collector::new(config)?;
//! collector.seed_entropy([42; 64]); // Pass 64 random bytes.
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
//! assert_eq!(collector.tick(now), Some(500.0)); // The next tick is in 500 ms.
//!
//! let now = now + 500.0;
//! collector.tick(now);
//! let (mut encoder, mut bytes) = (Encoder::new(Format::Ndjson), Vec::new());
//! while let Some(transmit) = collector.poll_transmit(now) {
//!     encoder.encode(&collector.batch(transmit), &mut bytes);
//!     collector.settle(transmit.lease, Outcome::Ok { rejected: 0 }, now);
//! }
//! let text = String::from_utf8_lossy(&bytes);
//! assert!(text.starts_with(r#"{"kind":"REQ","ts":1767225600000,"route":"/users/:id","method":"GET""#));
//!
//! let stats = collector.stats(now);
//! assert_eq!((stats.total.count, stats.series[0].name.as_str()), (1, "/users/:id"));
//! assert!(collector.counters().is_conserved());
//! # Ok::<(), tidegate::engine::Error>(())
//! ```
// Macros that can write {:?}, which is a trap in the module: tools/bindgen/src/panics.rs.
#![cfg_attr(not(test), deny(clippy::disallowed_macros))]

pub mod encode;
pub mod engine;
#[cfg(target_arch = "wasm32")]
pub mod wasm;
