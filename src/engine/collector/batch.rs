//! A batch handed out, as encoders see it.

use crate::engine::batch_id::BatchId;
use crate::engine::config::Service;
use crate::engine::event::names::Names;
use crate::engine::event::{EventView, Record};
use crate::engine::ledger::Counters;

/// A batch handed out, to be encoded.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    /// The counters as they were when the batch was cut, with this sink's alone.
    pub counters: &'a Counters,
    /// Who is measured.
    pub service: &'a Service,
    /// The isolate's random id: 16 hexadecimal digits.
    pub isolate: &'a str,
    /// The batch's number within its sink, from 1.
    pub sequence: u64,
    pub(super) sink: usize,
    pub(super) records: &'a [Record],
    pub(super) payload: &'a [u8],
    pub(super) names: &'a Names,
}

impl<'a> Batch<'a> {
    /// The batch's id: the same for each send of the same events.
    #[must_use]
    pub fn id(&self) -> BatchId {
        BatchId::new(self.isolate, self.sink, self.sequence)
    }

    /// How many events it holds.
    #[must_use]
    pub fn count(&self) -> usize {
        self.records.len()
    }

    /// The events, oldest first.
    pub fn events(&self) -> impl Iterator<Item = EventView<'a>> + use<'a> {
        let Self { records, payload, names, .. } = *self;
        records.iter().map(move |record| {
            let at = record.payload_at as usize;
            EventView::read(record, &payload[at..at + usize::from(record.payload_len)], names)
        })
    }
}
