//! The RequestBuffer: requests that JavaScript writes into wasm memory as numbers, recorded by one call for up to 64.
//!
//! # Layout
//!
//! 64-bit words, numbers as f64 unless another form is named. First the head:
//!
//! | word | written by | meaning |
//! |---|---|---|
//! | 0 | engine | how many requests of the current call have begun: read from the memory of a dead instance |
//! | 1 | JavaScript | when the first request was written, in wall-clock ms |
//!
//! Then 8 words a request:
//!
//! | word | written by | meaning |
//! |---|---|---|
//! | 0 | JavaScript | start in wall-clock ms |
//! | 1 | JavaScript | duration in ms; NaN: unknown |
//! | 2 | JavaScript | packed, see below |
//! | 3 | engine | for a route given by text: the route id that the next request like it may bear; -1: none |
//! | 4 … 7 | engine | free for the rest of its answer: fate and p, trace id (two words), span id |
//!
//! The packed word is a whole number below 2⁵³:
//!
//! | bits | meaning |
//! |---|---|
//! | 0 … 15 | route id, if the length below is 0 |
//! | 16 … 31 | method id |
//! | 32 … 41 | response status; below 100: unknown |
//! | 42 | whether the text is a raw path, to be shown as its template |
//! | 43 … 52 | length of the route's text in bytes; 0: the route has an id |
//!
//! The texts stand in an area of their own, one after the other, in the order of their requests, as UTF-8.

use super::convert::nan_to_none;
use crate::engine::{Collector, Signal, StagedRequest, StagedRoute};

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

    /// Records the first `count` requests, whose texts are `text_bytes` long together.
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
        let signal = collector.record_staged(requests, answer, first_written_ms, now);
        for (row, answer) in rows.iter_mut().zip(answers) {
            row[ANSWER] = answer;
        }
        head[0] = 0.0;
        signal
    }
}

#[inline(always)]
fn decode<'a>([start, duration, packed, ..]: &[f64; ROW], text: &mut &'a str) -> StagedRequest<'a> {
    let packed = *packed as u64;
    StagedRequest {
        route: route(packed, text),
        method: (packed >> METHOD) as u16,
        status: Some((packed >> STATUS) as u16 & STATUS_MASK).filter(|status| *status >= 100),
        start: *start,
        duration: nan_to_none(*duration),
    }
}

#[inline(always)]
fn route<'a>(packed: u64, text: &mut &'a str) -> StagedRoute<'a> {
    let len = (packed >> LENGTH) as usize;
    if len == 0 {
        return StagedRoute::Known(packed as u16);
    }
    let (route, rest) = text.split_at_checked(len).unwrap_or_default();
    *text = rest;
    StagedRoute::New(route, packed >> IS_PATH & 1 == 1)
}

/// The most requests a call records.
pub(super) const REQUESTS: usize = 64;
const HEAD: usize = 2;
const ROW: usize = 8;
const ANSWER: usize = 3;
const NO_ANSWER: f64 = -1.0;
/// For the texts of that many requests: a longer one is recorded by a call of its own.
const TEXT_BYTES: usize = REQUESTS * 256;
/// Where the parts of the packed word begin, in bits.
const METHOD: u32 = 16;
const STATUS: u32 = 32;
const IS_PATH: u32 = 42;
const LENGTH: u32 = 43;
const STATUS_MASK: u16 = 1023;
