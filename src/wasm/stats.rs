//! Rolling statistics without a collector.

use super::convert::{self, object, throw};
use crate::engine::decimal::Decimal;
use crate::engine::stats::{Sample, SeriesKind, StatsStore as Store};
use crate::engine::{Error, ErrorKind};
use wasm_bindgen::prelude::*;

/// One store. Times and durations are milliseconds; `undefined` means unknown.
#[wasm_bindgen]
pub struct StatsStore(Store);

#[wasm_bindgen]
impl StatsStore {
    /// A store over `window_ms` (60 … 86 400 000; default 900 000) with at most `series` rows (a whole
    /// number, 1 … 1024; default 128).
    #[wasm_bindgen(constructor)]
    pub fn new(window_ms: Option<f64>, series: Option<f64>) -> Result<StatsStore, JsValue> {
        let series = whole(series.unwrap_or(DEFAULT_SERIES)).map_err(throw)?;
        Store::new(window_ms.unwrap_or(DEFAULT_WINDOW_MS), series).map(Self).map_err(throw)
    }

    /// Counts one event that ended `at`, with its series in a row of that name. False: it was refused.
    pub fn record(&mut self, at: f64, duration: Option<f64>, is_error: bool, series: Option<String>) -> bool {
        let row = series.as_deref().map(|name| (SeriesKind::Req, name));
        self.0.record(Sample { at, duration, is_error }, at, row)
    }

    /// All figures at `now`.
    pub fn snapshot(&mut self, now: f64) -> JsValue {
        object(|object| convert::snapshot(&self.0.snapshot(now), object))
    }

    /// The binary form of the whole window.
    #[wasm_bindgen(js_name = "toBytes")]
    pub fn bytes(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.0.to_bytes(&mut bytes);
        bytes
    }

    /// Adds what another store counted.
    pub fn merge(&mut self, bytes: &[u8]) -> Result<(), JsValue> {
        self.0.merge(bytes).map_err(throw)
    }

    /// How many events were refused, here and in the stores that were merged.
    pub fn refused(&self) -> f64 {
        self.0.refused() as f64
    }
}

/// A count of rows; the engine checks its range.
fn whole(series: f64) -> Result<usize, Error> {
    if series.fract() == 0.0 {
        return Ok(series as usize);
    }
    let message = format!("series is {}; give a whole number, 1 to 1024", Decimal(series));
    Err(Error::new(ErrorKind::Option("config/stats-series"), message))
}

const DEFAULT_WINDOW_MS: f64 = 900_000.0;
const DEFAULT_SERIES: f64 = 128.0;
