//! The fixed-size part of a queued event.

use super::kind::EventKind;
use super::names::{NameId, Names};
use super::trace::SpanIds;
use crate::engine::time::Millis;

/// One queued event. Names are ids; all values without a field here are in the payload bytes beside the record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record {
    pub ids: SpanIds,
    pub start: f64,
    /// NaN is unknown.
    pub duration: f64,
    /// The probability that an event with this outcome is recorded.
    pub p: f64,
    pub queued_at: Millis,
    pub payload_at: u32,
    pub payload_len: u16,
    pub name: NameId,
    pub error: NameId,
    /// REQ: the method. DB: the system.
    pub detail: NameId,
    /// REQ: the status, 0 is unknown; with [`IS_PATH`] if the name is the template of a raw path. EVT: the severity.
    pub status: u16,
    pub kind: EventKind,
    /// Whether the payload holds at most the name.
    pub is_whole_but_name: bool,
}

impl Record {
    /// Whether the record holds the whole event: there is no payload.
    #[inline(always)]
    pub(crate) fn is_whole(&self) -> bool {
        self.payload_len == 0
    }

    /// The shape of the record, with `name` in place of its own name.
    #[inline(always)]
    pub(crate) fn shape(&self, name: NameId) -> Shape {
        let has_parent = u8::from(u64::from_ne_bytes(self.ids.parent_id) != 0);
        let has_duration = u8::from(!self.duration.is_nan());
        let (name, error, detail) = (name.number(), self.error.number(), self.detail.number());
        Shape {
            texts: name | error << 16 | detail << 32 | u64::from(self.status) << 48,
            p: self.p.to_bits(),
            traits: self.kind as u8 | has_parent << 2 | has_duration << 3,
        }
    }

    /// Adds a reference to each of its names, for a copy of the record.
    #[inline(always)]
    pub(crate) fn retain(&self, names: &mut Names) {
        names.retain(self.name);
        names.retain(self.error);
        names.retain(self.detail);
    }

    /// Drops its references to names. The record must not be read afterwards.
    pub(crate) fn release(&self, names: &mut Names) {
        names.release(self.name);
        names.release(self.error);
        names.release(self.detail);
    }
}

/// In the status of a record: the name is the template of a raw path.
pub(crate) const IS_PATH: u16 = 1 << 15;

/// All of a record but its ids and times. Records of one shape are encoded alike.
///
/// Two shapes are comparable as long as [`Names::renamings`] stays the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Bits 0 … 47: the ids of name, error and detail; 48 … 63: the status.
    texts: u64,
    p: u64,
    /// Bits 0, 1: the kind; 2: there is a parent; 3: the duration is known.
    traits: u8,
}

impl Shape {
    #[inline(always)]
    pub(crate) fn has_parent(&self) -> bool {
        self.traits & 1 << 2 != 0
    }

    #[inline(always)]
    pub(crate) fn has_duration(&self) -> bool {
        self.traits & 1 << 3 != 0
    }

    /// A hash whose upper half spreads well.
    #[inline(always)]
    pub(crate) fn hash(&self) -> u64 {
        (self.texts ^ self.p.rotate_left(7)).wrapping_mul(0x9E37_79B9_7F4A_7C15)
    }
}

const _: () = assert!(size_of::<Record>() <= 80, "a record must fit 80 bytes");
