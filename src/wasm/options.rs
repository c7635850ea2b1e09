//! The options of an engine, set one by one. Their names, ranges and defaults are the engine's.

use super::convert;
use crate::engine::config::{NumberOption, Service, whole};
use crate::engine::sampling::KeepSlow;
use crate::engine::{Config, Error, ErrorKind, Format, SinkOptions};
use wasm_bindgen::prelude::wasm_bindgen;

/// The options of an [`Engine`](super::Engine), all at their defaults at first.
#[wasm_bindgen]
#[derive(Debug, Default)]
pub struct EngineOptions {
    pub(super) config: Config,
    pub(super) host_draws: bool,
}

#[wasm_bindgen]
impl EngineOptions {
    /// All defaults.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a numeric option by its name; `rate` and `errorThreshold` are those of sampling.
    ///
    /// # Errors
    /// The option's own code when it is out of range, `config/unknown-option` for another name.
    #[wasm_bindgen(js_name = setNumber)]
    pub fn set_number(&mut self, name: &str, value: f64) -> Result<(), js_sys::Error> {
        self.try_set_number(name, value).map_err(|e| convert::error(&e))
    }

    /// Sets a flag of sampling: `alwaysSampleErrors` or `respectParent`.
    ///
    /// # Errors
    /// `config/unknown-option` for another name.
    #[wasm_bindgen(js_name = setFlag)]
    pub fn set_flag(&mut self, name: &str, value: bool) -> Result<(), js_sys::Error> {
        match name {
            "alwaysSampleErrors" => self.config.sampling.always_sample_errors = value,
            "respectParent" => self.config.sampling.respect_parent = value,
            _ => return Err(convert::error(&unknown(name))),
        }
        Ok(())
    }

    /// Keeps requests slower than `ms`.
    #[wasm_bindgen(js_name = keepSlow)]
    pub fn keep_slow(&mut self, ms: f64) {
        self.config.sampling.keep_slow = Some(KeepSlow::Ms(ms));
    }

    /// Keeps requests slower than their route's 99th percentile.
    #[wasm_bindgen(js_name = keepSlowP99)]
    pub fn keep_slow_p99(&mut self) {
        self.config.sampling.keep_slow = Some(KeepSlow::P99);
    }

    /// Adds an exclude rule; rules are compiled when the engine is made.
    pub fn exclude(&mut self, pattern: String) {
        self.config.sampling.exclude.push(pattern);
    }

    /// Adds a rate override; rules are compiled when the engine is made.
    #[wasm_bindgen(js_name = addOverride)]
    pub fn add_override(&mut self, pattern: String, rate: f64) {
        self.config.sampling.overrides.push((pattern, rate));
    }

    /// Makes the sampling draws repeatable.
    pub fn seed(&mut self, seed: u64) {
        self.config.sampling.seed = Some(seed);
    }

    /// JavaScript makes the sampling draws: [`Engine::supply_draw`](super::Engine::supply_draw).
    #[wasm_bindgen(js_name = useHostDraws)]
    pub fn use_host_draws(&mut self) {
        self.host_draws = true;
    }

    /// Names the service that is measured.
    pub fn service(&mut self, name: Option<String>, version: Option<String>) {
        self.config.service = Service { name, version };
    }

    /// Sets an attribute of the OpenTelemetry resource; the last value of a key counts.
    pub fn resource(&mut self, key: String, value: String) {
        let resource = &mut self.config.resource;
        resource.retain(|(known, _)| *known != key);
        resource.push((key, value));
    }

    /// Adds a sink; its index is its place in this order.
    ///
    /// # Errors
    /// `config/sink` for an unknown format, a limit of 0, or too many sinks.
    pub fn sink(
        &mut self,
        name: String,
        format: &str,
        batch_max: Option<u32>,
        max_bytes: Option<u32>,
    ) -> Result<(), js_sys::Error> {
        format_named(format, &name)
            .and_then(|format| self.config.add_sink(SinkOptions { name, format, batch_max, max_bytes }))
            .map_err(|e| convert::error(&e))
    }
}

impl EngineOptions {
    fn try_set_number(&mut self, name: &str, value: f64) -> Result<(), Error> {
        match name {
            "rate" => self.config.sampling.rate = value,
            "errorThreshold" => {
                ERROR_THRESHOLD.check(value)?;
                self.config.sampling.error_threshold = value as u16;
            }
            _ => self.config.set(name, value)?,
        }
        Ok(())
    }
}

fn format_named(format: &str, sink: &str) -> Result<Format, Error> {
    Format::from_name(format).ok_or_else(|| {
        let known: Vec<_> = Format::ALL.iter().map(|format| format.as_str()).collect();
        let known = known.join(", ");
        let message = ["sink ", sink, ": format \"", format, "\" is not one of ", &known];
        Error::new(ErrorKind::Sink, &message)
    })
}

fn unknown(name: &str) -> Error {
    Error::new(ErrorKind::UnknownOption, &[name, " is not an option"])
}

/// As a float at the boundary, so that one out of a status's range is refused instead of cut.
const ERROR_THRESHOLD: NumberOption =
    whole("sampling.errorThreshold", "config/error-threshold", 500.0, 100.0, 1000.0);
