//! The severity of a custom event.

/// The severity of an EVT. Its number is the one of OpenTelemetry.
///
/// Spec: <https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber>
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Severity {
    /// `trace`
    Trace = 1,
    /// `debug`
    Debug = 5,
    /// `info`
    #[default]
    Info = 9,
    /// `warn`
    Warn = 13,
    /// `error`
    Error = 17,
    /// `fatal`
    Fatal = 21,
}

impl Severity {
    const ALL: [Self; 6] = [Self::Trace, Self::Debug, Self::Info, Self::Warn, Self::Error, Self::Fatal];

    /// The severity with this number; [`Info`](Self::Info) if there is none.
    #[must_use]
    pub fn from_number(number: u16) -> Self {
        Self::ALL.into_iter().find(|&known| known as u16 == number).unwrap_or_default()
    }

    /// The name on the wire, in lower case and in upper case.
    pub(crate) fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Trace => ("trace", "TRACE"),
            Self::Debug => ("debug", "DEBUG"),
            Self::Info => ("info", "INFO"),
            Self::Warn => ("warn", "WARN"),
            Self::Error => ("error", "ERROR"),
            Self::Fatal => ("fatal", "FATAL"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_severity_survives_its_number() {
        for severity in Severity::ALL {
            let (lower, upper) = severity.names();
            assert_eq!(Severity::from_number(severity as u16), severity);
            assert_eq!(lower.to_ascii_uppercase(), upper);
        }
        assert_eq!([0, 2, 24, 503].map(Severity::from_number), [Severity::Info; 4]);
    }
}
