//! The outcome of sending a batch.

use crate::engine::ledger::Reason;

/// The outcome of sending a batch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Outcome {
    /// The receiver took the batch, except for `rejected` events of it.
    Ok {
        /// The number of events that the receiver rejected. It is clamped to the size of the batch.
        rejected: u32,
    },
    /// The receiver did not take the batch now. It is sent again.
    Retry {
        /// The wait in ms that the receiver asked for (`Retry-After`), at most 10 min. `None` or no time: the backoff decides.
        after_ms: Option<f64>,
    },
    /// The receiver rejected the batch. It is dropped, and the next one is sent.
    Fatal,
    /// The batch is too large. It is cut in half; a single event is dropped. Three single events in a row are a failure.
    TooLarge,
}

/// What settling a batch changed.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Settled {
    pub(crate) delivered: usize,
    pub(crate) dropped: Option<(Reason, usize)>,
    /// The sink was disabled.
    pub(crate) disabled: bool,
    /// The sink is live again.
    pub(crate) recovered: bool,
}

impl Outcome {
    /// The name in notices: `ok`, `retry`, `fatal` or `too-large`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok { .. } => "ok",
            Self::Retry { .. } => "retry",
            Self::Fatal => "fatal",
            Self::TooLarge => "too-large",
        }
    }
}
