//! The tests of the wasm module in Node.
#![allow(clippy::unwrap_used)]
#![cfg(target_arch = "wasm32")]

mod web;
