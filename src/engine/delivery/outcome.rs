//! What a sink answers, and what that does.

use crate::engine::ledger::Reason;

/// What a sink answered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Outcome {
    /// Taken, but for `rejected` events of the batch.
    Ok {
        /// Events of the batch that the receiver refused for good.
        rejected: u32,
    },
    /// Not taken now; again after `after_ms` if the receiver said so, else after a backoff.
    Retry {
        /// The receiver's `Retry-After` in milliseconds; at most 10 minutes are honored.
        after_ms: Option<f64>,
    },
    /// Refused for good: the batch is dropped, delivery goes on.
    Fatal,
    /// Too large: the batch is halved.
    TooLarge,
}

/// What a settle did, for the ledger and the notices.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Settled {
    pub(crate) delivered: usize,
    pub(crate) lost: Option<(Reason, usize)>,
    pub(crate) disabled: bool,
    pub(crate) recovered: bool,
}

impl Outcome {
    /// The name in notices.
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
