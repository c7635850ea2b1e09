//! A batch handed out, as encoders see it.

use crate::engine::batch_id::BatchId;
use crate::engine::config::Service;
use crate::engine::delivery::Content;
use crate::engine::event::names::Names;
use crate::engine::event::{EventView, Record, payload};
use crate::engine::ledger::Counters;
use crate::engine::stats::metrics::Point;

/// A batch handed out, to be encoded.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    /// The counters as they were when the batch was cut: with this sink's alone, of a metrics sink with all.
    pub counters: &'a Counters,
    /// Who is measured.
    pub service: &'a Service,
    /// Where it runs: attributes by key, as the host has told them.
    pub resource: &'a [(String, String)],
    /// When the batch was cut, in wall-clock ms.
    pub at: f64,
    /// Since when the counters count, in wall-clock ms; 0: not known, for nothing was measured.
    pub since: f64,
    /// The isolate's random id: 16 hexadecimal digits.
    pub isolate: &'a str,
    /// The batch's number within its sink, from 1.
    pub sequence: u64,
    pub(super) sink: usize,
    pub(super) count: usize,
    pub(super) content: Content<'a>,
    pub(super) names: &'a Names,
}

impl<'a> Batch<'a> {
    /// The batch's id: the same for each send of the same events.
    #[must_use]
    pub fn id(&self) -> BatchId {
        BatchId::new(self.isolate, self.sink, self.sequence)
    }

    /// How many events, or observations, it holds.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// The events, oldest first; of a metrics sink none.
    pub fn events(&self) -> impl Iterator<Item = EventView<'a>> + use<'a> {
        let batch = *self;
        self.records().iter().map(move |record| batch.read(record))
    }

    /// The events as they lie in the batch, to be [read](Self::read).
    pub(crate) fn records(&self) -> &'a [Record] {
        match self.content {
            Content::Records { records, .. } => records,
            Content::Metrics { .. } => &[],
        }
    }

    /// One of [`records`](Self::records), decoded.
    pub(crate) fn read(&self, record: &Record) -> EventView<'a> {
        EventView::read(record, self.payload(record), self.names)
    }

    /// The name of one of [`records`](Self::records), as bytes, if there is no more to it than the record holds.
    pub(crate) fn only_name(&self, record: &Record) -> Option<&'a [u8]> {
        if !record.is_whole_but_name {
            return None;
        }
        Some(match record.is_whole() {
            true => self.names.text(record.name).as_bytes(),
            false => payload::only_name(self.payload(record)),
        })
    }

    fn payload(&self, record: &Record) -> &'a [u8] {
        let at = record.payload_at as usize;
        match self.content {
            Content::Records { payload, .. } => &payload[at..at + usize::from(record.payload_len)],
            Content::Metrics { .. } => &[],
        }
    }

    /// What the ids of names mean has changed when this has.
    pub(crate) fn renamings(&self) -> u64 {
        self.names.renamings()
    }

    /// What a metrics sink has measured; `None` of all others.
    #[must_use]
    pub fn metrics(&self) -> Option<Measured<'a>> {
        match self.content {
            Content::Metrics { points, interval: (start, end) } => Some(Measured { points, start, end }),
            Content::Records { .. } => None,
        }
    }
}

/// The measurements of one interval.
#[derive(Clone, Copy, Debug)]
pub struct Measured<'a> {
    /// One point an attribute set.
    pub points: &'a [Point],
    /// When the interval began, in wall-clock ms: the end of the one before.
    pub start: f64,
    /// When it ended.
    pub end: f64,
}
