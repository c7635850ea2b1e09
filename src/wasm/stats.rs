//! Rolling statistics without a collector. Times and durations are milliseconds.

use super::convert::known;
use super::desk::Desk;
use super::handle::Marked;
use super::snapshot;
use crate::engine::stats::{SERIES, Sample, SeriesKind, StatsStore, WINDOW_MS};

exports! {
    /// A store over `window_ms` (60 … 86 400 000; default 900 000) with at most `series` rows (a whole number,
    /// 1 … 1024; default 128): two numbers, or absent. None: one is refused, and the error is the result.
    fn stats_new(desk: &mut Desk) -> Option<Box<Marked<StatsStore>>> {
        let mut given = desk.given();
        let window_ms = given.number().unwrap_or(WINDOW_MS.default);
        let series = given.number().unwrap_or(SERIES.default);
        let tried = SERIES.check(series).and_then(|()| StatsStore::new(window_ms, series as usize));
        desk.check(tried).map(Marked::boxed)
    }

    /// Counts one event that ended `at`, with its series in a row of that name; `duration` NaN: unknown. False: it
    /// was refused.
    fn stats_record(desk: &mut Desk, stats: &mut Marked<StatsStore>, at: f64, duration: f64, is_error: bool) -> bool {
        let row = desk.given().text().map(|name| (SeriesKind::Req, name));
        let duration = known(duration);
        stats.change().record(Sample { at, duration, is_error }, at, row)
    }

    /// All figures at `now`.
    fn stats_snapshot(desk: &mut Desk, stats: &mut Marked<StatsStore>, now: f64) {
        snapshot::write(&stats.change().snapshot(now), desk.open().1);
    }

    /// The binary form of the whole window.
    fn stats_bytes(desk: &mut Desk, stats: &mut Marked<StatsStore>) {
        stats.change().to_bytes(desk.open().1);
    }

    /// Adds what another store counted. Returns how many events that one had refused; -1: its bytes are refused, and
    /// the error is the result.
    fn stats_merge(desk: &mut Desk, stats: &mut Marked<StatsStore>) -> f64 {
        let before = stats.refused();
        let tried = stats.change().merge(desk.given().bytes());
        desk.check(tried).map_or(-1.0, |()| (stats.refused() - before) as f64)
    }

    /// It is not needed any more.
    fn stats_free(stats: Box<Marked<StatsStore>>) {
        drop(stats);
    }
}
