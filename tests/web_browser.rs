//! The wasm suite in a headless browser.
#![allow(clippy::unwrap_used)]
#![cfg(target_arch = "wasm32")]

#[path = "web/suite.rs"]
mod suite;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
