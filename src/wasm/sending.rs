//! Handing out batches, and the end of the engine.

use super::convert::{self, View, nan_to_none, outcome};
use super::engine::Engine;
use super::views::TransmitView;
use crate::engine::{Outcome, Round};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
impl Engine {
    /// Time passes. Returns the ms until the next tick. NaN: nothing waits.
    pub fn tick(&mut self, now_ms: f64) -> f64 {
        self.collector.tick(now_ms).unwrap_or(f64::NAN)
    }

    /// The ms until the next tick. NaN: nothing waits.
    #[wasm_bindgen(js_name = nextDeadline)]
    pub fn next_deadline(&mut self) -> f64 {
        self.collector.next_deadline().unwrap_or(f64::NAN)
    }

    /// The start of a round of sends, in two numbers: 0 the sequence number behind the newest record of the queue, 1 the number
    /// of events and observations that were begun.
    pub fn round(&self, number: usize) -> f64 {
        let Round { queue_end, begun } = self.collector.round();
        [queue_end as f64, begun][number % 2]
    }

    /// The next batch to send: `{ sink, lease, count, batchId, address, length }`. Undefined: there is none. Its bytes are at
    /// `address` until the next call.
    ///
    /// `queue_end` and `begun` are those of the start of the [round](Self::round): what was recorded later is not sent. NaN:
    /// all is sent.
    pub fn poll(&mut self, now_ms: f64, queue_end: f64, begun: f64) -> View {
        let round = Round {
            queue_end: nan_to_none(queue_end).map_or(Round::ALL.queue_end, |end| end as u64),
            begun: nan_to_none(begun).unwrap_or(Round::ALL.begun),
        };
        while let Some(transmit) = self.collector.poll_round(round, now_ms) {
            let batch = self.collector.batch(transmit);
            self.encoded.clear();
            self.encoders[transmit.sink].encode(&batch, &mut self.encoded);
            let limit = self.collector.config().sinks[transmit.sink].max_bytes;
            if limit.is_none_or(|max| self.encoded.len() <= max as usize) {
                return convert::object(&TransmitView {
                    sink: transmit.sink as u32,
                    lease: transmit.lease as f64,
                    count: batch.count() as u32,
                    batch_id: batch.id().as_str(),
                    address: self.encoded.as_ptr() as u32,
                    length: self.encoded.len() as u32,
                });
            }
            self.collector.settle(transmit.lease, Outcome::TooLarge, now_ms);
        }
        Ok(JsValue::UNDEFINED)
    }

    /// Settles a batch with an outcome and its value, as `convert::outcome` documents.
    pub fn settle(&mut self, lease: f64, outcome_code: u32, value: f64, now_ms: f64) {
        self.collector.settle(lease as u64, outcome(outcome_code, value), now_ms);
    }

    /// The ms until the sink with the index `sink` may be sent to: its backoff, or the next probe. NaN: it is shut down.
    #[wasm_bindgen(js_name = retryIn)]
    pub fn retry_in(&self, sink: usize) -> f64 {
        self.collector.retry_in(sink).unwrap_or(f64::NAN)
    }

    /// Makes all events that wait now due, until `deadline_ms` from now. NaN: the option `flushDeadlineMs`.
    pub fn flush(&mut self, deadline_ms: f64, now_ms: f64) {
        self.collector.flush(deadline_ms, now_ms);
    }

    /// Makes due what waits in sinks with an interval of their own that has passed since their last batch.
    #[wasm_bindgen(js_name = flushOverdue)]
    pub fn flush_overdue(&mut self, now_ms: f64) {
        self.collector.flush_overdue(now_ms);
    }

    /// Whether the flush in progress has events left that can be sent before its deadline.
    #[wasm_bindgen(js_name = isFlushing)]
    pub fn is_flushing(&mut self, now_ms: f64) -> bool {
        self.collector.is_flushing(now_ms)
    }

    /// Refuses all further events.
    pub fn close(&mut self, now_ms: f64) {
        self.collector.close(now_ms);
    }

    /// Ends closing: all events that still wait are dropped as `closed`.
    pub fn finish(&mut self) {
        self.collector.finish();
    }
}
