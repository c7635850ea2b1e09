//! Encoders: they write a batch into the caller's buffer. They make no decisions.

mod exceptions;
mod json;
mod ndjson;
pub mod otlp;
pub mod prometheus;
mod stats;
mod style;
mod template;
mod time;

pub use exceptions::encode as exceptions;

use crate::engine::{Batch, Format};
use otlp::Form;
use style::Style;
use template::Templates;

/// Writes the batches of one sink.
///
/// It remembers what events have in common, in at most 128 KiB. The bytes it writes do not depend on what it remembers.
///
/// # Examples
/// ```
/// use tidegate::encode::Encoder;
/// use tidegate::engine::{Collector, Config, Event, EventKind, Format, SinkOptions};
///
/// let sinks = vec![SinkOptions::new("log", Format::Ndjson)];
/// let mut collector = Collector::new(Config { sinks, ..Config::default() })?;
/// collector.seed_entropy([42; 64]);
/// let now = 1_767_225_600_000.0;
/// collector.record(&Event::new(EventKind::Fn, "resize", now), None, now);
/// collector.flush(f64::NAN, now);
///
/// let (mut encoder, mut bytes) = (Encoder::new(Format::Ndjson), Vec::new());
/// if let Some(transmit) = collector.poll_transmit(now) {
///     encoder.encode(&collector.batch(transmit), &mut bytes);
/// }
/// assert!(bytes.starts_with(br#"{"kind":"FN","ts":1767225600000,"fn":"resize","#));
/// # Ok::<(), tidegate::engine::Error>(())
/// ```
#[derive(Debug)]
pub struct Encoder {
    format: Format,
    templates: Templates,
}

impl Encoder {
    /// An encoder for a sink of `format`.
    #[must_use]
    pub fn new(format: Format) -> Self {
        let style = match format {
            Format::Ndjson | Format::Events => Style::Milliseconds,
            Format::OtlpTracesJson => Style::Nanoseconds,
            _ => Style::Binary,
        };
        Self { format, templates: Templates::new(style) }
    }

    /// Appends the bytes of `batch` to `out`. `batch` must have the format of this encoder.
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
            Format::Stats => stats::encode(batch, out),
        }
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;
