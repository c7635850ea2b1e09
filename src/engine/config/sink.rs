//! The options of one sink.

use crate::engine::error::{Error, ErrorKind};
use crate::engine::event::Format;
use crate::engine::text::number::text;

/// What the batches of a metrics sink hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Temporality {
    /// What was measured since the batch before.
    #[default]
    Delta,
    /// What was measured since the start. Attribute sets stay: the first that fit are counted until the end.
    Cumulative,
}

/// The options of one sink. How it sends is not the engine's concern.
///
/// # Examples
/// ```
/// use tidegate::engine::{Format, SinkOptions};
///
/// let sink = SinkOptions { max_bytes: Some(1_000_000), ..SinkOptions::new("log", Format::Ndjson) };
/// assert_eq!(sink.batch_max, None);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct SinkOptions {
    /// A name for people, in counters and notices. It need not be unique.
    pub name: String,
    /// The wire format. It decides which kinds of event the sink takes.
    pub format: Format,
    /// The most events of a batch, at least 1. Default `None`: [`Config::batch_max`](super::Config::batch_max).
    pub batch_max: Option<u32>,
    /// The most bytes of an encoded batch, at least 1. Default `None`: no limit. The host applies it.
    pub max_bytes: Option<u32>,
    /// How long an event waits at most until a batch is due, in ms: 0 … 1 h. Default `None`:
    /// [`Config::flush_interval_ms`](super::Config::flush_interval_ms). For metrics 10 s are usual, for a hub 5 s.
    pub interval_ms: Option<f64>,
    /// Of a sink of OTLP metrics: what its batches hold. Default [`Temporality::Delta`].
    pub temporality: Temporality,
}

impl SinkOptions {
    /// A sink called `name` of `format`, without limits of its own.
    #[must_use]
    pub fn new(name: impl Into<String>, format: Format) -> Self {
        let temporality = Temporality::default();
        Self { name: name.into(), format, batch_max: None, max_bytes: None, interval_ms: None, temporality }
    }

    /// Checks the sink with index `at`. The names are those of `batch_max`, `max_bytes` and `interval_ms`.
    pub(crate) fn check(&self, at: usize, [batch_max, max_bytes, interval]: [&str; 3]) -> Result<(), Error> {
        if at == MAX_SINKS {
            return Err(Error::new(ErrorKind::Sinks, &["sinks: at most 16 are allowed"]));
        }
        let refuse = |name: &str, why: &str| {
            Err(Error::new(ErrorKind::Sinks, &["sinks[", &text(at as f64), "].", name, " must be ", why]))
        };
        for (name, limit) in [(batch_max, self.batch_max), (max_bytes, self.max_bytes)] {
            if limit == Some(0) {
                return refuse(name, "at least 1");
            }
        }
        if !(0.0..=3_600_000.0).contains(&self.interval_ms.unwrap_or(0.0)) {
            return refuse(interval, "a number from 0 to 3600000");
        }
        Ok(())
    }
}

/// The most sinks of a collector.
pub(super) const MAX_SINKS: usize = 16;
