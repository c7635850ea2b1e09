//! Sampling rules and draws without a collector.

use super::convert;
use crate::engine::rng;
use crate::engine::sampling::{
    CompiledOverrides, CompiledRules, compile_overrides, compile_rules, get_effective_rate,
    should_exclude_route,
};
use wasm_bindgen::prelude::wasm_bindgen;

/// Compiled exclude rules.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Rules(CompiledRules);

#[wasm_bindgen]
impl Rules {
    /// Compiles patterns.
    ///
    /// # Errors
    /// `config/sampling-rule`. The message names the index, the pattern and the reason.
    #[wasm_bindgen(constructor)]
    pub fn new(patterns: Vec<String>) -> Result<Rules, js_sys::Error> {
        compile_rules(&patterns).map(Self).map_err(|e| convert::error(&e))
    }

    /// Whether any rule matches `path`.
    pub fn matches(&self, path: &str) -> bool {
        should_exclude_route(path, &self.0)
    }
}

/// Compiled rate overrides.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Overrides(CompiledOverrides);

#[wasm_bindgen]
impl Overrides {
    /// Compiles patterns. The rate of each is at the same place in `rates`.
    ///
    /// # Errors
    /// `config/sampling-rule` or `config/sampling-rate`. The message names the index, the pattern and the reason.
    #[wasm_bindgen(constructor)]
    pub fn new(patterns: Vec<String>, rates: Vec<f64>) -> Result<Overrides, js_sys::Error> {
        let pairs: Vec<_> = patterns.into_iter().zip(rates).collect();
        compile_overrides(&pairs).map(Self).map_err(|e| convert::error(&e))
    }

    /// The rate of the first override that matches `path`, else `default_rate`.
    pub fn rate(&self, path: &str, default_rate: f64) -> f64 {
        get_effective_rate(path, &self.0, default_rate)
    }
}

/// A source of draws in [0, 1): xoshiro256++.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Rng(rng::Rng);

#[wasm_bindgen]
impl Rng {
    /// A source with `seed`.
    #[wasm_bindgen(js_name = fromSeed)]
    pub fn from_seed(seed: u64) -> Self {
        Self(rng::Rng::from_seed(seed))
    }

    /// A source with a state of 32 bytes: random bytes, or those at [`state_ptr`](Self::state_ptr) in the memory of an
    /// instance that trapped. Any other length counts as zeros.
    #[wasm_bindgen(js_name = fromState)]
    pub fn from_state(state: &[u8]) -> Self {
        Self(rng::Rng::from_entropy(state.try_into().unwrap_or_default()))
    }

    /// The address of the state in wasm memory.
    #[wasm_bindgen(js_name = statePtr)]
    pub fn state_ptr(&self) -> *const u8 {
        (&raw const self.0).cast()
    }

    /// The next draw.
    pub fn draw(&mut self) -> f64 {
        self.0.draw()
    }
}
