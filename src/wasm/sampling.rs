//! The sampling rules without a collector: what is compiled, and the draws.

use super::convert::throw;
use crate::engine::rng::Rng;
use crate::engine::sampling::{
    CompiledOverrides, CompiledRules, compile_overrides, compile_rules, get_effective_rate,
    should_exclude_route,
};
use wasm_bindgen::prelude::*;

/// Compiled exclude rules.
#[wasm_bindgen]
pub struct Rules(CompiledRules);

#[wasm_bindgen]
impl Rules {
    /// Compiles `patterns`, in their order.
    #[wasm_bindgen(constructor)]
    #[allow(clippy::needless_pass_by_value)]
    pub fn new(patterns: Vec<String>) -> Result<Rules, JsValue> {
        compile_rules(&patterns).map(Self).map_err(throw)
    }

    /// Whether any rule matches `path`.
    pub fn matches(&self, path: &str) -> bool {
        should_exclude_route(path, &self.0)
    }
}

/// Compiled rate overrides.
#[wasm_bindgen]
pub struct Overrides(CompiledOverrides);

#[wasm_bindgen]
impl Overrides {
    /// Compiles `patterns`, each with the rate at its index.
    #[wasm_bindgen(constructor)]
    pub fn new(patterns: Vec<String>, rates: &[f64]) -> Result<Overrides, JsValue> {
        let pairs: Vec<_> = patterns.into_iter().zip(rates.iter().copied()).collect();
        compile_overrides(&pairs).map(Self).map_err(throw)
    }

    /// The rate of the first override that matches `path`, else `default_rate`.
    #[wasm_bindgen(js_name = "rateOf")]
    pub fn rate_of(&self, path: &str, default_rate: f64) -> f64 {
        get_effective_rate(path, &self.0, default_rate)
    }
}

/// A source of draws.
#[wasm_bindgen]
pub struct Draws(Rng);

#[wasm_bindgen]
impl Draws {
    /// The draws of `seed`.
    #[wasm_bindgen(js_name = "ofSeed")]
    pub fn of_seed(seed: u64) -> Draws {
        Self(Rng::from_seed(seed))
    }

    /// The draws that go on from 32 bytes: of the host's randomness, or the state of an instance that
    /// is gone. Other lengths are the seed 0.
    #[wasm_bindgen(js_name = "ofState")]
    pub fn of_state(state: &[u8]) -> Draws {
        Self(state.try_into().map_or_else(|_| Rng::from_seed(0), Rng::from_entropy))
    }

    /// The next draw, in [0, 1).
    pub fn draw(&mut self) -> f64 {
        self.0.draw()
    }

    /// The address of the state in memory: 32 bytes.
    #[wasm_bindgen(js_name = "stateAddress")]
    pub fn state_address(&self) -> usize {
        std::ptr::from_ref(&self.0) as usize
    }
}
