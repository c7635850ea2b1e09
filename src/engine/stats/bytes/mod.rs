//! The binary form, version 3.
//!
//! Numbers are little-endian; a varint has 7 bits per byte, the lowest first. The form is a header, its rows, and a
//! checksum. A row is followed by its slots and its rows read and written, a slot by its entries.
//!
//! | part | field | type | meaning |
//! |---|---|---|---|
//! | header | magic | 4 bytes | `TGS` and the version, 3 |
//! | | window, now, first | f64 | ms; `first` is infinite if nothing was recorded |
//! | | refused | varint | refused events |
//! | | seconds | 60 varints | requests of each second, newest last |
//! | | rows | varint | the number of rows |
//! | row | kind | u8 | 0 all requests, 1 REQ, 2 FN, 3 DB, 4 `_OTHER` |
//! | | name | varint length, UTF-8 | |
//! | | slots | u8 | the number of slots |
//! | slot | age | u8 | in slots; the oldest slot is the first |
//! | | count, errors | varint | |
//! | | sum, max | f64 | ms; `max` is -1 if no duration is known |
//! | | shift | u8 | the scale of the buckets is 6 - shift |
//! | | entries | varint | the number of entries |
//! | entry | gap | varint | the number of empty buckets before this one |
//! | | count | varint | the durations in this bucket |
//! | usage | slots | u8 | the number of slots with rows read and written; 0 if the driver does not say them |
//! | | age | u8 | of each of them |
//! | | read, written | varint | |
//! | end | checksum | u32 | the CRC-32 of all bytes before it |

mod checksum;

use super::bucket::{BUCKETS, MAX_SHIFT};
use super::series::NAME_BYTES;
use super::slot::Slot;
use super::usage::Rows;
use super::window::{LATEST_MS, SHOWN, SLOTS};
use checksum::crc32;

/// The header of a form.
pub(super) struct Header {
    pub(super) window_ms: f64,
    pub(super) now: f64,
    /// When the first event was recorded; infinite if there was none.
    pub(super) first: f64,
    pub(super) refused: u64,
    pub(super) seconds: [u32; SHOWN],
    pub(super) rows: u64,
}

/// The part of a row before its slots.
pub(super) struct RowHeader<'a> {
    pub(super) kind: u8,
    pub(super) name: &'a str,
    pub(super) slots: u8,
}

/// The part of a slot before its entries. The entries have scale `6 - shift`.
pub(super) struct SlotForm {
    pub(super) age: u8,
    pub(super) slot: Slot,
    pub(super) shift: u8,
    pub(super) entries: u64,
}

/// The entries of a slot: used buckets and their counts. They must be read to the end, since the next slot follows them.
pub(super) struct Entries<'r, 'a> {
    reader: &'r mut Reader<'a>,
    left: u64,
    expected: usize,
}

/// Reads a form. Every method returns `None` if the bytes are not valid.
#[derive(Clone)]
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// A reader of the form before its checksum. `None`: the checksum is another one.
    pub(super) fn new(bytes: &'a [u8]) -> Option<Self> {
        let (form, checksum) = bytes.split_last_chunk()?;
        (crc32(form) == u32::from_le_bytes(*checksum)).then_some(Self(form))
    }

    pub(super) fn header(&mut self) -> Option<Header> {
        if self.take(4)? != MAGIC {
            return None;
        }
        let (window_ms, now, first, refused) = (self.f64()?, self.f64()?, self.f64()?, self.varint()?);
        let mut seconds = [0; SHOWN];
        for second in &mut seconds {
            *second = self.u32()?;
        }
        let is_sane = (0.0..=LATEST_MS).contains(&now) && (first == f64::INFINITY || first <= now);
        let header = Header { window_ms, now, first, refused, seconds, rows: self.varint()? };
        (is_sane && first >= -LATEST_MS).then_some(header)
    }

    pub(super) fn row(&mut self) -> Option<RowHeader<'a>> {
        let kind = self.u8()?;
        let length = usize::try_from(self.varint()?).ok().filter(|length| *length <= NAME_BYTES)?;
        let name = std::str::from_utf8(self.take(length)?).ok()?;
        let slots = self.u8()?;
        (kind <= KIND_MAX && usize::from(slots) <= SLOTS).then_some(RowHeader { kind, name, slots })
    }

    pub(super) fn slot(&mut self) -> Option<SlotForm> {
        let (age, count, errors) = (self.u8()?, self.u32()?, self.u32()?);
        let (sum, max, shift) = (self.f64()?, self.f64()?, self.u8()?);
        let slot = Slot::from_figures(count, errors, sum, max);
        let is_sane = usize::from(age) < SLOTS && errors <= count && shift <= MAX_SHIFT;
        is_sane.then_some(SlotForm { age, slot, shift, entries: self.varint()? })
    }

    /// The entries of the slot that was read last.
    pub(super) fn entries(&mut self, form: &SlotForm) -> Entries<'_, 'a> {
        Entries { reader: self, left: form.entries, expected: 0 }
    }

    /// The usage of the row whose slots have been read.
    pub(super) fn usage(&mut self, mut each: impl FnMut(u8, Rows)) -> Option<()> {
        for _ in 0..self.u8()? {
            let (age, read, written) = (self.u8()?, self.varint()?, self.varint()?);
            if usize::from(age) >= SLOTS {
                return None;
            }
            each(age, [read as f64, written as f64]);
        }
        Some(())
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.0.is_empty()
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn u8(&mut self) -> Option<u8> {
        self.take(1).map(|byte| byte[0])
    }

    fn f64(&mut self) -> Option<f64> {
        Some(f64::from_le_bytes(self.take(8)?.try_into().ok()?))
    }

    fn u32(&mut self) -> Option<u32> {
        self.varint()?.try_into().ok()
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for (at, byte) in self.0.iter().enumerate().take(9) {
            value |= u64::from(byte & 127) << (7 * at);
            if *byte < 128 {
                self.0 = &self.0[at + 1..];
                return Some(value);
            }
        }
        None
    }
}

impl SlotForm {
    /// Whether the entries are complete, agree with the slot, and fit a histogram.
    pub(super) fn agrees_with(&self, mut entries: Entries<'_, '_>) -> bool {
        let Slot { sum, max, count, .. } = self.slot;
        let mut known = 0;
        for (bucket, n) in &mut entries {
            known += u64::from(n);
            if n == 0 || bucket > (BUCKETS - 1) >> self.shift || known > u64::from(count) {
                return false;
            }
        }
        let is_sane = if known > 0 {
            (0.0..=f64::MAX).contains(&max) && sum.is_finite() && max <= sum * SLACK
        } else {
            max == -1.0 && sum == 0.0
        };
        is_sane && entries.left == 0
    }
}

impl Iterator for Entries<'_, '_> {
    type Item = (usize, u32);

    fn next(&mut self) -> Option<Self::Item> {
        let left = self.left.checked_sub(1)?;
        // A larger gap would leave the buckets anyway.
        let bucket = self.expected + (self.reader.u32()? as usize).min(BUCKETS);
        self.expected = bucket + 1;
        let count = self.reader.u32()?;
        self.left = left;
        Some((bucket, count))
    }
}

/// Appends a form to a buffer.
pub(super) struct Writer<'a> {
    out: &'a mut Vec<u8>,
    /// Where the form begins.
    start: usize,
}

impl<'a> Writer<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>) -> Self {
        let start = out.len();
        Self { out, start }
    }

    /// Appends the checksum.
    pub(super) fn finish(self) {
        append_checksum(self.out, self.start);
    }

    pub(super) fn header(&mut self, header: &Header) {
        self.out.extend(MAGIC);
        [header.window_ms, header.now, header.first].iter().for_each(|ms| self.f64(*ms));
        self.varint(header.refused.min(i64::MAX as u64));
        header.seconds.iter().for_each(|count| self.varint(u64::from(*count)));
        self.varint(header.rows);
    }

    pub(super) fn row(&mut self, row: &RowHeader<'_>) {
        self.out.push(row.kind);
        self.varint(row.name.len() as u64);
        self.out.extend(row.name.as_bytes());
        self.out.push(row.slots);
    }

    pub(super) fn slot(
        &mut self,
        age: usize,
        slot: &Slot,
        shift: u8,
        entries: impl Iterator<Item = (usize, u32)> + Clone,
    ) {
        self.out.push(age as u8);
        self.varint(u64::from(slot.count));
        self.varint(u64::from(slot.errors));
        self.f64(slot.sum_ms());
        self.f64(slot.max);
        self.out.push(shift);
        self.varint(entries.clone().count() as u64);
        let mut expected = 0;
        for (bucket, count) in entries {
            self.varint((bucket - expected) as u64);
            self.varint(u64::from(count));
            expected = bucket + 1;
        }
    }

    /// Ends a row. `usage` are the rows read and written of its slots, by age.
    pub(super) fn usage(&mut self, usage: &[(usize, Rows)]) {
        self.out.push(usage.len() as u8);
        for (age, rows) in usage {
            self.out.push(*age as u8);
            rows.iter().for_each(|sum| self.varint(sum.min(MAX_ROWS) as u64));
        }
    }

    fn f64(&mut self, value: f64) {
        self.out.extend(value.to_le_bytes());
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 128 {
            self.out.push(value as u8 | 128);
            value >>= 7;
        }
        self.out.push(value as u8);
    }
}

/// Appends the checksum of the form that begins at `start`.
pub(super) fn append_checksum(out: &mut Vec<u8>, start: usize) {
    let checksum = crc32(&out[start..]);
    out.extend(checksum.to_le_bytes());
}

/// The kind of the row of all requests. The kinds of series follow.
pub(super) const KIND_TOTAL: u8 = 0;

/// The kind of `_OTHER`.
pub(super) const KIND_MAX: u8 = 4;

/// The first bytes of a form, with its version.
const MAGIC: [u8; 4] = *b"TGS\x03";

/// The most rows that a varint of nine bytes has.
const MAX_ROWS: f64 = 9.2e18;

/// A sum is smaller than the longest duration only by rounding.
const SLACK: f64 = 1.0 + 1e-9;
