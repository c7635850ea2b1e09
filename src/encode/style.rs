//! How a format writes ids and times.

use super::time::nanos;
use crate::engine::event::record::Record;
use crate::engine::text::{hex, number};

/// How a format writes ids and times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// Ids as bytes, times as 8 bytes of nanoseconds: OTLP in protobuf.
    Binary,
    /// Ids in hexadecimal, times as nanoseconds: OTLP in JSON.
    Nanoseconds,
    /// Ids in hexadecimal, the start in milliseconds, the duration as a number of any length: NDJSON.
    Milliseconds,
}

impl Style {
    /// The two times of `record`. `None`: one of them does not have the usual number of digits, so no template fits.
    ///
    /// They are start and end; with [`Style::Milliseconds`] both are the start.
    #[inline(always)]
    pub(super) fn times(self, record: &Record) -> Option<(u64, u64)> {
        let ms = record.start;
        // The years 2001 to 2286.
        let is_usual = (1e12..1e13).contains(&ms);
        if !is_usual {
            return None;
        }
        if self == Self::Milliseconds {
            let whole = ms as i64;
            return if whole as f64 == ms { Some((whole as u64, whole as u64)) } else { None };
        }
        let start = nanos(ms);
        let duration = if record.duration.is_nan() { 0 } else { nanos(record.duration) };
        let end = start.saturating_add(duration);
        if end < 10_000_000_000_000_000_000 { Some((start, end)) } else { None }
    }

    /// Writes a time to the start of `out`.
    #[inline(always)]
    pub(super) fn put_time(self, time: u64, out: &mut [u8]) {
        match self {
            Self::Binary => out[..8].copy_from_slice(&time.to_le_bytes()),
            Self::Nanoseconds => number::fill(time, &mut out[..19]),
            Self::Milliseconds => number::fill(time, &mut out[..13]),
        }
    }

    /// Writes an id to the start of `out`.
    #[inline(always)]
    pub(super) fn put_id<const N: usize>(self, id: &[u8; N], out: &mut [u8]) {
        match self {
            Self::Binary => out[..N].copy_from_slice(id),
            Self::Nanoseconds | Self::Milliseconds => hex::fill(id, &mut out[..2 * N]),
        }
    }
}
