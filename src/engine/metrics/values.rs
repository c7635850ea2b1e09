//! What was recorded of the program's metrics, by series.

use super::exponential::Exponential;
use super::registry::{Metric, MetricKind, OVERFLOW, Registry, SeriesId};
use crate::engine::event::{Value, attributes};
use std::ops::Range;

/// The value of a series.
#[derive(Clone, Copy, Debug)]
pub enum MetricValue<'a> {
    /// The sum of a counter, or the last number of a gauge.
    Number(f64),
    /// The numbers of a histogram.
    Histogram(&'a Exponential),
}

/// A series as an encoder reads it.
#[derive(Clone, Copy, Debug)]
pub struct SeriesView<'a> {
    /// The metric.
    pub metric: &'a Metric,
    /// Whether this is the overflow set: it counts all attribute sets beyond the limit.
    pub is_overflow: bool,
    /// The value.
    pub value: MetricValue<'a>,
    pub(crate) metric_index: usize,
    attributes: &'a [u8],
}

/// The value of each series that was recorded, in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct Values {
    cells: Vec<Cell>,
    /// The index of each series' cell.
    by_series: Vec<u16>,
    /// The histograms. The first `used` are in use, the others keep their memory.
    histograms: Vec<Exponential>,
    used: usize,
}

#[derive(Clone, Copy, Debug)]
struct Cell {
    series: SeriesId,
    /// The index of its histogram; [`NONE`]: it has none.
    histogram: u16,
    number: f64,
    /// The observations that no batch has taken yet.
    fresh: u64,
}

impl<'a> SeriesView<'a> {
    /// The attributes, in the order of their keys. The overflow set has [`OVERFLOW`] alone.
    pub fn attributes(&self) -> impl Iterator<Item = (&'a str, Value<'a>)> + use<'a> {
        let overflow = self.is_overflow.then_some((OVERFLOW, Value::Flag(true)));
        overflow.into_iter().chain(attributes::iter(self.attributes))
    }
}

impl Values {
    /// Records a number that the metric of the series takes.
    pub(crate) fn record(&mut self, series: SeriesId, kind: MetricKind, value: f64) {
        let at = self.cell_of(series, kind);
        let cell = &mut self.cells[at];
        cell.fresh += 1;
        match kind {
            MetricKind::Counter => cell.number = (cell.number + value).min(f64::MAX),
            MetricKind::Gauge => cell.number = value,
            MetricKind::Histogram => self.histograms[usize::from(cell.histogram)].record(value),
        }
    }

    /// The number of series.
    pub(crate) fn len(&self) -> usize {
        self.cells.len()
    }

    /// The observations of the series in `range` that no batch has taken yet.
    pub(crate) fn fresh(&self, range: Range<usize>) -> u64 {
        self.cells[range].iter().map(|cell| cell.fresh).sum()
    }

    /// The series in `range`.
    pub(crate) fn views<'a>(
        &'a self,
        range: Range<usize>,
        registry: &'a Registry,
    ) -> impl Iterator<Item = SeriesView<'a>> + Clone {
        self.cells[range].iter().filter_map(|cell| {
            let metric_index = registry.metric_of(cell.series)?;
            let value = match self.histograms.get(usize::from(cell.histogram)) {
                Some(histogram) => MetricValue::Histogram(histogram),
                None => MetricValue::Number(cell.number),
            };
            Some(SeriesView {
                metric: registry.metrics().get(metric_index)?,
                is_overflow: cell.series.is_overflow(),
                value,
                metric_index,
                attributes: registry.attributes(cell.series),
            })
        })
    }

    /// Removes all series from index `keep` on. Nothing is recorded afterwards.
    pub(crate) fn truncate(&mut self, keep: usize) {
        self.cells.truncate(keep);
    }

    /// Removes all series and keeps the memory.
    pub(crate) fn clear(&mut self) {
        for cell in self.cells.drain(..) {
            // A copy has no index.
            if let Some(at) = self.by_series.get_mut(cell.series.index()) {
                *at = NONE;
            }
        }
        self.used = 0;
    }

    /// Makes this a copy of `other`, and moves the observations that no batch has taken here.
    pub(crate) fn take(&mut self, other: &mut Self) {
        self.cells.clone_from(&other.cells);
        other.cells.iter_mut().for_each(|cell| cell.fresh = 0);
        for (at, histogram) in other.histograms[..other.used].iter().enumerate() {
            if at == self.histograms.len() {
                self.histograms.reserve_exact(STEP);
                self.histograms.push(Exponential::new());
            }
            self.histograms[at].copy_from(histogram);
        }
        self.used = other.used;
    }

    /// Moves the observations of the series in `range` back to `other`, from which they were taken. Returns their number.
    pub(crate) fn give_back(&mut self, range: Range<usize>, other: &mut Self) -> u64 {
        let fresh = self.fresh(range.clone());
        for (mine, theirs) in self.cells[range.clone()].iter_mut().zip(&mut other.cells[range]) {
            theirs.fresh += std::mem::take(&mut mine.fresh);
        }
        fresh
    }

    fn cell_of(&mut self, series: SeriesId, kind: MetricKind) -> usize {
        let known = self.by_series.get(series.index()).copied().unwrap_or(NONE);
        if known != NONE { usize::from(known) } else { self.begin(series, kind) }
    }

    fn begin(&mut self, series: SeriesId, kind: MetricKind) -> usize {
        if self.by_series.len() <= series.index() {
            self.by_series.resize(series.index() + 1, NONE);
        }
        let histogram = if kind == MetricKind::Histogram { self.new_histogram() } else { NONE };
        let at = self.cells.len();
        self.by_series[series.index()] = at as u16;
        self.cells.push(Cell { series, histogram, number: 0.0, fresh: 0 });
        at
    }

    fn new_histogram(&mut self) -> u16 {
        match self.histograms.get_mut(self.used) {
            Some(histogram) => histogram.clear(),
            None => {
                // Doubling would take more than what is allowed for a sink.
                if self.histograms.len() == self.histograms.capacity() {
                    self.histograms.reserve_exact(STEP);
                }
                self.histograms.push(Exponential::new());
            }
        }
        self.used += 1;
        (self.used - 1) as u16
    }
}

/// The histograms that are allocated at once.
const STEP: usize = 32;
const NONE: u16 = u16::MAX;
