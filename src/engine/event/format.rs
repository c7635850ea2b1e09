//! The wire formats: names, and the kinds of event each carries.

use super::EventKind;

/// The wire formats a sink may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a line, for any receiver.
    Ndjson,
    /// The same objects, handed over as objects.
    Events,
    /// OTLP spans, in protobuf.
    OtlpTracesProtobuf,
    /// OTLP spans, in JSON.
    OtlpTracesJson,
    /// OTLP log records, in protobuf.
    OtlpLogsProtobuf,
    /// OTLP log records, in JSON.
    OtlpLogsJson,
    /// OTLP metrics, in protobuf. A sink of it reads no events: it accumulates.
    OtlpMetricsProtobuf,
    /// OTLP metrics, in JSON.
    OtlpMetricsJson,
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
    ];

    /// The name in JavaScript.
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
        }
    }

    /// The format called `name`.
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
            Self::OtlpMetricsProtobuf | Self::OtlpMetricsJson => false,
        }
    }

    /// Whether the format carries measurements, accumulated before sampling, instead of events.
    #[must_use]
    pub fn is_metrics(self) -> bool {
        matches!(self, Self::OtlpMetricsProtobuf | Self::OtlpMetricsJson)
    }
}
