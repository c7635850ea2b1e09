//! The options of one sink.

use crate::engine::error::{Error, ErrorKind};
use crate::engine::event::Format;
use crate::engine::text::number::text;

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

    /// Checks the sink with index `at`. The names are those of `batch_max` and `max_bytes`.
    pub(crate) fn check(&self, at: usize, [batch_max, max_bytes]: [&str; 2]) -> Result<(), Error> {
        if at == MAX_SINKS {
            return Err(Error::new(ErrorKind::Sinks, &["sinks: at most 16 are allowed"]));
        }
        for (name, limit) in [(batch_max, self.batch_max), (max_bytes, self.max_bytes)] {
            if limit == Some(0) {
                let at = text(at as f64);
                return Err(Error::new(
                    ErrorKind::Sinks,
                    &["sinks[", &at, "].", name, " must be at least 1"],
                ));
            }
        }
        Ok(())
    }
}

/// The most sinks of a collector.
pub(super) const MAX_SINKS: usize = 16;
