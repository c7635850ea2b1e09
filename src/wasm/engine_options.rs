//! The options of an engine, as JavaScript sets them.

use super::convert;
use super::options::{code, find};
use crate::engine::config::{Config, SinkOptions, Temporality};
use crate::engine::sampling::{KeepSlow, SamplingOptions};
use crate::engine::{Error, ErrorKind, Format};
use wasm_bindgen::prelude::wasm_bindgen;

/// The options of an [`Engine`](super::Engine). At first all have their defaults.
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

    /// Sets a numeric option. `rate`, `errorThreshold` and `keepSlowMs` are options of sampling.
    ///
    /// # Errors
    /// The code of the option for a value out of range, `config/unknown-option` for another name.
    #[wasm_bindgen(js_name = setNumber)]
    pub fn set_number(&mut self, name: &str, value: f64) -> Result<(), js_sys::Error> {
        if name == "keepSlowMs" {
            self.config.sampling.keep_slow = Some(KeepSlow::Ms(value));
            return Ok(());
        }
        let option = find(name).ok_or_else(|| unknown(name))?;
        option.set(&mut self.config, value).map_err(|error| convert::error(&error))
    }

    /// Sets an option that is true or false.
    ///
    /// | name | meaning |
    /// |---|---|
    /// | `alwaysSampleErrors`, `respectParent` | the options of sampling |
    /// | `keepSlowP99` | records all requests slower than the 99th percentile of their route |
    /// | `hostDraws` | JavaScript makes the draws, with [`Engine::supply_draw`](super::Engine::supply_draw) |
    ///
    /// # Errors
    /// `config/unknown-option` for another name.
    #[wasm_bindgen(js_name = setFlag)]
    pub fn set_flag(&mut self, name: &str, value: bool) -> Result<(), js_sys::Error> {
        let sampling = &mut self.config.sampling;
        match name {
            "alwaysSampleErrors" => sampling.always_sample_errors = value,
            "respectParent" => sampling.respect_parent = value,
            "keepSlowP99" => sampling.keep_slow = value.then_some(KeepSlow::P99),
            "hostDraws" => self.host_draws = value,
            _ => return Err(unknown(name)),
        }
        Ok(())
    }

    /// Sets a text, or adds one to a list.
    ///
    /// | name | meaning |
    /// |---|---|
    /// | `service.name`, `service.version` | the service that is measured |
    /// | `methods` | the HTTP methods that are known, separated by commas |
    /// | `labels` | adds an attribute of requests that also splits their durations |
    /// | `exclude` | adds a rule, which is compiled when the engine is made |
    ///
    /// # Errors
    /// `config/unknown-option` for another name.
    #[wasm_bindgen(js_name = setText)]
    pub fn set_text(&mut self, name: &str, value: String) -> Result<(), js_sys::Error> {
        let Config { service, methods, labels, sampling, .. } = &mut self.config;
        match name {
            "service.name" => service.name = Some(value),
            "service.version" => service.version = Some(value),
            "methods" => *methods = value,
            "labels" => labels.push(value),
            "exclude" => sampling.exclude.push(value),
            _ => return Err(unknown(name)),
        }
        Ok(())
    }

    /// Adds a rate override. It is compiled when the engine is made.
    #[wasm_bindgen(js_name = addOverride)]
    pub fn add_override(&mut self, pattern: String, rate: f64) {
        self.config.sampling.overrides.push((pattern, rate));
    }

    /// Sets the seed of the sampling draws.
    pub fn seed(&mut self, seed: u64) {
        self.config.sampling.seed = Some(seed);
    }

    /// Sets an OpenTelemetry resource attribute. The last value of a key is used.
    pub fn resource(&mut self, key: String, value: String) {
        match self.config.resource.iter_mut().find(|(known, _)| *known == key) {
            Some((_, known)) => *known = value,
            None => self.config.resource.push((key, value)),
        }
    }

    /// Adds a sink. Its index is its place in this order.
    ///
    /// # Errors
    /// `config/sink` for an unknown format, a limit of 0, or more than 16 sinks.
    pub fn sink(
        &mut self,
        name: String,
        format: &str,
        batch_max: Option<u32>,
        max_bytes: Option<u32>,
        interval_ms: Option<f64>,
        is_cumulative: Option<bool>,
    ) -> Result<(), js_sys::Error> {
        let format = Format::from_name(format).ok_or_else(|| unknown_format(format, &name))?;
        let temporality =
            if is_cumulative == Some(true) { Temporality::Cumulative } else { Temporality::Delta };
        let interval_ms = interval_ms.or(match format {
            Format::Stats => Some(STATS_INTERVAL_MS),
            _ => format.is_metrics().then_some(METRICS_INTERVAL_MS),
        });
        let sink = SinkOptions { name, format, batch_max, max_bytes, interval_ms, temporality };
        sink.check(self.config.sinks.len(), ["batchMax", "maxBytes", "intervalMs"])
            .map_err(|error| convert::error(&error))?;
        self.config.sinks.push(sink);
        Ok(())
    }
}

/// The interval of a metrics sink, and of one of statistics, unless it has its own.
const METRICS_INTERVAL_MS: f64 = 10_000.0;
const STATS_INTERVAL_MS: f64 = 5000.0;

/// An error of [`Config::check_relations`], with the names that the options have in JavaScript.
pub(super) fn describe(error: &Error, config: &Config) -> js_sys::Error {
    match (error.kind(), config.sampling.keep_slow) {
        (ErrorKind::LeaseMs, _) => convert::error(&config.lease_error("leaseMs", "flushDeadlineMs")),
        (ErrorKind::KeepSlow, Some(KeepSlow::Ms(ms))) => {
            convert::error(&SamplingOptions::keep_slow_error(ms, "sampling.keepSlowMs", "\"p99\""))
        }
        _ => convert::error(error),
    }
}

fn unknown(name: &str) -> js_sys::Error {
    convert::coded("config/unknown-option", &[name, " is not an option"].concat())
}

fn unknown_format(format: &str, sink: &str) -> js_sys::Error {
    let mut message = ["sink ", sink, ": format \"", format, "\" is not one of "].concat();
    for (at, known) in Format::ALL.iter().enumerate() {
        message.push_str(if at == 0 { "" } else { ", " });
        message.push_str(known.as_str());
    }
    convert::coded(code(ErrorKind::Sinks), &message)
}
