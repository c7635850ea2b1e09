//! The WebAssembly boundary: classes made by wasm-bindgen, used by `js/wasm`. It is built for wasm32 only.
//!
//! # Three ways across
//!
//! | what crosses | how | where |
//! |---|---|---|
//! | requests of the hot path | as numbers in the request buffer, up to 64 per call | `requests` |
//! | numbers of the program's metrics | in a buffer of their own, up to 64 per call | `measuring` |
//! | everything else into the engine | as strings and scalars, in arguments | `recording`, `sending`, `engine_options`, `stats`, `sampling` |
//! | objects out of the engine | as serde views, by serde-wasm-bindgen; never on the hot path | `views` |
//!
//! The bytes of a batch stay in wasm memory until the next call. JavaScript copies them, by address and length. Unknown
//! numbers cross as NaN. Errors are `js_sys::Error` with a stable `code`. No JavaScript function crosses, so no call into the
//! engine runs inside another one.
//!
//! # Traps
//!
//! A trap (a panic, or exhausted memory), or a stack overflow of the host, can end a call before it returns. wasm-bindgen
//! marks an object as borrowed while one of its methods changes it. So an object whose method did not return refuses all
//! further calls.
//!
//! JavaScript then takes a new instance. It reads the [ledger](Engine::addresses) and the number of begun requests from the
//! memory of the old one, whose addresses it knows, and passes the ledger to the new engine ([`Engine::restore`]). An object
//! of an old instance is never freed: in the new instance its address belongs to something else.

mod convert;
mod details;
mod engine;
mod engine_options;
mod entropy;
mod measuring;
mod options;
mod reading;
mod recording;
mod requests;
mod sampling;
mod sending;
mod stats;
mod views;

pub use engine::Engine;
pub use engine_options::EngineOptions;
pub use sampling::{Overrides, Rng, Rules};
pub use stats::StatsStore;
