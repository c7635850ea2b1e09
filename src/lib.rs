//! Telemetry inside edge runtimes.
//!
//! tidegate collects request, function and database events where they happen, decides which are
//! kept, holds them in a bounded drop-oldest queue, keeps rolling statistics, and hands out batches
//! to send. Three layers, one direction: `wasm → encode → engine`. The engine is sans-IO: it owns no
//! clock, timer, socket or host randomness, so all of it runs under a simulated clock.

pub mod encode;
pub mod engine;
#[cfg(target_arch = "wasm32")]
mod wasm;
