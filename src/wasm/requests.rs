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
//! | 4 … 7 | engine | reserved for outcome and p, trace id (two words), span id |
//!
//! The packed word is an integer below 2⁵³:
//!
//! | bits | meaning |
//! |---|---|
//! | 0 … 15 | route id, if the length in bits 43 … 52 is 0 |
//! | 16 … 31 | method id |
//! | 32 … 41 | response status; below 100 is unknown |
//! | 42 | whether the text is a raw path, which is recorded as its template |
//! | 43 … 52 | length of the text in bytes; 0: the route has an id |
//!
//! The texts are in an area of their own, in UTF-8, one after the other in the order of their requests.

use super::convert::nan_to_none;
use crate::engine::{BufferedRequest, Collector, RouteRef, Signal};

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
        let (head, rows) = self.words.split_at_mut(HEAD);
        let rows = rows.as_chunks_mut::<ROW>().0;
        let first_written_ms = head[1];
        let mut answers = [NO_ANSWER; REQUESTS];
        let requests = rows.iter().take(count).map(|row| {
            head[0] += 1.0;
            decode(row, &mut text)
        });
        let answer = |at: usize, id: Option<u16>| answers[at] = id.map_or(-1.0, f64::from);
        let signal = collector.record_requests(requests, answer, first_written_ms, now);
        for (row, answer) in rows.iter_mut().zip(answers) {
            row[ANSWER] = answer;
        }
        head[0] = 0.0;
        signal
    }
}

#[inline(always)]
fn decode<'a>([start, duration, packed, ..]: &[f64; ROW], text: &mut &'a str) -> BufferedRequest<'a> {
    let packed = *packed as u64;
    BufferedRequest {
        route: route(packed, text),
        method: (packed >> METHOD) as u16,
        status: Some((packed >> STATUS) as u16 & STATUS_MASK).filter(|status| *status >= 100),
        start: *start,
        duration: nan_to_none(*duration),
    }
}

#[inline(always)]
fn route<'a>(packed: u64, text: &mut &'a str) -> RouteRef<'a> {
    let len = (packed >> LENGTH) as usize;
    if len == 0 {
        return RouteRef::Id(packed as u16);
    }
    let (route, rest) = text.split_at_checked(len).unwrap_or_default();
    *text = rest;
    if packed >> IS_PATH & 1 == 1 { RouteRef::Path(route) } else { RouteRef::Text(route) }
}

/// The most requests of one call.
pub(super) const REQUESTS: usize = 64;
const HEAD: usize = 2;
const ROW: usize = 8;
const ANSWER: usize = 3;
const NO_ANSWER: f64 = -1.0;
/// The bytes for the texts. A request whose text does not fit is recorded by a call of its own.
const TEXT_BYTES: usize = REQUESTS * 256;
/// The first bits of the parts of the packed word.
const METHOD: u32 = 16;
const STATUS: u32 = 32;
const IS_PATH: u32 = 42;
const LENGTH: u32 = 43;
const STATUS_MASK: u16 = 1023;
