//! The wire formats: their names, and the kinds of event that each carries.

use super::kind::EventKind;

/// A wire format.
///
/// # Examples
/// ```
/// use tidegate::engine::{EventKind, Format};
///
/// assert_eq!(Format::from_name("ndjson"), Some(Format::Ndjson));
/// assert!(!Format::OtlpLogsJson.accepts(EventKind::Req));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JSON object per line. Carries every kind.
    Ndjson,
    /// The same bytes as `Ndjson`, for a sink that parses them into objects.
    Events,
    /// OTLP spans in protobuf. Carries REQ, FN and DB.
    OtlpTracesProtobuf,
    /// OTLP spans in JSON.
    OtlpTracesJson,
    /// OTLP log records in protobuf. Carries EVT.
    OtlpLogsProtobuf,
    /// OTLP log records in JSON.
    OtlpLogsJson,
    /// OTLP metrics in protobuf. Its sink takes no events: it accumulates durations of REQ and DB.
    OtlpMetricsProtobuf,
    /// OTLP metrics in JSON.
    OtlpMetricsJson,
    /// A push to a hub: statistics, measurements, counters and exceptions. Its sink takes no events: it accumulates REQ, FN,
    /// DB and exceptions.
    Stats,
}

impl Format {
    /// Every format.
    pub const ALL: &[Self] = &[
        Self::Ndjson,
        Self::Events,
        Self::OtlpTracesProtobuf,
        Self::OtlpTracesJson,
        Self::OtlpLogsProtobuf,
        Self::OtlpLogsJson,
        Self::OtlpMetricsProtobuf,
        Self::OtlpMetricsJson,
        Self::Stats,
    ];

    /// The name, the same in JavaScript.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ndjson => "ndjson",
            Self::Events => "events",
            Self::OtlpTracesProtobuf => "otlp-traces-protobuf",
            Self::OtlpTracesJson => "otlp-traces-json",
            Self::OtlpLogsProtobuf => "otlp-logs-protobuf",
            Self::OtlpLogsJson => "otlp-logs-json",
            Self::OtlpMetricsProtobuf => "otlp-metrics-protobuf",
            Self::OtlpMetricsJson => "otlp-metrics-json",
            Self::Stats => "stats",
        }
    }

    /// The format with this name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|format| format.as_str() == name)
    }

    /// Whether the format carries events of `kind`.
    #[inline(always)]
    #[must_use]
    pub fn accepts(self, kind: EventKind) -> bool {
        match self {
            Self::Ndjson | Self::Events => true,
            Self::OtlpTracesProtobuf | Self::OtlpTracesJson => kind != EventKind::Evt,
            Self::OtlpLogsProtobuf | Self::OtlpLogsJson => kind == EventKind::Evt,
            Self::OtlpMetricsProtobuf | Self::OtlpMetricsJson | Self::Stats => false,
        }
    }

    /// Whether the format carries events of `kind`, as events or as what is measured of them.
    #[must_use]
    pub fn carries(self, kind: EventKind) -> bool {
        match self {
            Self::OtlpMetricsProtobuf | Self::OtlpMetricsJson => {
                matches!(kind, EventKind::Req | EventKind::Db)
            }
            Self::Stats => kind != EventKind::Evt,
            _ => self.accepts(kind),
        }
    }

    /// Whether a batch holds what was accumulated of events instead of events. They are measured before sampling.
    #[must_use]
    pub fn is_metrics(self) -> bool {
        matches!(self, Self::OtlpMetricsProtobuf | Self::OtlpMetricsJson | Self::Stats)
    }
}
