//! Rolling statistics: what happened in the last 15 minutes, per series, in constant memory.
//!
//! A row per series holds 61 slots. The open slot and the sum of all are live histograms; a closed
//! slot is packed. All of it lies in one fixed pool, so recording allocates nothing, and a snapshot
//! reads only sums. When the pool runs out, rows coarsen, coldest first; then they fold into
//! `_OTHER`. Counts, errors, sums and maxima stay exact throughout.

mod admission;
mod bucket;
mod bytes;
mod exponential;
mod histogram;
mod index;
mod merge;
pub mod metrics;
mod packed;
mod pool;
mod row;
mod scratch;
mod series;
mod slot;
mod snapshot;
mod window;

pub(crate) use series::RowHint;
pub use snapshot::{Figures, SeriesSnapshot, Snapshot};

use super::Error;
use super::config::{NumberOption, number, whole};
use super::hashed::Hashed;
use series::{TOTAL, Table};
use slot::Placed;
use window::{Seconds, Window};

/// What a series counts. The order is part of the binary form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeriesKind {
    /// Requests of a route.
    Req,
    /// Calls of a function.
    Fn,
    /// Queries by summary.
    Db,
}

impl SeriesKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Req, Self::Fn, Self::Db];

    /// The kind as events name it: `"REQ"`, `"FN"`, `"DB"`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Req => "REQ",
            Self::Fn => "FN",
            Self::Db => "DB",
        }
    }
}

/// One event to count.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// When it ended, in milliseconds since the epoch; later than now counts as now.
    pub at: f64,
    /// How long it took, in milliseconds. `None` is unknown: counted, but in no percentile or mean.
    pub duration: Option<f64>,
    /// Whether it failed.
    pub is_error: bool,
}

/// Rolling statistics over a window.
///
/// Takes at most 2 MiB with 128 series, whatever is recorded. The clock is the caller's: times are
/// milliseconds since the epoch, and one that is earlier than the last, or no number, counts as the
/// last.
///
/// ```
/// use tidegate::engine::stats::{Sample, SeriesKind, StatsStore};
///
/// let mut stats = StatsStore::new(900_000.0, 128)?;
/// let now = 1_767_225_600_000.0;
/// stats.record(Sample { at: now, duration: Some(12.5), is_error: false }, now, Some((SeriesKind::Req, "/")));
/// let snapshot = stats.snapshot(now);
/// assert_eq!((snapshot.total.count, snapshot.total.max_ms), (1, Some(12.5)));
/// # Ok::<(), tidegate::engine::Error>(())
/// ```
pub struct StatsStore {
    window: Window,
    seconds: Seconds,
    table: Table,
    refused: u64,
}

impl StatsStore {
    /// A store over `window_ms` (60 … 86 400 000; default 900 000) with at most `series` rows
    /// (1 … 1024; default 128). All memory is allocated here, names apart.
    ///
    /// # Errors
    ///
    /// Codes `config/stats-window` and `config/stats-series` for a value out of range.
    pub fn new(window_ms: f64, series: usize) -> Result<Self, Error> {
        WINDOW_MS.check(window_ms)?;
        SERIES.check(series as f64)?;
        Ok(Self::with_pool(window_ms, series, BLOCKS + BLOCKS_PER_SERIES * series))
    }

    fn with_pool(window_ms: f64, series: usize, blocks: usize) -> Self {
        let (window, seconds) = (Window::new(window_ms), Seconds::new());
        Self { window, seconds, table: Table::new(series, blocks), refused: 0 }
    }

    /// Counts one event: in all requests without a series, in all requests and its row as `Req`, in
    /// its row only as `Fn` or `Db`. Names longer than 256 bytes are cut.
    ///
    /// Returns false, and counts it as refused, if the event is older than the window, or its time or
    /// duration is not a finite number, or the duration is negative.
    pub fn record(&mut self, sample: Sample, now: f64, series: Option<(SeriesKind, &str)>) -> bool {
        let series = series.map(|(kind, name)| (kind, Hashed::new(name)));
        self.record_by(&sample, now, series, &mut RowHint::default())
    }

    /// As [`record`](Self::record), where `hint` knows the series from before, or learns it now.
    #[inline(never)]
    pub(crate) fn record_by(
        &mut self,
        sample: &Sample,
        now: f64,
        series: Option<(SeriesKind, Hashed<'_>)>,
        hint: &mut RowHint,
    ) -> bool {
        self.roll(now);
        let Some(event) = self.place(sample) else {
            self.refused += 1;
            return false;
        };
        self.window.observe(event.at);
        let (row, is_request) = match series {
            Some((kind, name)) => (self.table.row_by(hint, kind, name), kind == SeriesKind::Req),
            None => (TOTAL, true),
        };
        let room = if event.is_open { ROOM_OPEN } else { ROOM_CLOSED };
        self.table.reserve(room, row);
        self.table.record(if is_request { TOTAL } else { row }, row, &event);
        if is_request {
            self.seconds.record(event.at);
        }
        true
    }

    #[inline(always)]
    fn place(&self, sample: &Sample) -> Option<Placed> {
        if !sample.at.is_finite() || !self.table.can_hold(2) {
            return None;
        }
        let duration = match sample.duration {
            Some(ms) if ms.is_finite() && ms >= 0.0 => Some((ms, bucket::index(ms))),
            Some(_) => return None,
            None => None,
        };
        let now = self.window.now();
        let at = if sample.at < now { sample.at } else { now };
        let (position, is_open) = self.window.position(at)?;
        Some(Placed { at, position, is_open, duration, is_error: sample.is_error })
    }

    /// Moves on to `now`: closes and forgets slots, renews what [`StatsStore::p99`] tells. The same
    /// `now` twice changes nothing.
    pub fn advance(&mut self, now: f64) {
        self.roll(now);
        self.table.refresh();
    }

    #[inline(always)]
    fn roll(&mut self, now: f64) {
        if now > self.window.now() {
            self.roll_on(now);
        }
    }

    fn roll_on(&mut self, now: f64) {
        let open = self.window.open();
        let entered = self.window.advance(now);
        self.seconds.advance(self.window.now());
        if entered > 0 {
            self.table.turn(open, entered);
        }
    }

    /// The p99 of a series in milliseconds, as of the last [`StatsStore::advance`]; `None` if it has
    /// no row or no known duration.
    #[must_use]
    pub fn p99(&self, kind: SeriesKind, name: &str) -> Option<f64> {
        self.table.find(kind, name).and_then(|row| self.table.row(row).p99_ms)
    }

    /// All figures at `now`.
    pub fn snapshot(&mut self, now: f64) -> Snapshot {
        self.roll(now);
        Snapshot::take(&self.window, &self.seconds, &self.table)
    }

    /// Follows a clock that jumped by `delta_ms`: the history keeps its age, in whole slots. Not a
    /// finite number: ignored.
    pub fn shift(&mut self, delta_ms: f64) {
        if delta_ms.is_finite() {
            self.window.shift(delta_ms);
            self.seconds.shift_to(self.window.now());
        }
    }

    /// How many events were refused.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// The memory of the store in bytes, all told.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        size_of::<Self>() + self.table.memory_bytes()
    }
}

/// The options of a store alone.
pub(crate) const WINDOW_MS: NumberOption =
    number("windowMs", "config/stats-window", 900_000.0, 60.0, 86_400_000.0);
pub(crate) const SERIES: NumberOption = whole("series", "config/stats-series", 128.0, 1.0, 1024.0);

/// Blocks of every pool, and for each series: 128 series make 1.5 MiB.
const BLOCKS: usize = 4096;
const BLOCKS_PER_SERIES: usize = 160;

/// Two rows, each with a page in the live and one in the open histogram.
const ROOM_OPEN: usize = 4;

/// Two rows, each with a live page and a packed slot that may grow.
const ROOM_CLOSED: usize = 16;

#[cfg(test)]
mod tests;
