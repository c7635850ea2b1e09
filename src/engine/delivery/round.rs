//! The events that one round of sends may take.

/// What has been recorded up to a moment. A round of sends takes nothing newer: a sink, or a listener, that records
/// events would otherwise keep the round running without end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Round {
    /// The sequence number behind the newest record of the queue.
    pub queue_end: u64,
    /// The number of events and observations that were begun, for sinks that do not read the queue.
    pub begun: f64,
}

impl Round {
    /// Takes everything.
    pub const ALL: Self = Self { queue_end: u64::MAX, begun: f64::INFINITY };
}
