//! The tests of the wasm module in a headless browser.
#![allow(clippy::unwrap_used)]
#![cfg(target_arch = "wasm32")]

mod web;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
