//! The metrics of the program. JavaScript writes numbers into a buffer in wasm memory; one call records up to 64.
//!
//! The buffer consists of 64-bit words, which are f64:
//!
//! | word | written by | meaning |
//! |---|---|---|
//! | 0 | engine | the number of rows that the current call has begun; JavaScript reads it after a trap |
//! | 1 + 2 n | JavaScript | row n: the id of a series |
//! | 2 + 2 n | JavaScript | row n: the number to record |

use super::convert::{self, flags};
use super::engine::{Engine, MEASUREMENTS};
use super::requests::REQUESTS;
use super::views::SeriesView;
use crate::engine::metrics::{MetricId, MetricKind, SeriesId};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
impl Engine {
    /// The id of a metric of kind 0 counter, 1 gauge or 2 histogram. A string instead: why there is none.
    pub fn metric(&mut self, kind: u8, name: &str, unit: &str, description: &str) -> JsValue {
        let kind = MetricKind::ALL[usize::from(kind) % MetricKind::ALL.len()];
        match self.collector.metric(kind, name, unit, description) {
            Ok(id) => id.number().into(),
            Err(error) => error.message().into(),
        }
    }

    /// The id of a series of a metric: the one with the attributes that were added for the next event. They are cleared.
    pub fn series(&mut self, metric: u16) -> u16 {
        let series = self.collector.series(MetricId::from_number(metric), &self.details.attributes);
        self.details.attributes.clear();
        series.number()
    }

    /// The address of the buffer.
    #[wasm_bindgen(js_name = measurementsPtr)]
    pub fn measurements_ptr(&self) -> *const f64 {
        self.measurements.as_ptr()
    }

    /// Records the first `count` rows of the buffer. Returns flags, as `convert::flags` documents.
    pub fn measure(&mut self, count: usize, now_ms: f64) -> u32 {
        let rows = count.min(MEASUREMENTS);
        if !self.has_entropy() {
            self.collector.refuse_measurements(rows);
            return 0;
        }
        self.collector.read_time(now_ms);
        for row in 0..rows {
            self.measurements[0] += 1.0;
            let series = SeriesId::from_number(self.measurements[1 + 2 * row] as u16);
            self.collector.measure_buffered(series, self.measurements[2 + 2 * row]);
        }
        self.measurements[0] = 0.0;
        flags(self.collector.signal(), REQUESTS)
    }

    /// What was recorded with metrics of the program since the start.
    pub fn metrics(&self) -> JsValue {
        let all: Vec<_> = self.collector.metrics().collect();
        convert::object(&all.iter().map(SeriesView::new).collect::<Vec<_>>())
    }
}
