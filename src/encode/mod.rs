//! Encoders: pure writers of a batch into a caller's buffer. They decide nothing.

pub(crate) mod json;
pub mod ndjson;
pub mod otlp;
pub mod prometheus;

use crate::engine::{Batch, Format};
use otlp::Form;

/// Writes `batch` in `format` after what `out` holds already.
pub fn encode(format: Format, batch: &Batch<'_>, out: &mut Vec<u8>) {
    match format {
        Format::Ndjson | Format::Events => ndjson::encode(batch, out),
        Format::OtlpTracesProtobuf => otlp::traces(batch, Form::Protobuf, out),
        Format::OtlpTracesJson => otlp::traces(batch, Form::Json, out),
        Format::OtlpLogsProtobuf => otlp::logs(batch, Form::Protobuf, out),
        Format::OtlpLogsJson => otlp::logs(batch, Form::Json, out),
        Format::OtlpMetricsProtobuf => otlp::metrics(batch, Form::Protobuf, out),
        Format::OtlpMetricsJson => otlp::metrics(batch, Form::Json, out),
    }
}
