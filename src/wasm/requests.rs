//! The RequestBuffer: JavaScript writes requests into wasm memory as numbers. One call records up to 64.
//!
//! # Layout
//!
//! The buffer consists of 64-bit words, which are f64. It begins with the head:
//!
//! | word | written by | meaning |
//! |---|---|---|
//! | 0 | engine | the number of requests that the current call has begun; JavaScript reads it after a trap |
//! | 1 | JavaScript | when the first request was written, in wall-clock ms |
//!
//! 8 words for each request follow:
//!
//! | word | written by | meaning |
//! |---|---|---|
//! | 0 | JavaScript | start in wall-clock ms |
//! | 1 | JavaScript | duration in ms; NaN is unknown |
//! | 2 | JavaScript | packed, see below |
//! | 3 | engine | if the route came by text: the route id for the next request with that text; -1: none |
//! | 4 | engine | what became of the request: p if it is recorded, 0 sampled out, -1 excluded, -2 refused |
//! | 5, 6 | engine | its trace id, 16 bytes |
//! | 7 | engine | its span id, 8 bytes; 0: it is not recorded |
//!
//! The first row has also the answer to a request that was recorded by a call of its own. And JavaScript writes the
//! answer of a request that is over there, before it records a late event of that request.
//!
//! The packed word is an integer below 2⁵³:
//!
//! | bits | meaning |
//! |---|---|
//! | 0 … 15 | route id, if the length in bits 43 … 52 is 0 |
//! | 16 … 31 | method id |
//! | 32 … 41 | response status; below 100 is unknown |
//! | 42 | whether the id or the text is that of a raw path, which is recorded as its template |
//! | 43 … 52 | length of the text in bytes; 0: the route has an id |
//!
//! The texts are in an area of their own, in UTF-8, one after the other in the order of their requests.

use super::convert::nan_to_none;
use crate::engine::requests::{Fate, RequestAnswer};
use crate::engine::{BufferedRequest, Collector, RouteRef, Signal};
use std::cell::Cell;

/// The buffer. Neither part ever moves.
pub(super) struct RequestBuffer {
    words: Box<[f64]>,
    text: Box<[u8]>,
}

impl RequestBuffer {
    pub(super) fn new() -> Self {
        Self {
            words: vec![0.0; HEAD + REQUESTS * ROW].into_boxed_slice(),
            text: vec![0; TEXT_BYTES].into_boxed_slice(),
        }
    }

    pub(super) fn words_ptr(&self) -> *const f64 {
        self.words.as_ptr()
    }

    pub(super) fn text_ptr(&self) -> *const u8 {
        self.text.as_ptr()
    }

    /// Records the first `count` requests, whose texts have `text_bytes` bytes in all.
    #[inline(always)]
    pub(super) fn record(
        &mut self,
        count: usize,
        text_bytes: usize,
        collector: &mut Collector,
        now: f64,
    ) -> Signal {
        let text = self.text.get(..text_bytes).unwrap_or_default();
        let mut text = str::from_utf8(text).unwrap_or_default();
        let words = Cell::from_mut(&mut *self.words).as_slice_of_cells();
        let (head, rows) = words.split_at(HEAD);
        let rows = rows.as_chunks::<ROW>().0;
        let first_written_ms = head[1].get();
        let requests = rows.iter().take(count).map(|row| {
            head[0].update(|begun| begun + 1.0);
            decode(row, &mut text)
        });
        let answer = |at: usize, id: Option<u16>, became: &RequestAnswer| {
            let row: &[Cell<f64>; ROW] = &rows[at];
            row[ROUTE_ID].set(id.map_or(-1.0, f64::from));
            write(row, became);
        };
        let signal = collector.record_requests(requests, answer, first_written_ms, now);
        head[0].set(0.0);
        signal
    }

    /// Writes the answer to a request that was recorded by a call of its own.
    pub(super) fn set_answer(&mut self, answer: &RequestAnswer) {
        let words = Cell::from_mut(&mut *self.words).as_slice_of_cells();
        if let Some(row) = words[HEAD..].first_chunk() {
            write(row, answer);
        }
    }

    /// Runs `work` on the answer that JavaScript has written, which it may change.
    pub(super) fn update_answer<T>(&mut self, work: impl FnOnce(&mut RequestAnswer) -> T) -> T {
        let mut answer = self.answer();
        let result = work(&mut answer);
        self.set_answer(&answer);
        result
    }

    /// The answer that JavaScript has written.
    fn answer(&self) -> RequestAnswer {
        let row = &self.words[HEAD..];
        let [first, second, span_id] = [row[5], row[6], row[7]].map(|word| word.to_bits().to_ne_bytes());
        let mut trace_id = [0; 16];
        trace_id[..8].copy_from_slice(&first);
        trace_id[8..].copy_from_slice(&second);
        RequestAnswer { fate: Fate::from_number(row[BECAME]), trace_id, span_id }
    }
}

/// Ids are bytes: as numbers they are never read.
#[inline(always)]
fn write(row: &[Cell<f64>; ROW], RequestAnswer { fate, trace_id, span_id }: &RequestAnswer) {
    let bits = |bytes: [u8; 8]| f64::from_bits(u64::from_ne_bytes(bytes));
    let (halves, _) = trace_id.as_chunks::<8>();
    row[BECAME].set(fate.to_number());
    row[5].set(bits(halves[0]));
    row[6].set(bits(halves[1]));
    row[7].set(bits(*span_id));
}

#[inline(always)]
fn decode<'a>(row: &[Cell<f64>; ROW], text: &mut &'a str) -> BufferedRequest<'a> {
    let [start, duration, packed] = [row[0].get(), row[1].get(), row[2].get()];
    let packed = packed as u64;
    BufferedRequest {
        route: route(packed, text),
        method: (packed >> METHOD) as u16,
        status: Some((packed >> STATUS) as u16 & STATUS_MASK).filter(|status| *status >= 100),
        start,
        duration: nan_to_none(duration),
    }
}

#[inline(always)]
fn route<'a>(packed: u64, text: &mut &'a str) -> RouteRef<'a> {
    let len = (packed >> LENGTH) as usize;
    let is_path = packed >> IS_PATH & 1 == 1;
    if len == 0 {
        let id = packed as u16;
        return if is_path { RouteRef::PathId(id) } else { RouteRef::Id(id) };
    }
    let (route, rest) = text.split_at_checked(len).unwrap_or_default();
    *text = rest;
    if is_path { RouteRef::Path(route) } else { RouteRef::Text(route) }
}

/// The most requests of one call.
pub(super) const REQUESTS: usize = 64;
const HEAD: usize = 2;
const ROW: usize = 8;
const ROUTE_ID: usize = 3;
const BECAME: usize = 4;
/// The bytes for the texts. A request whose text does not fit is recorded by a call of its own.
const TEXT_BYTES: usize = REQUESTS * 256;
/// The first bits of the parts of the packed word.
const METHOD: u32 = 16;
const STATUS: u32 = 32;
const IS_PATH: u32 = 42;
const LENGTH: u32 = 43;
const STATUS_MASK: u16 = 1023;
