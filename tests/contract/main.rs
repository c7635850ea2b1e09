//! The engine's contract, under a simulated clock: no test sleeps.
#![allow(clippy::unwrap_used)]
#![cfg(not(target_arch = "wasm32"))]

mod corners;
mod delivery;
mod exceptions;
mod late;
mod model;
mod recording;
mod routes;
mod script;
mod sim;
mod summaries;
