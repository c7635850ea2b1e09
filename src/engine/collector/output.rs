//! What connects the two halves.

use crate::engine::collector::shared::Shared;
use crate::engine::event::Event;
use crate::engine::event::record::Record;
use crate::engine::metrics::{MetricKind, SeriesId};
use crate::engine::stats::{Sample, SeriesKind};
use crate::engine::text::hashed::Hashed;

/// Takes what a recorder yields: records and observations.
pub(super) trait Output {
    /// Whether records are taken at all. If not, none is written.
    fn takes_records(&self) -> bool;

    /// Takes a record with its payload. Returns its sequence number in the queue; `None` if nobody wants it.
    fn enqueue(&mut self, record: &Record, payload: &[u8], shared: &mut Shared) -> Option<u64>;

    /// Takes an event of a series, as it is counted.
    fn observe(
        &mut self,
        event: &Event<'_>,
        sample: &Sample,
        series: (SeriesKind, Hashed<'_>),
        shared: &mut Shared,
    );

    /// Takes an exception, which is the last of [`Shared::exceptions`].
    fn note_exception(&mut self, shared: &mut Shared);

    /// Takes a number of a series of the program's metrics.
    fn measure(&mut self, series: SeriesId, kind: MetricKind, value: f64, shared: &mut Shared);

    /// Sets the probability of `count` queued events below the span `root`, from sequence number `first` on.
    fn set_probability(&mut self, first: u64, count: usize, root: [u8; 8], p: f64);
}
