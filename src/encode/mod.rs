//! Encoders: pure writers of a batch into a caller's buffer. They decide nothing.

pub(crate) mod json;
pub mod ndjson;
pub mod otlp;
pub mod prometheus;
mod template;

use crate::engine::{Batch, Format};
use otlp::Form;
use template::{Style, Templates};

/// Writes the batches of one sink. It keeps what events have in common: at most 128 KiB, for whoever sends many.
#[derive(Debug)]
pub struct Encoder {
    format: Format,
    templates: Templates,
}

impl Encoder {
    /// An encoder of `format` that has written nothing yet.
    #[must_use]
    pub fn new(format: Format) -> Self {
        let style = match format {
            Format::Ndjson | Format::Events => Style::Milliseconds,
            Format::OtlpTracesJson => Style::Nanoseconds,
            _ => Style::Binary,
        };
        Self { format, templates: Templates::new(style) }
    }

    /// Writes `batch` after what `out` holds already. The bytes are the same, whatever was written before.
    pub fn encode(&mut self, batch: &Batch<'_>, out: &mut Vec<u8>) {
        let templates = &mut self.templates;
        templates.begin(batch.renamings());
        match self.format {
            Format::Ndjson | Format::Events => ndjson::encode(batch, templates, out),
            Format::OtlpTracesProtobuf => otlp::traces(batch, Form::Protobuf, templates, out),
            Format::OtlpTracesJson => otlp::traces(batch, Form::Json, templates, out),
            Format::OtlpLogsProtobuf => otlp::logs(batch, Form::Protobuf, out),
            Format::OtlpLogsJson => otlp::logs(batch, Form::Json, out),
            Format::OtlpMetricsProtobuf => otlp::metrics(batch, Form::Protobuf, out),
            Format::OtlpMetricsJson => otlp::metrics(batch, Form::Json, out),
        }
    }
}
