//! Options, parsed once: names, defaults, ranges. After this a `Config` is sound.

mod sampling;

pub use sampling::{DEFAULT_ERROR_THRESHOLD, KeepSlow, SamplingOptions};

use super::decimal;
use super::error::{Error, ErrorKind};
use super::event::Format;

/// A collector's configuration: every numeric option of [`OPTIONS`], the sampling options and the sinks.
#[derive(Clone, Debug)]
pub struct Config {
    values: [f64; OPTIONS.len()],
    /// What is kept; see [`SamplingOptions`].
    pub sampling: SamplingOptions,
    /// Who is measured; goes with every batch.
    pub service: Service,
    /// Where it runs: OpenTelemetry resource attributes by key, each key once. Goes with every OTLP batch.
    pub resource: Vec<(String, String)>,
    sinks: Vec<SinkOptions>,
}

/// The service that is measured, if it has told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Service {
    /// Its name.
    pub name: Option<String>,
    /// Its version.
    pub version: Option<String>,
}

/// What the engine knows of a sink: all but how it sends.
#[derive(Clone, Debug, PartialEq)]
pub struct SinkOptions {
    /// A name for people, in counters and notices.
    pub name: String,
    /// The wire format, which decides the kinds of event the sink accepts.
    pub format: Format,
    /// The most events a batch holds; default: the option `batchMax`.
    pub batch_max: Option<u32>,
    /// The most bytes an encoded batch may have; default: no limit.
    pub max_bytes: Option<u32>,
}

/// One numeric option: its public name, its error code, its default and its range (inclusive).
#[derive(Clone, Copy, Debug)]
pub struct NumberOption {
    /// The name in JavaScript.
    pub name: &'static str,
    /// The code of the error when out of range.
    pub code: &'static str,
    /// The value if none is set; NaN: it follows another option.
    pub default: f64,
    /// The least value allowed.
    pub min: f64,
    /// The greatest value allowed.
    pub max: f64,
    /// Whether only whole numbers are allowed.
    pub whole: bool,
}

/// The position of each option in [`OPTIONS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Number {
    /// The most events the queue holds. Default 2048.
    QueueSize,
    /// The most attribute bytes the queue holds. Default 1 MiB.
    QueueBytes,
    /// The longest an event waits before a flush is due, in ms. Default 500.
    FlushIntervalMs,
    /// The events that make a flush due at once, and the most a batch holds. Default 256.
    BatchMax,
    /// The failures in a row after which a sink is disabled. Default 5.
    MaxConsecutiveSinkFailures,
    /// The budget of `close`, in ms. Default 2000.
    CloseTimeoutMs,
    /// The end-to-end budget for sending one batch, in ms. Default 2000.
    FlushDeadlineMs,
    /// How long a batch stays handed out before it is taken back, in ms. Default `flushDeadlineMs` + 1000.
    LeaseMs,
    /// The first step of the exponential backoff, in ms. Default 250.
    RetryBaseMs,
    /// The longest backoff, in ms. Default 30000.
    RetryMaxMs,
    /// How long a disabled sink rests before one batch probes it, in ms. Default 30000; infinite: for good.
    SinkProbeMs,
    /// The most statistics rows beside the total. Default 128.
    StatsSeries,
}

const HOUR_MS: f64 = 3_600_000.0;

/// Every numeric option, in the order of [`Number`].
pub const OPTIONS: [NumberOption; 12] = [
    whole("queueSize", "config/queue-size", 2048.0, 1.0, 1_048_576.0),
    whole("queueBytes", "config/queue-bytes", 1_048_576.0, 16_384.0, 67_108_864.0),
    number("flushIntervalMs", "config/flush-interval-ms", 500.0, 0.0, HOUR_MS),
    whole("batchMax", "config/batch-max", 256.0, 1.0, 65_536.0),
    whole("maxConsecutiveSinkFailures", "config/max-consecutive-sink-failures", 5.0, 1.0, 1_000_000.0),
    number("closeTimeoutMs", "config/close-timeout-ms", 2000.0, 0.0, HOUR_MS),
    number("flushDeadlineMs", "config/flush-deadline-ms", 2000.0, 1.0, HOUR_MS),
    number("leaseMs", "config/lease-ms", f64::NAN, 1.0, 2.0 * HOUR_MS),
    number("retryBaseMs", "config/retry-base-ms", 250.0, 1.0, HOUR_MS),
    number("retryMaxMs", "config/retry-max-ms", 30_000.0, 1.0, HOUR_MS),
    number("sinkProbeMs", "config/sink-probe-ms", 30_000.0, 1.0, f64::INFINITY),
    whole("statsSeries", "config/stats-series", 128.0, 1.0, 1024.0),
];

impl Default for Config {
    fn default() -> Self {
        Self {
            values: OPTIONS.map(|option| option.default),
            sampling: SamplingOptions::default(),
            service: Service::default(),
            resource: Vec::new(),
            sinks: Vec::new(),
        }
    }
}

impl Config {
    /// Sets the numeric option called `name`.
    ///
    /// # Errors
    /// `config/unknown-option`, or the option's own code when `value` is out of range.
    pub fn set(&mut self, name: &str, value: f64) -> Result<(), Error> {
        let Some(at) = OPTIONS.iter().position(|option| option.name == name) else {
            return Err(Error::new(ErrorKind::UnknownOption, &[name, " is not an option"]));
        };
        OPTIONS[at].check(value)?;
        self.values[at] = value;
        Ok(())
    }

    /// The value in force of one option.
    #[must_use]
    pub fn get(&self, number: Number) -> f64 {
        let value = self.values[number as usize];
        if value.is_nan() { self.get(Number::FlushDeadlineMs) + LEASE_MARGIN_MS } else { value }
    }

    /// The value in force of the option called `name`, if there is one.
    #[must_use]
    pub fn get_by_name(&self, name: &str) -> Option<f64> {
        OPTIONS.iter().position(|option| option.name == name).map(|at| {
            let value = self.values[at];
            if value.is_nan() { self.get(Number::LeaseMs) } else { value }
        })
    }

    /// Adds a sink; its index is its place in this order.
    ///
    /// # Errors
    /// `config/sink` when the batch limits are 0 or there are more than 16 sinks.
    pub fn add_sink(&mut self, sink: SinkOptions) -> Result<(), Error> {
        let at = self.sinks.len();
        if at == MAX_SINKS {
            let max = decimal::text(MAX_SINKS as f64);
            return Err(Error::new(ErrorKind::Sink, &["sinks: at most ", &max, " are allowed"]));
        }
        for (name, limit) in [("batchMax", sink.batch_max), ("maxBytes", sink.max_bytes)] {
            if limit == Some(0) {
                let at = decimal::text(at as f64);
                return Err(Error::new(ErrorKind::Sink, &["sinks[", &at, "].", name, " must be at least 1"]));
            }
        }
        self.sinks.push(sink);
        Ok(())
    }

    /// The sinks in order.
    #[must_use]
    pub fn sinks(&self) -> &[SinkOptions] {
        &self.sinks
    }

    /// Checks what one option alone cannot.
    ///
    /// # Errors
    /// `config/lease-ms` when a lease would end before the send it covers.
    pub fn validate(&self) -> Result<(), Error> {
        let (lease, deadline) = (self.get(Number::LeaseMs), self.get(Number::FlushDeadlineMs));
        if lease <= deadline {
            let [lease, deadline] = [lease, deadline].map(decimal::text);
            let message = ["leaseMs is ", &lease, "; it must exceed flushDeadlineMs (", &deadline, ")"];
            return Err(Error::new(ErrorKind::Option(OPTIONS[Number::LeaseMs as usize].code), &message));
        }
        Ok(())
    }
}

impl NumberOption {
    /// # Errors
    /// This option's code when `value` is out of range, with the range.
    pub(crate) fn check(&self, value: f64) -> Result<(), Error> {
        let Self { name, code, min, max, whole, .. } = *self;
        if value >= min && value <= max && (!whole || value.fract() == 0.0) {
            return Ok(());
        }
        let what = if whole { "a whole number" } else { "a number" };
        let [value, min, max] = [value, min, max].map(decimal::text);
        let message = [name, " is ", &value, "; it must be ", what, " from ", &min, " to ", &max];
        Err(Error::new(ErrorKind::Option(code), &message))
    }
}

pub(crate) const fn number(
    name: &'static str,
    code: &'static str,
    default: f64,
    min: f64,
    max: f64,
) -> NumberOption {
    NumberOption { name, code, default, min, max, whole: false }
}

pub(crate) const fn whole(
    name: &'static str,
    code: &'static str,
    default: f64,
    min: f64,
    max: f64,
) -> NumberOption {
    NumberOption { whole: true, ..number(name, code, default, min, max) }
}

/// A lease nobody set outlives the send it covers by this much.
const LEASE_MARGIN_MS: f64 = 1000.0;
const MAX_SINKS: usize = 16;
