//! The wire formats: names, and the kinds of event each carries. Without the feature `full` there are three.

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
    #[cfg(feature = "full")]
    OtlpTracesJson,
    /// OTLP log records, in protobuf.
    #[cfg(feature = "full")]
    OtlpLogsProtobuf,
    /// OTLP log records, in JSON.
    #[cfg(feature = "full")]
    OtlpLogsJson,
    /// OTLP metrics, in protobuf. A sink of it reads no events: it accumulates.
    #[cfg(feature = "full")]
    OtlpMetricsProtobuf,
    /// OTLP metrics, in JSON.
    #[cfg(feature = "full")]
    OtlpMetricsJson,
}

impl Format {
    /// Every format.
    pub const ALL: &[Self] = &[
        Self::Ndjson,
        Self::Events,
        Self::OtlpTracesProtobuf,
        #[cfg(feature = "full")]
        Self::OtlpTracesJson,
        #[cfg(feature = "full")]
        Self::OtlpLogsProtobuf,
        #[cfg(feature = "full")]
        Self::OtlpLogsJson,
        #[cfg(feature = "full")]
        Self::OtlpMetricsProtobuf,
        #[cfg(feature = "full")]
        Self::OtlpMetricsJson,
    ];

    /// The name in JavaScript.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ndjson => "ndjson",
            Self::Events => "events",
            Self::OtlpTracesProtobuf => "otlp-traces-protobuf",
            #[cfg(feature = "full")]
            Self::OtlpTracesJson => "otlp-traces-json",
            #[cfg(feature = "full")]
            Self::OtlpLogsProtobuf => "otlp-logs-protobuf",
            #[cfg(feature = "full")]
            Self::OtlpLogsJson => "otlp-logs-json",
            #[cfg(feature = "full")]
            Self::OtlpMetricsProtobuf => "otlp-metrics-protobuf",
            #[cfg(feature = "full")]
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
            Self::OtlpTracesProtobuf => kind != EventKind::Evt,
            #[cfg(feature = "full")]
            Self::OtlpTracesJson => kind != EventKind::Evt,
            #[cfg(feature = "full")]
            Self::OtlpLogsProtobuf | Self::OtlpLogsJson => kind == EventKind::Evt,
            #[cfg(feature = "full")]
            Self::OtlpMetricsProtobuf | Self::OtlpMetricsJson => false,
        }
    }

    /// Whether the format carries measurements, accumulated before sampling, instead of events.
    #[must_use]
    pub fn is_metrics(self) -> bool {
        #[cfg(feature = "full")]
        return matches!(self, Self::OtlpMetricsProtobuf | Self::OtlpMetricsJson);
        #[cfg(not(feature = "full"))]
        false
    }
}
