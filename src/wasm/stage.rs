//! The stage: requests that the host has written into our memory, and tells of many at once.

use super::convert::known;
use crate::engine::{Collector, Signal, StagedRequest, StagedRoute};

/// How many of the requests we have begun; when the first was written; our answer to each; then three numbers of each:
/// start; duration, NaN if unknown; route + 2¹⁶ method + 2³² status. A route without a number is told as 2⁴³ times the
/// length of its text, the next of all texts, and 2⁴² if it is a raw path: we answer the number that the next like it may
/// be told by, -1 if there is none.
pub(super) struct Stage {
    words: Box<[f64]>,
    texts: Box<[u8]>,
}

impl Stage {
    pub(super) fn new() -> Self {
        Self {
            words: vec![0.0; HEAD + REQUESTS * WORDS].into_boxed_slice(),
            texts: vec![0; BYTES].into_boxed_slice(),
        }
    }

    pub(super) fn words(&self) -> *const f64 {
        self.words.as_ptr()
    }

    pub(super) fn texts(&self) -> *const u8 {
        self.texts.as_ptr()
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
        let Self { words, texts } = self;
        let mut texts = str::from_utf8(texts.get(..text_bytes).unwrap_or_default()).unwrap_or_default();
        let (head, rows) = words.split_at_mut(HEAD);
        let (told, answers) = head.split_at_mut(TOLD);
        let rows = rows.as_chunks::<WORDS>().0.iter().take(count);
        let since = told[1];
        let requests = rows.map(|[start, duration, rest]| {
            // For a host that has to ask a dead instance.
            told[0] += 1.0;
            let rest = *rest as u64;
            StagedRequest {
                route: route(rest, &mut texts),
                method: (rest >> METHOD) as u16,
                status: Some((rest >> STATUS) as u16 & STATUS_MASK).filter(|status| *status >= 100),
                start: *start,
                duration: known(*duration),
            }
        });
        let answer = |at: usize, number: Option<u16>| answers[at] = number.map_or(-1.0, f64::from);
        collector.record_staged(requests, answer, since, now)
    }
}

#[inline(always)]
fn route<'a>(rest: u64, texts: &mut &'a str) -> StagedRoute<'a> {
    let len = (rest >> LENGTH) as usize;
    if len == 0 {
        return StagedRoute::Known(rest as u16);
    }
    let (text, others) = texts.split_at_checked(len).unwrap_or_default();
    *texts = others;
    StagedRoute::New(text, rest >> IS_PATH & 1 == 1)
}

/// Requests that the host writes before it tells.
pub(super) const REQUESTS: usize = 64;
const TOLD: usize = 2;
const HEAD: usize = TOLD + REQUESTS;
const WORDS: usize = 3;
/// For the texts of that many: a longer route is told by itself.
const BYTES: usize = REQUESTS * 256;
/// Where what the third number tells begins in it, in bits.
const METHOD: u32 = 16;
const STATUS: u32 = 32;
const IS_PATH: u32 = 42;
const LENGTH: u32 = 43;
const STATUS_MASK: u16 = 1023;
