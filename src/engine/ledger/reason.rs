//! Why an event was dropped or refused.

/// Why an event of a sink was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Reason {
    /// The queue was full, and this event was the oldest.
    Overflow,
    /// The event was too large for the sink, in a batch of its own.
    TooLarge,
    /// The receiver rejected the batch, or this event of it.
    Rejected,
    /// The event could not be encoded.
    Encode,
    /// The sink was disabled and is not probed.
    Disabled,
    /// The collector was closed before the event was delivered.
    Closed,
    /// The engine trapped while it had the event.
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

/// Why an event was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Refusal {
    /// The collector was closed.
    Closed,
    /// The collector had no entropy yet, so the event could have no ids.
    Entropy,
    /// The name, route or method is no text, or its id is unknown.
    Name,
    /// The status is no number.
    Status,
    /// The start is not finite, or the duration is negative or not finite.
    Time,
    /// The event belongs to a request that was refused.
    Request,
}

impl Refusal {
    /// Every reason, in the order of its number.
    pub const ALL: [Self; 6] =
        [Self::Closed, Self::Entropy, Self::Name, Self::Status, Self::Time, Self::Request];

    /// The name in counters.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Entropy => "entropy",
            Self::Name => "name",
            Self::Status => "status",
            Self::Time => "time",
            Self::Request => "request",
        }
    }
}
