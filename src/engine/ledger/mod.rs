//! The ledger: one block of counters that accounts for every event.
//!
//! Two laws hold at every moment:
//! - per sink: `accepted = delivered + queued + in_flight + Σ dropped`
//! - collector: `emitted = accepted + sampled_out + excluded + refused + pending`
//!
//! Queued, in flight and pending events are not counted here but where they are stored. So each law compares two
//! independent counts.
//!
//! | file | what it holds |
//! |---|---|
//! | `reason` | why an event was dropped or refused |
//! | `counters` | copies of the counters, as the host reads them |

mod counters;
mod reason;

use std::borrow::Cow;

pub use counters::{Counters, MetricCounters, SinkCounters, Totals};
pub use reason::{Reason, Refusal};

/// The counters of the collector, in the order of the block. The refusals by reason follow them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(crate) enum Count {
    Emitted,
    Accepted,
    SampledOut,
    Excluded,
    CoreResets,
    Truncated,
    Uncarried,
    /// When something was first measured, in wall-clock ms. It is kept here so that it survives a trap.
    Since,
    /// Numbers of the program's metrics that were taken. They are no events.
    Observed,
    /// Those of them that overflow sets took.
    Overflowed,
    /// Numbers of the program's metrics that were not taken.
    Unmeasured,
}

/// The counters of a sink, in the order of the block. The drops by reason follow them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(crate) enum SinkCount {
    Accepted,
    Delivered,
    LeasesExpired,
    LateSettles,
}

/// All counters, in one block. It never moves, so a host can read it after a trap.
///
/// | index | counters |
/// |---|---|
/// | 0 … 10 | [`Count`] |
/// | 11 … 16 | the refusals by [`Refusal`] |
/// | 17 + 11 n … 20 + 11 n | [`SinkCount`] of sink n |
/// | 21 + 11 n … 27 + 11 n | its drops by [`Reason`] |
#[derive(Clone, Debug)]
pub(crate) struct Ledger {
    block: Box<[f64]>,
    /// What it continued from, after an engine has trapped. Empty: it began with zeros.
    continued: Box<[f64]>,
}

impl Ledger {
    pub(crate) fn new(sinks: usize) -> Self {
        Self { block: vec![0.0; COUNTS + sinks * ROW].into_boxed_slice(), continued: Box::default() }
    }

    pub(crate) fn add(&mut self, count: Count, n: usize) {
        self.block[count as usize] += n as f64;
    }

    pub(crate) fn add_refused(&mut self, reason: Refusal, n: usize) {
        self.block[REFUSALS + reason as usize] += n as f64;
    }

    pub(crate) fn add_sink(&mut self, sink: usize, count: SinkCount, n: usize) {
        self.row_mut(sink)[count as usize] += n as f64;
    }

    pub(crate) fn add_drops(&mut self, sink: usize, reason: Reason, n: usize) {
        self.row_mut(sink)[DROPS + reason as usize] += n as f64;
    }

    /// Notes that something was measured at `wall`.
    pub(crate) fn note_measured(&mut self, wall: f64) {
        let since = &mut self.block[Count::Since as usize];
        if *since == 0.0 {
            *since = wall;
        }
    }

    pub(crate) fn get(&self, count: Count) -> f64 {
        self.block[count as usize]
    }

    /// The events and observations that were begun.
    pub(crate) fn begun(&self) -> f64 {
        self.get(Count::Emitted) + self.get(Count::Observed)
    }

    pub(crate) fn refused_by(&self) -> [f64; Refusal::ALL.len()] {
        Refusal::ALL.map(|reason| self.block[REFUSALS + reason as usize])
    }

    pub(crate) fn sink(&self, sink: usize, count: SinkCount) -> f64 {
        self.row(sink)[count as usize]
    }

    pub(crate) fn dropped(&self, sink: usize) -> [f64; Reason::ALL.len()] {
        let row = self.row(sink);
        Reason::ALL.map(|reason| row[DROPS + reason as usize])
    }

    /// The whole block.
    pub(crate) fn block(&self) -> &[f64] {
        &self.block
    }

    /// Continues from the block of an engine that trapped. Its undelivered events are counted as dropped by `core_reset`.
    ///
    /// A block of another size, or with a number that is not finite, is ignored.
    pub(crate) fn restore(&mut self, block: &[f64]) {
        if block.len() != self.block.len() || block.iter().any(|count| !count.is_finite()) {
            return;
        }
        self.block.copy_from_slice(block);
        let settled = [Count::Accepted, Count::SampledOut, Count::Excluded];
        let pending = settled.iter().fold(self.get(Count::Emitted), |left, count| left - self.get(*count));
        let pending = pending - self.refused_by().iter().sum::<f64>();
        self.block[Count::Accepted as usize] += pending;
        self.block[Count::CoreResets as usize] += 1.0;
        for sink in self.block[COUNTS..].chunks_exact_mut(ROW) {
            sink[SinkCount::Accepted as usize] += pending;
            let known = sink[SinkCount::Delivered as usize] + sink[DROPS..].iter().sum::<f64>();
            sink[DROPS + Reason::CoreReset as usize] += sink[SinkCount::Accepted as usize] - known;
        }
        self.block[Count::Since as usize] = 0.0;
        self.continued.clone_from(&self.block);
        // The reset itself is reported under the new id.
        self.continued[Count::CoreResets as usize] -= 1.0;
    }

    /// What was counted under the id of this isolate. What was counted before a reset was reported under another
    /// id.
    pub(crate) fn of_isolate(&self) -> Cow<'_, Self> {
        if self.continued.is_empty() {
            return Cow::Borrowed(self);
        }
        let mut own = self.clone();
        own.block.iter_mut().zip(&self.continued).for_each(|(count, before)| *count -= before);
        Cow::Owned(own)
    }

    /// The counters of one sink.
    fn row(&self, sink: usize) -> &[f64] {
        let at = COUNTS + sink * ROW;
        &self.block[at..at + ROW]
    }

    fn row_mut(&mut self, sink: usize) -> &mut [f64] {
        let at = COUNTS + sink * ROW;
        &mut self.block[at..at + ROW]
    }
}

/// The counters of the collector before its refusals.
const REFUSALS: usize = 11;
/// The counters of the collector.
const COUNTS: usize = REFUSALS + Refusal::ALL.len();
/// The counters of a sink before its drops.
const DROPS: usize = 4;
/// The counters of a sink.
const ROW: usize = DROPS + Reason::ALL.len();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undelivered_events_of_an_engine_that_trapped_are_counted_as_dropped() {
        let mut dead = Ledger::new(1);
        dead.add(Count::Emitted, 10);
        dead.add(Count::Accepted, 6);
        dead.add(Count::SampledOut, 1);
        dead.add_sink(0, SinkCount::Accepted, 6);
        dead.add_sink(0, SinkCount::Delivered, 2);
        dead.add_drops(0, Reason::Overflow, 1);
        let mut next = Ledger::new(1);
        next.restore(dead.block());
        assert_eq!(next.get(Count::Accepted), 9.0, "three children were pending");
        assert_eq!(next.dropped(0)[Reason::CoreReset as usize], 6.0);
        assert_eq!(next.get(Count::CoreResets), 1.0);
        next.add(Count::Emitted, 1);
        next.add_sink(0, SinkCount::Accepted, 1);
        let own = next.of_isolate();
        let counts = [Count::Emitted, Count::Accepted, Count::SampledOut, Count::CoreResets];
        assert_eq!(counts.map(|count| own.get(count)), [1.0, 0.0, 0.0, 1.0]);
        assert_eq!((own.sink(0, SinkCount::Accepted), own.dropped(0)), (1.0, [0.0; Reason::ALL.len()]));
    }

    #[test]
    fn a_block_of_another_shape_is_ignored() {
        let mut ledger = Ledger::new(1);
        ledger.restore(&[1.0; 3]);
        ledger.restore(&[f64::NAN; COUNTS + ROW]);
        assert!(ledger.block().iter().all(|&count| count == 0.0));
    }
}
