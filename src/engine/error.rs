//! The one error type: a stable code, and a message that names the option and the remedy.

use std::fmt;

/// Why a configuration was refused.
///
/// Only construction fails: at run time the engine counts what it cannot keep and never errs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    message: String,
}

/// What kind of configuration was refused; each has one stable [`code`](ErrorKind::code).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A sampling rate outside [0, 1], or not a number.
    SamplingRate,
    /// A sampling rule that is empty or does not compile.
    SamplingRule,
    /// A numeric option out of its range; holds the option's code.
    Option(&'static str),
    /// An option that does not exist.
    UnknownOption,
    /// A sink whose description is unusable.
    Sink,
    /// A binary statistics form that is not ours, of another version, or cut short.
    StatsBytes,
}

impl Error {
    /// An error of `kind`; the parts of its message together name the option, the value and the remedy.
    #[must_use]
    pub fn new(kind: ErrorKind, message: &[&str]) -> Self {
        Self { kind, message: message.concat() }
    }

    /// The same error, its message led by the option it is about.
    #[must_use]
    pub(crate) fn of_option(self, option: &str) -> Self {
        Self::new(self.kind, &[option, ": ", &self.message])
    }

    /// What was refused.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The stable code, the same in JavaScript: `config/sampling-rate`, ….
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.kind.code()
    }

    /// What to tell a person.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl ErrorKind {
    /// The stable code of this kind.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::SamplingRate => "config/sampling-rate",
            Self::SamplingRule => "config/sampling-rule",
            Self::Option(code) => code,
            Self::UnknownOption => "config/unknown-option",
            Self::Sink => "config/sink",
            Self::StatsBytes => "stats/bytes",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code(), self.message)
    }
}

impl std::error::Error for Error {}
