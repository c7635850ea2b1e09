//! The wasm suite in Node.
#![allow(clippy::unwrap_used)]
#![cfg(target_arch = "wasm32")]

#[path = "web/suite.rs"]
mod suite;
