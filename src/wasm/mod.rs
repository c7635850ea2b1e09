//! The WebAssembly boundary: options in as scalars and strings, events in by position, batches out as bytes.

// The bindings that wasm-bindgen generates are unsafe; nothing written here is.
#![allow(unsafe_code)]

mod convert;
mod core;
mod draft;
mod options;
#[cfg(feature = "full")]
mod sampling;
#[cfg(feature = "full")]
mod stats;
