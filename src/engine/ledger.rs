//! The ledger: what became of every event, in one fixed block of counters.
//!
//! Two laws hold at every moment. Per sink: `accepted = delivered + queued + inFlight + Σ dropped`.
//! Collector: `emitted = accepted + sampledOut + excluded + refused + pending`. What is queued, in flight and pending is
//! not kept here: the collector counts it where it lies, so the laws compare two independent counts.

/// Why a sink lost an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Reason {
    /// The queue was full and this event was the oldest.
    Overflow,
    /// One event alone was too large for the sink.
    TooLarge,
    /// The sink refused it for good, whole or in part.
    Rejected,
    /// It could not be encoded.
    Encode,
    /// The sink is disabled for good.
    Disabled,
    /// The collector was closed before it was delivered.
    Closed,
    /// The engine trapped while holding it.
    CoreReset,
}

impl Reason {
    /// Every reason, in the order of its number.
    pub const ALL: [Self; 7] = [
        Self::Overflow,
        Self::TooLarge,
        Self::Rejected,
        Self::Encode,
        Self::Disabled,
        Self::Closed,
        Self::CoreReset,
    ];

    /// The name in counters and notices.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Overflow => "overflow",
            Self::TooLarge => "too_large",
            Self::Rejected => "rejected",
            Self::Encode => "encode",
            Self::Disabled => "disabled",
            Self::Closed => "closed",
            Self::CoreReset => "core_reset",
        }
    }
}

/// The collector's own counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(crate) enum Count {
    Emitted,
    Accepted,
    SampledOut,
    Excluded,
    Refused,
    CoreResets,
    Truncated,
    /// When something was first measured, in wall-clock ms: kept here to outlive a dead engine.
    Since,
}

/// One sink's counters; the reasons of drops follow them in the block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(crate) enum SinkCount {
    Accepted,
    Delivered,
    LeasesExpired,
    LateSettles,
}

/// All counters in one block whose address does not change, so that a host can read it even after a trap.
#[derive(Clone, Debug)]
pub(crate) struct Ledger {
    block: Box<[f64]>,
}

impl Ledger {
    pub(crate) fn new(sinks: usize) -> Self {
        Self { block: vec![0.0; COUNTS + sinks * SINK_COUNTS].into_boxed_slice() }
    }

    pub(crate) fn add(&mut self, count: Count, n: usize) {
        self.block[count as usize] += n as f64;
    }

    pub(crate) fn add_sink(&mut self, sink: usize, count: SinkCount, n: usize) {
        self.block[at(sink) + count as usize] += n as f64;
    }

    pub(crate) fn drop(&mut self, sink: usize, reason: Reason, n: usize) {
        self.block[at(sink) + SINK_HEAD + reason as usize] += n as f64;
    }

    /// Notes that something was measured at `wall`.
    pub(crate) fn since(&mut self, wall: f64) {
        let since = &mut self.block[Count::Since as usize];
        if *since == 0.0 {
            *since = wall;
        }
    }

    pub(crate) fn get(&self, count: Count) -> f64 {
        self.block[count as usize]
    }

    pub(crate) fn sink(&self, sink: usize, count: SinkCount) -> f64 {
        self.block[at(sink) + count as usize]
    }

    pub(crate) fn dropped(&self, sink: usize) -> [f64; Reason::ALL.len()] {
        Reason::ALL.map(|reason| self.block[at(sink) + SINK_HEAD + reason as usize])
    }

    pub(crate) fn block(&self) -> &[f64] {
        &self.block
    }

    /// Goes on from a block read out of a dead engine: what it held is counted as lost to `core_reset`.
    pub(crate) fn restore(&mut self, block: &[f64]) {
        if block.len() != self.block.len() || block.iter().any(|count| !count.is_finite()) {
            return;
        }
        self.block.copy_from_slice(block);
        let settled = [Count::Accepted, Count::SampledOut, Count::Excluded, Count::Refused];
        let pending = self.get(Count::Emitted) - settled.map(|count| self.get(count)).iter().sum::<f64>();
        self.block[Count::Accepted as usize] += pending;
        self.block[Count::CoreResets as usize] += 1.0;
        for sink in 0..(self.block.len() - COUNTS) / SINK_COUNTS {
            self.block[at(sink) + SinkCount::Accepted as usize] += pending;
            let known = self.sink(sink, SinkCount::Delivered) + self.dropped(sink).iter().sum::<f64>();
            let held = self.sink(sink, SinkCount::Accepted) - known;
            self.block[at(sink) + SINK_HEAD + Reason::CoreReset as usize] += held;
        }
    }
}

/// What became of every event so far: a copy to be read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counters {
    /// Events given to the collector.
    pub emitted: f64,
    /// Events recorded.
    pub accepted: f64,
    /// Events that sampling left out.
    pub sampled_out: f64,
    /// Events of excluded routes.
    pub excluded: f64,
    /// Events not taken: after close, before configuration, or with unusable values.
    pub refused: f64,
    /// Children of open requests whose fate is not known yet.
    pub pending: f64,
    /// How often the engine trapped and was made anew.
    pub core_resets: f64,
    /// Attributes that were cut or left out.
    pub truncated: f64,
    /// One entry a sink, in order.
    pub sinks: Vec<SinkCounters>,
}

/// One sink's part of [`Counters`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SinkCounters {
    /// The sink's name.
    pub name: String,
    /// Events recorded of a kind that the sink's format carries.
    pub accepted: f64,
    /// Events the sink took.
    pub delivered: f64,
    /// Events that wait: in the queue, or staged and not handed out.
    pub queued: f64,
    /// Events handed out and not settled.
    pub in_flight: f64,
    /// Events lost, by [`Reason`], in the order of [`Reason::ALL`].
    pub dropped: [f64; Reason::ALL.len()],
    /// Batches taken back because their sender died.
    pub leases_expired: f64,
    /// Settles that came after their batch had been taken back.
    pub late_settles: f64,
    /// Whether the sink is disabled now.
    pub disabled: bool,
}

/// What became of the events of all sinks together.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Totals {
    /// Events the sinks took.
    pub delivered: f64,
    /// Events that wait, or are handed out and not settled.
    pub remaining: f64,
    /// Events lost, for whatever reason.
    pub dropped: f64,
}

impl Counters {
    /// Whether both laws hold.
    #[must_use]
    pub fn is_conserved(&self) -> bool {
        let known = self.accepted + self.sampled_out + self.excluded + self.refused + self.pending;
        self.emitted == known && self.sinks.iter().all(SinkCounters::is_conserved)
    }
}

impl SinkCounters {
    /// Whether the sink's law holds.
    #[must_use]
    pub fn is_conserved(&self) -> bool {
        let lost: f64 = self.dropped.iter().sum();
        self.accepted == self.delivered + self.queued + self.in_flight + lost
    }
}

fn at(sink: usize) -> usize {
    COUNTS + sink * SINK_COUNTS
}

const COUNTS: usize = 8;
const SINK_HEAD: usize = 4;
const SINK_COUNTS: usize = SINK_HEAD + Reason::ALL.len();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_dead_engine_held_is_counted_as_lost() {
        let mut dead = Ledger::new(1);
        dead.add(Count::Emitted, 10);
        dead.add(Count::Accepted, 6);
        dead.add(Count::SampledOut, 1);
        dead.add_sink(0, SinkCount::Accepted, 6);
        dead.add_sink(0, SinkCount::Delivered, 2);
        dead.drop(0, Reason::Overflow, 1);
        let mut next = Ledger::new(1);
        next.restore(dead.block());
        assert_eq!(next.get(Count::Accepted), 9.0, "three children were pending");
        assert_eq!(next.dropped(0)[Reason::CoreReset as usize], 6.0);
        assert_eq!(next.get(Count::CoreResets), 1.0);
    }

    #[test]
    fn a_block_of_another_shape_is_not_taken_over() {
        let mut ledger = Ledger::new(1);
        ledger.restore(&[1.0; 3]);
        ledger.restore(&[f64::NAN; COUNTS + SINK_COUNTS]);
        assert!(ledger.block().iter().all(|&count| count == 0.0));
    }
}
