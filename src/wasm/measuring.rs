//! The metrics of the program. JavaScript writes numbers into a buffer in wasm memory; one call records up to 64.
//!
//! The buffer consists of 64-bit words, which are f64:
//!
//! | word | written by | meaning |
//! |---|---|---|
//! | 0 | engine | the number of rows that the current call has begun; JavaScript reads it after a trap |
//! | 1 + 2 n | JavaScript | row n: the id of a series |
//! | 2 + 2 n | JavaScript | row n: the number to record |

use super::convert::{self, View, flags};
use super::engine::{Engine, MEASUREMENTS};
use super::requests::REQUESTS;
use super::views::SeriesView;
use crate::engine::metrics::{MetricId, MetricKind, SeriesId};
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
impl Engine {
    /// The id of a metric of kind 0 counter, 1 gauge or 2 histogram. A string instead: why there is none.
    pub fn metric(&mut self, kind: u8, name: &str, unit: &str, description: &str) -> View {
        let kind = MetricKind::ALL[usize::from(kind) % MetricKind::ALL.len()];
        match self.collector.metric(kind, name, unit, description) {
            Ok(id) => Ok(id.number().into()),
            Err(error) => Ok(error.message().into()),
        }
    }

    /// The id of a series of a metric: the one with the attributes that were added for the next event. They are cleared.
    pub fn series(&mut self, metric: u16) -> u16 {
        let series = self.collector.series(MetricId::from_number(metric), &self.details.attributes);
        self.details.attributes.clear();
        series.number()
    }

    /// Records the first `count` rows of the buffer. Returns flags, as `convert::flags` documents.
    pub fn measure(&mut self, count: usize, now_ms: f64) -> u32 {
        if !self.has_entropy() {
            self.collector.refuse_measurements(count.min(MEASUREMENTS));
            return 0;
        }
        let (begun, rows) = self.measurements.split_at_mut(1);
        let rows = rows.as_chunks::<2>().0.iter().take(count).map(|[series, value]| {
            begun[0] += 1.0;
            (SeriesId::from_number(*series as u16), *value)
        });
        let signal = self.collector.measure_all(rows, now_ms);
        begun[0] = 0.0;
        flags(signal, REQUESTS)
    }

    /// What was recorded with metrics of the program since the start.
    pub fn metrics(&self) -> View {
        let all: Vec<_> = self.collector.metrics().collect();
        convert::object(&all.iter().map(SeriesView::new).collect::<Vec<_>>())
    }
}
