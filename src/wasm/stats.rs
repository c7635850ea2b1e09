//! Rolling statistics without a collector. Times and durations are milliseconds.

use super::convert::{self, View};
use super::options::{STATS_SERIES, STATS_WINDOW};
use super::views::RowView;
use crate::engine::stats::{self, Sample, SeriesKind};
use wasm_bindgen::prelude::wasm_bindgen;

/// Counts, errors, rates and percentiles over a rolling window.
#[wasm_bindgen]
pub struct StatsStore {
    store: stats::StatsStore,
}

#[wasm_bindgen]
impl StatsStore {
    /// A store over `window_ms` (60 … 86 400 000, default 900 000) with at most `series` series (1 … 1024, default 128).
    ///
    /// # Errors
    /// `config/stats-window` and `config/stats-series` for a value out of range.
    #[wasm_bindgen(constructor)]
    pub fn new(window_ms: Option<f64>, series: Option<f64>) -> Result<StatsStore, js_sys::Error> {
        let series = series.unwrap_or(stats::StatsStore::DEFAULT_SERIES as f64);
        let window_ms = window_ms.unwrap_or(stats::StatsStore::DEFAULT_WINDOW_MS);
        stats::StatsStore::SERIES
            .check(STATS_SERIES, series)
            .and_then(|()| stats::StatsStore::WINDOW_MS.check(STATS_WINDOW, window_ms))
            .and_then(|()| stats::StatsStore::new(window_ms, series as usize))
            .map(|store| Self { store })
            .map_err(|e| convert::error(&e))
    }

    /// Counts one request that ended at `at_ms`, in `series` too if it is given. A duration of NaN is unknown. Returns false
    /// if the request was refused.
    pub fn record(&mut self, at_ms: f64, duration_ms: f64, is_error: bool, series: Option<String>) -> bool {
        let series = series.as_deref().map(|name| (SeriesKind::Req, name));
        let duration = convert::nan_to_none(duration_ms);
        self.store.record(Sample { at: at_ms, duration, is_error }, at_ms, series)
    }

    /// All figures at `now_ms`. An earlier `now_ms` than the last time moves the clock back.
    pub fn snapshot(&mut self, now_ms: f64) -> View {
        let mut snapshot = self.store.snapshot(now_ms);
        snapshot.round();
        convert::object(&RowView::total(&snapshot))
    }

    /// All requests, or a series, over time at `now_ms` in steps of `slots` slots (a divisor of 60). `series`: kind, a blank
    /// and the name.
    ///
    /// Returns start and length of a step in ms, then count, errors, p50, p95 and p99 of each; NaN is unknown.
    pub fn timeline(&mut self, now_ms: f64, slots: usize, series: Option<String>) -> Vec<f64> {
        convert::timeline(self.store.timeline(now_ms, series.as_deref().map(convert::series), slots))
    }

    /// The binary form of the whole window.
    #[wasm_bindgen(js_name = toBytes)]
    pub fn to_bytes(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.store.to_bytes(&mut bytes);
        bytes
    }

    /// Adds the counts of another store, given in its binary form. Returns the number of events that it had refused.
    ///
    /// # Errors
    /// `stats/bytes` for bytes that are damaged, of another version or of another window; `stats/clock` for a clock more
    /// than a minute ahead. Nothing is changed then.
    pub fn merge(&mut self, bytes: &[u8]) -> Result<f64, js_sys::Error> {
        let before = self.store.refused();
        self.store.merge(bytes).map_err(|e| convert::error(&e))?;
        Ok((self.store.refused() - before) as f64)
    }
}
