//! A leased batch as an encoder reads it.

use crate::engine::batch_id::BatchId;
use crate::engine::config::Service;
use crate::engine::delivery::{Measurements, PayloadRef, Sending};
use crate::engine::event::names::Names;
use crate::engine::event::record::Record;
use crate::engine::event::{EventView, payload};
use crate::engine::exceptions::RecentException;
use crate::engine::ledger::Counters;
use crate::engine::metrics::{Point, Registry, SeriesView};
use std::fmt;

/// A batch to send. Settle it with its lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transmit {
    /// The lease of the batch.
    pub lease: u64,
    /// The index of the sink.
    pub sink: usize,
}

/// A leased batch. [`Encoder::encode`](crate::encode::Encoder::encode) writes it.
#[derive(Clone, Debug)]
pub struct Batch<'a> {
    /// The counters when the batch was cut. They hold this sink only; for a metrics sink, all sinks.
    pub counters: &'a Counters,
    /// The service that is measured.
    pub service: &'a Service,
    /// OpenTelemetry resource attributes of the host.
    pub resource: &'a [(String, String)],
    /// The HTTP methods that are known, separated by commas.
    pub methods: &'a str,
    /// When the batch was cut, in wall-clock ms.
    pub at: f64,
    /// When something was first measured, in wall-clock ms; 0 if nothing was.
    pub since: f64,
    /// The random id of the isolate: 16 hexadecimal digits.
    pub isolate: &'a str,
    /// The sequence number of the batch in its sink, from 1 on.
    pub sequence: u64,
    pub(super) sink: usize,
    pub(super) count: usize,
    pub(super) payload: PayloadRef<'a>,
    pub(super) names: &'a Names,
    pub(super) registry: &'a Registry,
}

/// The measurements of one interval.
#[derive(Clone)]
pub struct Measured<'a> {
    /// One point for each attribute set of a duration.
    pub points: &'a [Point],
    /// The start of the interval in wall-clock ms: the end of the one before, or with cumulative temporality the start of
    /// the first one.
    pub start: f64,
    /// The end of the interval in wall-clock ms.
    pub end: f64,
    /// Whether the measurements are those since the start, and not those of the interval.
    pub is_cumulative: bool,
    of: Measurements<'a>,
    registry: &'a Registry,
}

impl<'a> Measured<'a> {
    /// The series of the program's metrics.
    pub fn series(&self) -> impl Iterator<Item = SeriesView<'a>> + Clone + use<'a> {
        let (_, series) = self.of.accumulator.split(self.of.items.clone());
        self.of.accumulator.values.views(series, self.registry)
    }
}

/// What a sink of statistics sends beside measurements, of one interval.
#[derive(Clone, Copy, Debug)]
pub struct SummaryView<'a> {
    /// The start of the interval in wall-clock ms: the end of the one before.
    pub start: f64,
    /// The end of the interval in wall-clock ms.
    pub end: f64,
    /// The statistics, for [`StatsStore::merge`](crate::engine::stats::StatsStore::merge).
    pub statistics: &'a [u8],
    /// The exceptions, newest last, at most 20.
    pub exceptions: &'a [RecentException],
}

impl fmt::Debug for Measured<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { points, start, end, is_cumulative, .. } = self;
        let series: Vec<_> = self.series().collect();
        f.debug_tuple("Measured").field(&(points, series, start, end, is_cumulative)).finish()
    }
}

impl<'a> Batch<'a> {
    /// The id of the batch. Every send of the same events has the same id.
    #[must_use]
    pub fn id(&self) -> BatchId {
        BatchId::new(self.isolate, self.sink, self.sequence)
    }

    /// The number of events, or observations, in the batch.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// The events, oldest first. The batch of a metrics sink has none.
    pub fn events(&self) -> impl Iterator<Item = EventView<'a>> + use<'a> {
        let batch = self.clone();
        self.records().iter().map(move |record| batch.read(record))
    }

    /// The measurements of a metrics sink. `None` for any other sink.
    #[must_use]
    pub fn metrics(&self) -> Option<Measured<'a>> {
        let PayloadRef::Metrics(of) = &self.payload else { return None };
        let (points, _) = of.accumulator.split(of.items.clone());
        let ((start, end), is_cumulative) = (of.interval, of.is_cumulative);
        let points = &of.accumulator.durations.points()[points];
        Some(Measured { points, start, end, is_cumulative, of: of.clone(), registry: self.registry })
    }

    /// What a sink of statistics sends beside measurements. `None` for any other sink.
    #[must_use]
    pub fn summary(&self) -> Option<SummaryView<'a>> {
        let PayloadRef::Metrics(Measurements { summary: Some(sending), interval, .. }) = &self.payload else {
            return None;
        };
        let (start, end) = *interval;
        let Sending { statistics, exceptions, .. } = sending;
        Some(SummaryView { start, end, statistics, exceptions })
    }

    /// The records of the batch. [`read`](Self::read) decodes one.
    pub(crate) fn records(&self) -> &'a [Record] {
        match self.payload {
            PayloadRef::Records { records, .. } => records,
            PayloadRef::Metrics(_) => &[],
        }
    }

    /// Decodes one of [`records`](Self::records).
    pub(crate) fn read(&self, record: &Record) -> EventView<'a> {
        EventView::read(record, self.payload_of(record), self.names, self.methods)
    }

    /// The name of one of [`records`](Self::records) in UTF-8, if its payload holds nothing else.
    pub(crate) fn only_name(&self, record: &Record) -> Option<&'a [u8]> {
        if !record.is_whole_but_name {
            return None;
        }
        Some(match record.is_whole() {
            true => self.names.text(record.name).as_bytes(),
            false => payload::only_name(self.payload_of(record)),
        })
    }

    /// How often an id of a name was given to another name.
    pub(crate) fn renamings(&self) -> u64 {
        self.names.renamings()
    }

    fn payload_of(&self, record: &Record) -> &'a [u8] {
        let at = record.payload_at as usize;
        match self.payload {
            PayloadRef::Records { bytes, .. } => &bytes[at..at + usize::from(record.payload_len)],
            PayloadRef::Metrics(_) => &[],
        }
    }
}
