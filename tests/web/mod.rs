//! The wasm module from both sides: the engine as a Rust library, and the boundary as JavaScript calls it.
//!
//! Each exported method is called by a test, as `call(&engine, "Engine.tick", …)`: `scripts/boundary.mjs` checks it.

mod callbacks;
mod delivery;
mod fixture;
mod glue;
mod ledger;
mod metrics;
mod objects;
mod options;
mod recording;
mod requests;
mod sampling;
mod stats;
mod suite;
mod views;
