//! The error of the engine.

use std::fmt;

/// A configuration, a rule or a binary form that was refused.
///
/// Only construction and [`StatsStore::merge`](crate::engine::stats::StatsStore::merge) fail. While events are recorded
/// the engine counts what it cannot keep.
///
/// # Examples
/// ```
/// use tidegate::engine::ErrorKind;
/// use tidegate::engine::sampling::compile_rules;
///
/// let error = compile_rules(&["/a", "re:("]).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::SamplingRule);
/// assert!(error.to_string().starts_with("rule 1 \"re:(\": does not compile"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    message: String,
}

/// What was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A number outside its range. Holds the name of the option.
    OutOfRange(&'static str),
    /// A lease that is not longer than the send it covers.
    LeaseMs,
    /// Too many sinks, or a sink with a limit of 0.
    Sinks,
    /// A sampling rate outside [0, 1], or NaN.
    SamplingRate,
    /// A sampling rule that is empty or does not compile.
    SamplingRule,
    /// Too many labels.
    Labels,
    /// A metric with a name of no or another kind, or one too many.
    Metric,
    /// A limit for slow requests that is negative or not finite.
    KeepSlow,
    /// Bytes that are not a statistics form, or a form that cannot be merged.
    StatsBytes,
    /// A statistics form whose clock is too far ahead.
    StatsClock,
}

impl Error {
    /// An error of `kind`. The parts are joined to its message.
    pub(crate) fn new(kind: ErrorKind, message: &[&str]) -> Self {
        Self { kind, message: message.concat() }
    }

    /// The same error, with the name of its option in front of the message.
    #[must_use]
    pub(crate) fn of_option(self, option: &str) -> Self {
        Self::new(self.kind, &[option, ": ", &self.message])
    }

    /// What was refused.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The message: the option or rule, the value, and what is allowed.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
