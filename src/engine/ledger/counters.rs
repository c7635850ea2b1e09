//! Copies of the counters.

use super::reason::{Reason, Refusal};

/// A copy of all counters. They count events since the collector was made.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counters {
    /// Events that were given to the collector.
    pub emitted: f64,
    /// Events that were recorded.
    pub accepted: f64,
    /// Events that sampling did not record.
    pub sampled_out: f64,
    /// Events of excluded routes.
    pub excluded: f64,
    /// Events that were not taken: after close, without entropy, or with invalid values.
    pub refused: f64,
    /// Refused events, in the order of [`Refusal::ALL`]. Their sum is `refused`.
    pub refused_by: [f64; Refusal::ALL.len()],
    /// Buffered children of open requests: their outcome is not known yet.
    pub pending: f64,
    /// How often the engine trapped and was replaced.
    pub core_resets: f64,
    /// Attributes that were cut or left out.
    pub truncated: f64,
    /// Accepted events of a kind that no sink carries. 0 without sinks.
    pub uncarried: f64,
    /// What became of the numbers of the program's metrics.
    pub metrics: MetricCounters,
    /// The counters of each sink, in the order of the sinks.
    pub sinks: Vec<SinkCounters>,
}

/// The numbers that were recorded with metrics of the program. They are not part of [`Counters::emitted`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MetricCounters {
    /// Those that were taken.
    pub observed: f64,
    /// Those of them that overflow sets took.
    pub overflowed: f64,
    /// Those that were not taken: after close, or with a value or a metric that is not usable.
    pub refused: f64,
}

/// The counters of one sink.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SinkCounters {
    /// The name of the sink.
    pub name: String,
    /// Recorded events of a kind that the sink's format carries.
    pub accepted: f64,
    /// Events that the sink took.
    pub delivered: f64,
    /// Events that wait, in the queue or in a batch that is not leased.
    pub queued: f64,
    /// Events in a leased batch.
    pub in_flight: f64,
    /// Events that were dropped, in the order of [`Reason::ALL`].
    pub dropped: [f64; Reason::ALL.len()],
    /// Batches that were taken back because their lease expired.
    pub leases_expired: f64,
    /// Settles of a lease that was not the current one any more.
    pub late_settles: f64,
    /// Whether the sink is disabled now.
    pub disabled: bool,
}

/// Counters summed over all sinks.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Totals {
    /// Events that were delivered.
    pub delivered: f64,
    /// Events that are queued or in flight.
    pub remaining: f64,
    /// Events that were dropped.
    pub dropped: f64,
}

impl Counters {
    /// Whether both laws hold.
    #[must_use]
    pub fn is_conserved(&self) -> bool {
        let known = self.accepted + self.sampled_out + self.excluded + self.refused + self.pending;
        let refused: f64 = self.refused_by.iter().sum();
        self.emitted == known && self.refused == refused && self.sinks.iter().all(SinkCounters::is_conserved)
    }
}

impl SinkCounters {
    /// Whether the law of the sink holds.
    #[must_use]
    pub fn is_conserved(&self) -> bool {
        let dropped: f64 = self.dropped.iter().sum();
        self.accepted == self.delivered + self.queued + self.in_flight + dropped
    }
}
