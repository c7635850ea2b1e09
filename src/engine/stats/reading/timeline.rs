//! Figures over time: of each slot, or of some slots together.

use super::super::sample::SeriesKind;
use super::super::series::{OTHER, TOTAL, Table};
use super::super::window::{SHOWN, Window};
use super::snapshot::{OTHER_NAME, rounded};

/// Figures over time.
#[derive(Clone, Debug, PartialEq)]
pub struct Timeline {
    /// The start of the first step in ms, a multiple of `step_ms` since the epoch.
    pub start_ms: f64,
    /// The length of a step in ms.
    pub step_ms: f64,
    /// The steps, newest last. The newest one is not over.
    pub steps: Vec<Step>,
}

/// The figures of one step.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Step {
    /// The number of events.
    pub count: u32,
    /// The number of events that failed.
    pub errors: u32,
    /// The median duration in ms. `None`, here and below: no duration is known.
    pub p50_ms: Option<f64>,
    /// The duration in ms that 95 % of the events do not exceed.
    pub p95_ms: Option<f64>,
    /// The duration in ms that 99 % of the events do not exceed.
    pub p99_ms: Option<f64>,
}

impl Timeline {
    pub(in super::super) fn take(
        window: &Window,
        table: &mut Table,
        series: Option<(&str, &str)>,
        slots: usize,
    ) -> Self {
        let slots = slots.clamp(1, SHOWN);
        let number = match series {
            Some((kind, name)) => number_of(table, kind, name),
            None => Some(TOTAL),
        };
        let newest = window.slot().div_euclid(slots as i64);
        let first = newest + 1 - (SHOWN / slots) as i64;
        let step_ms = window.window_ms() / SHOWN as f64 * slots as f64;
        let step = |step| number.map_or_else(Step::default, |row| step_of(window, table, row, step, slots));
        Self { start_ms: first as f64 * step_ms, step_ms, steps: (first..=newest).map(step).collect() }
    }

    /// Rounds durations to what is shown of them: four significant digits, and none below a nanosecond.
    pub fn round(&mut self) {
        for Step { p50_ms, p95_ms, p99_ms, .. } in &mut self.steps {
            [p50_ms, p95_ms, p99_ms].into_iter().flatten().for_each(|ms| *ms = rounded(*ms));
        }
    }
}

fn number_of(table: &Table, kind: &str, name: &str) -> Option<usize> {
    if kind == OTHER_NAME {
        return Some(OTHER);
    }
    let kind = SeriesKind::ALL.into_iter().find(|known| known.as_str() == kind)?;
    table.find(kind, name)
}

/// The figures of the slots `step * slots …` of a row.
fn step_of(window: &Window, table: &mut Table, number: usize, step: i64, slots: usize) -> Step {
    let (row, arena) = table.row_mut(number);
    let first = step * slots as i64;
    let ages = first..first + slots as i64;
    let positions = ages.filter_map(|slot| window.position_of_age(window.slot() - slot));
    let is_open = |position: usize| position == window.open();
    let shifts = positions.clone().map(|position| row.slot_shift(position, is_open(position)));
    arena.scratch.start(shifts.max().unwrap_or(0));
    let (mut step, mut max) = (Step::default(), -1.0f64);
    for position in positions {
        let slot = row.slot(position);
        (step.count, step.errors) = (step.count + slot.count, step.errors + slot.errors);
        max = max.max(slot.max);
        row.add_slot(arena, position, is_open(position));
    }
    let mut found = [None; ABOVE.len()];
    arena.scratch.ranks(&ABOVE, &mut found);
    // The middle of a bucket can be larger than the longest duration.
    [step.p50_ms, step.p95_ms, step.p99_ms] = found.map(|ms| ms.map(|ms: f64| ms.min(max)));
    step
}

/// How many per mille of the events lie above p50, p95 and p99.
const ABOVE: [u64; 3] = [500, 50, 10];
