//! The WebAssembly boundary: classes by wasm-bindgen, for the shim in `js/wasm`. Built for wasm32 only.
//!
//! # Three ways across
//!
//! | what | how | where |
//! |---|---|---|
//! | requests of the hot path | numbers, written by JavaScript into the engine's [`RequestBuffer`](requests), up to 64 a call | `requests` |
//! | all else that goes in | strings and scalars as ordinary wasm-bindgen arguments | `engine`, `options`, `stats`, `sampling` |
//! | objects that come out | serde views, by serde-wasm-bindgen, never on the hot path | `views` |
//!
//! The bytes of a batch stay in wasm memory until the next call: JavaScript copies them out by their address and length.
//! Numbers that are unknown cross as NaN. Errors are `js_sys::Error` with a stable `code`. No JavaScript function crosses,
//! so no call into the engine runs inside another one.
//!
//! # Traps
//!
//! A trap (a panic, exhausted memory), or a full stack of the host's, can leave a call in the middle. wasm-bindgen marks
//! an object as borrowed while one of its methods changes it, so an object that was left in the middle refuses every
//! further call. The shim then takes a new instance; it reads the [ledger](Engine::ledger_ptr) and the count of buffered
//! requests out of the dead instance's memory, whose addresses it knows, and the new engine goes on from there
//! ([`Engine::restore`]). An object of a dead instance is never freed: in the new one something else lies at its address.

mod convert;
mod engine;
mod entropy;
mod options;
mod requests;
mod sampling;
mod stats;
mod views;

pub use engine::Engine;
pub use options::EngineOptions;
pub use sampling::{Overrides, Rng, Rules};
pub use stats::StatsStore;
