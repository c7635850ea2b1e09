//! The engine as JavaScript holds it. All times are wall-clock milliseconds of the host.
//!
//! Its methods stand in four files: `recording` takes events, `measuring` numbers of metrics, `sending` hands out batches, `reading` returns figures.

use super::convert;
use super::details::Details;
use super::engine_options::{EngineOptions, describe};
use super::entropy;
use super::options::value_of;
use super::requests::RequestBuffer;
use crate::encode::Encoder;
use crate::engine::{Collector, Refusal};
use wasm_bindgen::prelude::wasm_bindgen;

/// A collector with its encoders and its buffer of requests.
#[wasm_bindgen]
pub struct Engine {
    pub(super) collector: Collector,
    pub(super) encoders: Vec<Encoder>,
    pub(super) requests: RequestBuffer,
    /// The buffer that `measuring` documents. It never moves.
    pub(super) measurements: Box<[f64]>,
    pub(super) details: Details,
    /// The bytes of the batch that was polled last.
    pub(super) encoded: Vec<u8>,
}

#[wasm_bindgen]
impl Engine {
    /// Makes an engine.
    ///
    /// # Errors
    /// `config/…` for a bad option; the message names it.
    #[wasm_bindgen(constructor)]
    pub fn new(options: EngineOptions) -> Result<Engine, js_sys::Error> {
        let EngineOptions { config, host_draws } = options;
        config.check_relations().map_err(|error| describe(&error, &config))?;
        let encoders = config.sinks.iter().map(|sink| Encoder::new(sink.format)).collect();
        let mut collector = Collector::with_valid(config).map_err(|error| convert::error(&error))?;
        if host_draws {
            collector.use_host_draws();
        }
        let (requests, details) = (RequestBuffer::new(), Details::default());
        let measurements = vec![0.0; 1 + 2 * MEASUREMENTS].into_boxed_slice();
        Ok(Self { collector, encoders, requests, measurements, details, encoded: Vec::new() })
    }

    /// Where JavaScript reads and writes in wasm memory. None of it ever moves, so that JavaScript can read the memory of an
    /// instance that trapped.
    ///
    /// | place | meaning |
    /// |---|---|
    /// | 0, 1 | the addresses of the request buffer, whose layout `requests` documents, and of its texts |
    /// | 2 | the address of the buffer that `measuring` documents |
    /// | 3, 4 | the address and the number of the counters of the ledger. The first one is the number of emitted events |
    pub fn addresses(&self) -> Vec<f64> {
        let ledger = self.collector.ledger_block();
        let requests = [self.requests.words_ptr() as usize, self.requests.text_ptr() as usize];
        let rest = [self.measurements.as_ptr() as usize, ledger.as_ptr() as usize, ledger.len()];
        requests.into_iter().chain(rest).map(|number| number as f64).collect()
    }

    /// The value in force of a numeric option. NaN: there is no option with this name.
    pub fn option(&self, name: &str) -> f64 {
        value_of(name, self.collector.config())
    }
}

impl Engine {
    /// Whether the collector has entropy. Asks the host for it until the host gives some.
    pub(super) fn has_entropy(&mut self) -> bool {
        if self.collector.needs_entropy() {
            let Some(bytes) = entropy::bytes() else { return false };
            self.collector.seed_entropy(bytes);
        }
        true
    }

    /// Counts one event as refused, for lack of entropy. Returns no flags.
    pub(super) fn refuse_one(&mut self) -> u32 {
        self.collector.refuse(Refusal::Entropy, 1);
        0
    }
}

/// The most numbers of metrics that one call records.
pub(super) const MEASUREMENTS: usize = 64;
