//! The options of one sink.

use super::limit::Limit;
use crate::engine::error::Error;
use crate::engine::event::Format;

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
}

impl SinkOptions {
    /// A sink called `name` of `format`, without limits of its own.
    #[must_use]
    pub fn new(name: impl Into<String>, format: Format) -> Self {
        Self { name: name.into(), format, batch_max: None, max_bytes: None }
    }

    /// Checks `batch_max` and `max_bytes`.
    pub(super) fn validate(&self) -> Result<(), Error> {
        for (name, value) in [("sinks.batch_max", self.batch_max), ("sinks.max_bytes", self.max_bytes)] {
            AT_LEAST_ONE.check(name, f64::from(value.unwrap_or(1)))?;
        }
        Ok(())
    }
}

const AT_LEAST_ONE: Limit = Limit::count(1.0, u32::MAX as f64);
