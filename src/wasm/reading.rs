//! Reading counters, statistics and notices.

use super::convert::{self, View};
use super::engine::Engine;
use super::views::{CountersView, NoticeView, RowView};
use crate::encode::{self, prometheus};
use crate::engine::Totals;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
impl Engine {
    /// The number of events in the queue.
    #[wasm_bindgen(js_name = queueDepth)]
    pub fn queue_depth(&self) -> usize {
        self.collector.queue_depth()
    }

    /// A total over all sinks: 0 what was delivered, 1 what remains, 2 what was dropped. Each flush asks for them twice.
    pub fn total(&self, number: usize) -> f64 {
        let Totals { delivered, remaining, dropped } = self.collector.totals();
        [delivered, remaining, dropped][number % 3]
    }

    /// All counters.
    pub fn counters(&self) -> View {
        convert::object(&CountersView::new(&self.collector.counters()))
    }

    /// The statistics of the window.
    pub fn stats(&mut self, now_ms: f64) -> View {
        let mut stats = self.collector.stats(now_ms);
        stats.round();
        convert::object(&RowView::total(&stats))
    }

    /// All requests, or a series, over the window in steps of 15 s, as
    /// [`StatsStore::timeline`](super::StatsStore::timeline) has them.
    pub fn timeline(&mut self, now_ms: f64, series: Option<String>) -> Vec<f64> {
        convert::timeline(self.collector.timeline(series.as_deref().map(convert::series), now_ms))
    }

    /// Counts every request from now on: somebody reads the text of metrics.
    #[wasm_bindgen(js_name = countRequests)]
    pub fn count_requests(&mut self) {
        self.collector.count_requests();
    }

    /// The last exceptions, newest last, as JSON.
    pub fn exceptions(&self) -> String {
        let mut json = Vec::new();
        encode::exceptions(self.collector.exceptions(), &mut json);
        String::from_utf8(json).unwrap_or_default()
    }

    /// Counters, statistics, requests and metrics as Prometheus text, or as OpenMetrics. `per_isolate`: with a label
    /// `instance`.
    #[wasm_bindgen(js_name = metricsText)]
    pub fn metrics_text(
        &mut self,
        now_ms: f64,
        open_metrics: Option<bool>,
        per_isolate: Option<bool>,
    ) -> String {
        let mut text = Vec::new();
        let mut stats = self.collector.stats(now_ms);
        stats.round();
        let config = self.collector.config();
        prometheus::Scrape {
            counters: &self.collector.counters(),
            stats: &stats,
            requests: self.collector.request_totals(),
            series: &self.collector.metrics().collect::<Vec<_>>(),
            service: &config.service,
            resource: &config.resource,
            open_metrics: open_metrics == Some(true),
            instance: (per_isolate == Some(true)).then(|| self.collector.isolate()),
        }
        .encode(&mut text);
        String::from_utf8(text).unwrap_or_default()
    }

    /// The next notice, oldest first. Undefined: there is none.
    pub fn notice(&mut self) -> View {
        let notice = self.collector.poll_notice();
        notice.map_or(Ok(JsValue::UNDEFINED), |notice| convert::object(&NoticeView::new(&notice)))
    }

    /// Drops all notices, if there is no listener: as objects they would cost more than a batch does.
    #[wasm_bindgen(js_name = dropNotices)]
    pub fn drop_notices(&mut self) {
        while self.collector.poll_notice().is_some() {}
    }

    /// Continues from the ledger of an engine that trapped, with the same options.
    pub fn restore(&mut self, ledger: &[f64]) {
        self.collector.restore(ledger);
    }
}
