//! The statistics at one moment.

use super::super::pool::Pool;
use super::super::row::Row;
use super::super::series::{OTHER, TOTAL, Table};
use super::super::window::{SHOWN, SLOTS, Seconds, Window};

/// The figures of one row over the window.
#[derive(Clone, Debug, PartialEq)]
pub struct Figures {
    /// The number of events.
    pub count: u64,
    /// The number of events that failed.
    pub errors: u64,
    /// Events per second, over the window or the observed time, whichever is shorter; at least 1 s.
    pub rps: f64,
    /// Errors in percent of events, 0 … 100; 0 without events.
    pub error_pct: f64,
    /// The median duration in ms. `None`, here and below: no duration is known.
    pub p50_ms: Option<f64>,
    /// The duration in ms that 90 % of the events do not exceed.
    pub p90_ms: Option<f64>,
    /// The duration in ms that 95 % of the events do not exceed.
    pub p95_ms: Option<f64>,
    /// The duration in ms that 99 % of the events do not exceed.
    pub p99_ms: Option<f64>,
    /// The duration in ms that 99.9 % of the events do not exceed.
    pub p999_ms: Option<f64>,
    /// The longest duration in ms. It is exact.
    pub max_ms: Option<f64>,
    /// The mean of the known durations, in ms.
    pub mean_ms: Option<f64>,
}

impl Figures {
    fn round(&mut self) {
        let durations = [
            &mut self.p50_ms,
            &mut self.p90_ms,
            &mut self.p95_ms,
            &mut self.p99_ms,
            &mut self.p999_ms,
            &mut self.max_ms,
            &mut self.mean_ms,
        ];
        for ms in durations.into_iter().flatten() {
            *ms = rounded(*ms);
        }
    }
}

/// All statistics at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// The figures of all requests.
    pub total: Figures,
    /// Requests in each of the last 60 seconds, newest last.
    pub seconds: [u32; 60],
    /// Requests in each of the last 60 slots of the window, newest last.
    pub slots: [u32; 60],
    /// The series with events in the window, most events first. `_OTHER` is last, if it has events.
    pub series: Vec<SeriesSnapshot>,
}

/// One series at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct SeriesSnapshot {
    /// `REQ`, `FN`, `DB` or `_OTHER`.
    pub kind: &'static str,
    /// The route, function name or statement summary; `_OTHER` for all series without a row.
    pub name: String,
    /// The figures.
    pub figures: Figures,
    /// Events in each of the last 60 slots, newest last.
    pub slots: [u32; 60],
    /// Whether the error of percentiles is at most 2.2 % instead of 1 %, because the memory was used up.
    pub coarse: bool,
    /// The rows that its statements read. `None`, here and below: their driver does not say it.
    pub rows_read: Option<f64>,
    /// The rows that its statements wrote.
    pub rows_written: Option<f64>,
}

/// The name and the kind of all series without a row.
pub(super) const OTHER_NAME: &str = "_OTHER";

/// How many per mille of the events lie above p999, p99, p95, p90 and p50.
const ABOVE: [u64; 5] = [1, 10, 50, 100, 500];

impl Snapshot {
    /// Rounds durations to what is shown of them: four significant digits, and none below a nanosecond.
    pub fn round(&mut self) {
        self.total.round();
        self.series.iter_mut().for_each(|series| series.figures.round());
    }

    pub(in super::super) fn take(window: &Window, seconds: &Seconds, table: &Table) -> Self {
        let total = table.row(TOTAL);
        let mut numbers = Vec::new();
        for number in table.with_events(OTHER + 1) {
            // Rows are few, and a sort adds 2 KB to the module.
            let row = table.row(number);
            let at = numbers.partition_point(|other| precedes(table.row(*other), row));
            numbers.insert(at, number);
        }
        if table.row(OTHER).count > 0 {
            numbers.push(OTHER);
        }
        Self {
            total: figures(total, table.pool(), window),
            seconds: seconds.newest_last(),
            slots: slots(total, window),
            series: numbers.iter().map(|number| of_series(*number, table, window)).collect(),
        }
    }
}

/// The order of series: most events first, then by kind and name.
fn precedes(one: &Row, other: &Row) -> bool {
    (other.count, one.kind.as_str(), &one.name) < (one.count, other.kind.as_str(), &other.name)
}

fn of_series(number: usize, table: &Table, window: &Window) -> SeriesSnapshot {
    let row = table.row(number);
    let (kind, name) = match number {
        OTHER => (OTHER_NAME, OTHER_NAME),
        _ => (row.kind.as_str(), row.name.as_str()),
    };
    let usage = row.usage.total();
    SeriesSnapshot {
        kind,
        name: name.to_owned(),
        figures: figures(row, table.pool(), window),
        slots: slots(row, window),
        coarse: row.live().shift() > 0,
        rows_read: usage.map(|[read, _]| read),
        rows_written: usage.map(|[_, written]| written),
    }
}

fn figures(row: &Row, pool: &Pool, window: &Window) -> Figures {
    let count = u64::from(row.count);
    let (mut errors, mut sum, max) = (0, 0.0_f64, row.max_ms());
    for slot in row.slots() {
        errors += u64::from(slot.errors);
        sum += slot.sum_ms();
    }
    let known = u64::from(row.live().total());
    let if_known = |ms: f64| (known > 0).then_some(ms);
    let mut found = [0.0; ABOVE.len()];
    row.live().ranks_from_top(pool, &ABOVE.map(|per_mille| known * per_mille / 1000 + 1), &mut found);
    // The middle of a bucket can be larger than the longest duration.
    let [p999_ms, p99_ms, p95_ms, p90_ms, p50_ms] = found.map(|ms| if_known(ms.min(max)));
    Figures {
        count,
        errors,
        rps: count as f64 / window.observed_s(),
        error_pct: errors as f64 * 100.0 / count.max(1) as f64,
        p50_ms,
        p90_ms,
        p95_ms,
        p99_ms,
        p999_ms,
        max_ms: if_known(max),
        mean_ms: if_known(sum.min(f64::MAX) / known as f64),
    }
}

/// A duration with four significant digits, none below a nanosecond.
pub(super) fn rounded(ms: f64) -> f64 {
    let (mut parts, mut unit) = (1e6, 1.0);
    while parts > 1.0 && ms * parts >= 1e4 {
        parts /= 10.0;
    }
    while ms / unit >= 1e4 {
        unit *= 10.0;
    }
    // Divided and not multiplied by a fraction: the nearest float to the decimal.
    ((ms / unit * parts).round() / parts * unit).min(f64::MAX)
}

fn slots(row: &Row, window: &Window) -> [u32; SHOWN] {
    let mut at = (window.open() + SLOTS - (SHOWN - 1)) % SLOTS;
    let mut slots = [0; SHOWN];
    for shown in &mut slots {
        *shown = row.slot(at).count;
        at = if at + 1 == SLOTS { 0 } else { at + 1 };
    }
    slots
}

#[cfg(test)]
mod tests {
    use super::rounded;

    #[test]
    fn figures_have_four_digits_and_none_below_a_nanosecond() {
        for (ms, wanted) in [
            (0.0, 0.0),
            (0.49e-6, 0.0),
            (1e-6, 1e-6),
            (0.000_123_45, 0.000_123),
            (0.998_682_348_776_481_9, 0.9987),
            (0.999_96, 1.0),
            (1.0, 1.0),
            (12.345_678, 12.35),
            (9999.96, 10_000.0),
            (123_456.789, 123_500.0),
            (f64::MAX, f64::MAX),
        ] {
            assert_eq!(rounded(ms), wanted, "{ms}");
        }
    }
}
