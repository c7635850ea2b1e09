//! The store: rolling statistics over a window.

use super::bucket;
use super::reading::{Snapshot, Timeline};
use super::sample::{Sample, SeriesKind};
use super::series::{OTHER, RowHint, TOTAL, Table};
use super::slot::Placed;
use super::usage::Rows;
use super::window::{LATEST_MS, Seconds, Window};
use crate::engine::config::{Config, Limit};
use crate::engine::error::Error;
use crate::engine::text::hashed::Hashed;

/// Rolling statistics over a window.
///
/// With 128 series it takes at most 2 MiB, whatever is recorded. The caller passes the time, in ms since the epoch. A
/// time before the last one, or one that is not a number above 0, counts as the last one. Only
/// [`snapshot`](Self::snapshot) moves the clock back.
///
/// # Examples
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
    pub(super) window: Window,
    pub(super) seconds: Seconds,
    pub(super) table: Table,
    pub(super) refused: u64,
    /// The latest time that the caller passed, and no merge brought; 0 if there was none.
    pub(super) own_clock: f64,
}

impl StatsStore {
    /// The limit of `window_ms`.
    pub const WINDOW_MS: Limit = Limit::number(60.0, 86_400_000.0);
    /// The limit of `series`.
    pub const SERIES: Limit = Config::STATS_SERIES.limit;
    /// The window unless another one is given: 15 minutes.
    pub const DEFAULT_WINDOW_MS: f64 = 900_000.0;
    /// The number of series unless another one is given.
    pub const DEFAULT_SERIES: usize = 128;

    /// A store over `window_ms` (60 … 86 400 000) with at most `series` series (1 … 1024). All memory but that of names
    /// is allocated here.
    ///
    /// # Errors
    /// [`ErrorKind::OutOfRange`](crate::engine::ErrorKind::OutOfRange) with the name of the argument.
    pub fn new(window_ms: f64, series: usize) -> Result<Self, Error> {
        Self::WINDOW_MS.check("window_ms", window_ms)?;
        Self::SERIES.check("series", series as f64)?;
        Ok(Self::with_pool(window_ms, series, BLOCKS + BLOCKS_PER_SERIES * series))
    }

    pub(super) fn with_pool(window_ms: f64, series: usize, blocks: usize) -> Self {
        let (window, seconds) = (Window::new(window_ms), Seconds::new());
        Self { window, seconds, table: Table::new(series, blocks), refused: 0, own_clock: 0.0 }
    }

    /// Counts one event.
    ///
    /// | series | counted in |
    /// |---|---|
    /// | none | all requests |
    /// | `Req` | all requests and the row of the series |
    /// | `Fn`, `Db` | the row of the series |
    ///
    /// Names are cut at 256 bytes. Returns false, and counts the event as refused, if it is older than the window, if its
    /// time or duration is not finite, or if its duration is negative.
    pub fn record(&mut self, sample: Sample, now: f64, series: Option<(SeriesKind, &str)>) -> bool {
        let series = series.map(|(kind, name)| (kind, Hashed::new(name)));
        self.note_clock(now);
        self.record_hashed(&sample, now, series, &mut RowHint::default())
    }

    /// As [`record`](Self::record). `hint` remembers the row of the series from call to call.
    #[inline(never)]
    pub(crate) fn record_hashed(
        &mut self,
        sample: &Sample,
        now: f64,
        series: Option<(SeriesKind, Hashed<'_>)>,
        hint: &mut RowHint,
    ) -> bool {
        self.advance_window(now);
        let Some(event) = self.place(sample) else {
            self.refused += 1;
            return false;
        };
        self.window.observe(event.at);
        let (row, is_request) = match series {
            Some((kind, name)) => (self.table.row_by(hint, kind, name), kind == SeriesKind::Req),
            None => (TOTAL, true),
        };
        if event.is_open {
            self.table.reserve(BLOCKS_OPEN, row);
        } else {
            self.table.reserve_late(BLOCKS_CLOSED, row);
        }
        self.table.record(if is_request { TOTAL } else { row }, row, &event);
        if is_request {
            self.seconds.record(event.at);
        }
        true
    }

    /// Adds rows read and written to a series, for a statement at `at` that has been recorded.
    pub(crate) fn add_usage(&mut self, at: f64, (kind, name): (SeriesKind, &str), usage: Rows) {
        let row = self.table.find(kind, name).unwrap_or(OTHER);
        if let Some((position, _)) = self.window.position(at.min(self.window.now())) {
            self.table.row_mut(row).0.usage.add(position, usage);
        }
    }

    #[inline(always)]
    fn place(&self, sample: &Sample) -> Option<Placed> {
        if !sample.at.is_finite() || !self.table.can_count(2) {
            return None;
        }
        let duration = match sample.duration {
            Some(ms) if (0.0..f64::INFINITY).contains(&ms) => Some((ms, bucket::index(ms))),
            Some(_) => return None,
            None => None,
        };
        let now = self.window.now();
        let at = if sample.at < now { sample.at } else { now };
        let (position, is_open) = self.window.position(at)?;
        Some(Placed { at, position, is_open, duration, is_error: sample.is_error })
    }

    /// Advances to `now`: closes and removes slots, and updates what [`p99`](Self::p99) returns. The same `now` twice
    /// changes nothing.
    pub fn advance(&mut self, now: f64) {
        self.note_clock(now);
        self.advance_window(now);
        self.table.refresh();
    }

    #[inline(always)]
    pub(super) fn advance_window(&mut self, now: f64) {
        if now > self.window.now() {
            self.advance_to(now);
        }
    }

    fn advance_to(&mut self, now: f64) {
        let open = self.window.open();
        let entered = self.window.advance(now);
        self.seconds.advance(self.window.now());
        if entered > 0 {
            self.table.advance(open, entered);
        }
    }

    /// The 99th percentile of a series in ms, as of the last [`advance`](Self::advance). `None`: the series has no row, or
    /// no duration is known.
    #[must_use]
    pub fn p99(&self, kind: SeriesKind, name: &str) -> Option<f64> {
        self.table.find(kind, name).and_then(|row| self.table.row(row).p99_ms)
    }

    /// All figures at `now`.
    ///
    /// A `now` before the last time moves the clock back, so that one wrong time does no lasting harm. Events keep their
    /// time, but those after `now` count as events at `now`. What has left the window does not come back.
    pub fn snapshot(&mut self, now: f64) -> Snapshot {
        if is_time(now) && now < self.window.now() {
            self.set_back(now);
        }
        self.advance_window(now);
        self.note_clock(now);
        Snapshot::take(&self.window, &self.seconds, &self.table)
    }

    /// The figures over time at `now`, in steps of `slots` slots (1 … 60, a divisor of 60): the last 60 / `slots` steps.
    ///
    /// `series` is the kind and the name of a [`SeriesSnapshot`](super::SeriesSnapshot). `None` is all requests. A series
    /// without a row has no events.
    ///
    /// # Examples
    /// ```
    /// use tidegate::engine::stats::{Sample, StatsStore};
    ///
    /// let mut stats = StatsStore::new(900_000.0, 128)?;
    /// let now = 1_767_225_600_000.0;
    /// stats.record(Sample { at: now, duration: Some(12.0), is_error: true }, now, None);
    /// let minutes = stats.timeline(now, None, 4);
    /// assert_eq!((minutes.step_ms, minutes.steps.len()), (60_000.0, 15));
    /// assert_eq!((minutes.steps[14].count, minutes.steps[14].errors), (1, 1));
    /// # Ok::<(), tidegate::engine::Error>(())
    /// ```
    pub fn timeline(&mut self, now: f64, series: Option<(&str, &str)>, slots: usize) -> Timeline {
        self.note_clock(now);
        self.advance_window(now);
        Timeline::take(&self.window, &mut self.table, series, slots)
    }

    #[cold]
    fn set_back(&mut self, now: f64) {
        let open = self.window.open();
        let later = self.window.set_back(now);
        self.seconds.set_back(now);
        if later > 0 {
            self.table.set_back(open, later);
        }
        self.own_clock = now;
    }

    fn note_clock(&mut self, now: f64) {
        if is_time(now) && now > self.own_clock {
            self.own_clock = now;
        }
    }

    /// Follows a clock that stepped by `delta_ms`. The history keeps its age, in whole slots. A number that is not finite
    /// is ignored.
    pub fn shift(&mut self, delta_ms: f64) {
        if delta_ms.is_finite() {
            self.window.shift(delta_ms);
            self.seconds.shift_to(self.window.now());
            self.own_clock = (self.own_clock + delta_ms).clamp(0.0, LATEST_MS);
        }
    }

    /// Appends the binary form at `now` to `out`, and removes all counts. If it has more than `most` bytes, series are
    /// written coarser, step by step.
    pub(crate) fn cut(&mut self, now: f64, most: usize, out: &mut Vec<u8>) {
        self.advance_window(now);
        let start = out.len();
        for shift in 0..=bucket::MAX_SHIFT {
            out.truncate(start);
            self.write(shift, out);
            if out.len() - start <= most {
                break;
            }
        }
        self.clear();
    }

    /// Removes all counts. Rows keep their names, and the clock its time.
    pub(crate) fn clear(&mut self) {
        self.table.clear();
        self.seconds.clear();
        self.window.forget();
        self.refused = 0;
    }

    /// The number of refused events.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// The memory of the store in bytes.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        size_of::<Self>() + self.table.memory_bytes()
    }
}

/// Whether `now` is a time: neither "no clock" nor beyond the last date.
fn is_time(now: f64) -> bool {
    now > 0.0 && now <= LATEST_MS
}

/// The blocks of every pool, and those added for each series. 128 series make 1.5 MiB.
const BLOCKS: usize = 4096;
const BLOCKS_PER_SERIES: usize = 160;

/// The most blocks that an event in the open slot takes: two rows, each with a page of the live and of the open histogram.
const BLOCKS_OPEN: usize = 4;

/// The most blocks that an event in a closed slot takes: two rows, each with a live page and a packed slot that may grow.
const BLOCKS_CLOSED: usize = 16;
