//! Options, set one by one. Names, ranges and defaults are the engine's.

use super::convert::throw;
use crate::engine::config::Service;
use crate::engine::decimal::Decimal;
use crate::engine::sampling::KeepSlow;
use crate::engine::{Config, Error, ErrorKind, Format, SinkOptions};
use wasm_bindgen::prelude::*;

/// The options of a collector to be.
#[wasm_bindgen]
#[derive(Default)]
pub struct Options {
    pub(super) config: Config,
    pub(super) host_rng: bool,
}

#[wasm_bindgen]
impl Options {
    /// All defaults.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a numeric option.
    pub fn number(&mut self, name: &str, value: f64) -> Result<(), JsValue> {
        let sampling = &mut self.config.sampling;
        match name {
            "rate" => sampling.rate = value,
            "errorThreshold" => sampling.error_threshold = error_threshold(value).map_err(throw)?,
            "keepSlowMs" => sampling.keep_slow = Some(KeepSlow::Ms(value)),
            _ => self.config.set(name, value).map_err(throw)?,
        }
        Ok(())
    }

    /// Sets a truth-valued option.
    pub fn flag(&mut self, name: &str, value: bool) -> Result<(), JsValue> {
        let sampling = &mut self.config.sampling;
        match name {
            "alwaysSampleErrors" => sampling.always_sample_errors = value,
            "respectParent" => sampling.respect_parent = value,
            "keepSlowP99" => sampling.keep_slow = value.then_some(KeepSlow::P99),
            "hostRng" => self.host_rng = value,
            _ => return Err(throw(Error::new(ErrorKind::UnknownOption, format!("{name} is not an option")))),
        }
        Ok(())
    }

    /// Sets who is measured.
    pub fn service(&mut self, name: Option<String>, version: Option<String>) {
        self.config.service = Service { name, version };
    }

    /// Sets a resource attribute, where it runs; the last one of a key counts.
    pub fn resource(&mut self, key: String, value: String) {
        let resource = &mut self.config.resource;
        resource.retain(|(told, _)| *told != key);
        resource.push((key, value));
    }

    /// Adds an exclude rule.
    pub fn exclude(&mut self, pattern: String) {
        self.config.sampling.exclude.push(pattern);
    }

    /// Adds an override rule. (`override` is a reserved word.)
    #[wasm_bindgen(js_name = "override")]
    pub fn override_rate(&mut self, pattern: String, rate: f64) {
        self.config.sampling.overrides.push((pattern, rate));
    }

    /// Sets the seed of the sampling draws.
    pub fn seed(&mut self, seed: u64) {
        self.config.sampling.seed = Some(seed);
    }

    /// Adds a sink; its index is its place in this order.
    pub fn sink(
        &mut self,
        name: String,
        format: &str,
        batch_max: Option<u32>,
        max_bytes: Option<u32>,
    ) -> Result<(), JsValue> {
        let format = Format::from_name(format).ok_or_else(|| {
            let known: Vec<_> = Format::ALL.iter().map(|format| format.as_str()).collect();
            throw(Error::new(
                ErrorKind::Sink,
                format!("sink {name}: format \"{format}\" is not one of {}", known.join(", ")),
            ))
        })?;
        self.config.add_sink(SinkOptions { name, format, batch_max, max_bytes }).map_err(throw)
    }
}

fn error_threshold(value: f64) -> Result<u16, Error> {
    if (100.0..=1000.0).contains(&value) && value.fract() == 0.0 {
        return Ok(value as u16);
    }
    let message =
        format!("sampling.errorThreshold is {}; it must be a whole number from 100 to 1000", Decimal(value));
    Err(Error::new(ErrorKind::Option("config/error-threshold"), message))
}
