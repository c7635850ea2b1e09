//! The configuration of a collector.

mod limit;
mod sampling;
mod sink;

pub use limit::Limit;
pub use sampling::{DEFAULT_ERROR_THRESHOLD, KeepSlow, SamplingOptions};
pub use sink::SinkOptions;

use super::error::{Error, ErrorKind};
use super::text::number;

/// The configuration of a [`Collector`](crate::engine::Collector).
///
/// Every field has a default; set the others by struct update. [`Collector::new`](crate::engine::Collector::new) checks
/// all limits.
///
/// # Examples
/// ```
/// use tidegate::engine::{Collector, Config, Format, SinkOptions};
///
/// let config = Config {
///     queue_size: 512,
///     sinks: vec![SinkOptions::new("log", Format::Ndjson)],
///     ..Config::default()
/// };
/// let collector = Collector::new(config)?;
/// assert_eq!(collector.config().lease(), 3000.0);
///
/// let config = Config { queue_size: 0, ..Config::default() };
/// assert_eq!(
///     config.validate().unwrap_err().message(),
///     "queue_size is 0; it must be a whole number from 1 to 1048576"
/// );
/// # Ok::<(), tidegate::engine::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The most events in the queue: 1 … 1 048 576, default 2048. When the queue is full, its oldest event is dropped.
    pub queue_size: usize,
    /// The most payload bytes in the queue: 16 KiB … 64 MiB, default 1 MiB. When they are used up, the oldest event is
    /// dropped.
    pub queue_bytes: usize,
    /// How long an event waits at most until a batch is due, in ms: 0 … 1 h, default 500.
    pub flush_interval_ms: f64,
    /// The number of events that makes a batch due at once, and the most events of a batch: 1 … 65 536, default 256.
    pub batch_max: usize,
    /// The failures in a row that disable a sink: 1 … 1 000 000, default 5. `None`: no sink is ever disabled.
    pub max_consecutive_sink_failures: Option<u32>,
    /// The time that closing may take, in ms: 0 … 1 h, default 2000. The host applies it.
    pub close_timeout_ms: f64,
    /// The time that sending one batch may take, in ms: 1 ms … 1 h, default 2000. The host applies it; it is also the
    /// default deadline of [`Collector::flush`](crate::engine::Collector::flush).
    pub flush_deadline_ms: f64,
    /// How long a batch is leased, in ms: 1 ms … 2 h, longer than `flush_deadline_ms`. Default `None`:
    /// `flush_deadline_ms` + 1000. After that time the batch is handed out again.
    pub lease_ms: Option<f64>,
    /// The first step of the exponential backoff, in ms: 1 ms … 1 h, default 250.
    pub retry_base_ms: f64,
    /// The longest backoff, in ms: 1 ms … 1 h, default 30 000.
    pub retry_max_ms: f64,
    /// How long a disabled sink waits until one batch probes it, in ms: at least 1, default 30 000. The time doubles with
    /// each failed probe, up to 10 min. `None`: a disabled sink stays disabled, and drops its events.
    pub sink_probe_ms: Option<f64>,
    /// The most series in the statistics: 1 … 1024, default 128. Further series are counted together.
    pub stats_series: usize,
    /// Which requests are recorded.
    pub sampling: SamplingOptions,
    /// The service that is measured. It is part of every batch.
    pub service: Service,
    /// OpenTelemetry resource attributes, each key once. Default none. They are part of every OTLP batch.
    pub resource: Vec<(String, String)>,
    /// The sinks, at most 16. The place of a sink in this list is its index.
    pub sinks: Vec<SinkOptions>,
}

/// The service that is measured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Service {
    /// Its name. Default `None`.
    pub name: Option<String>,
    /// Its version. Default `None`.
    pub version: Option<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            queue_size: 2048,
            queue_bytes: 1 << 20,
            flush_interval_ms: 500.0,
            batch_max: 256,
            max_consecutive_sink_failures: Some(5),
            close_timeout_ms: 2000.0,
            flush_deadline_ms: 2000.0,
            lease_ms: None,
            retry_base_ms: 250.0,
            retry_max_ms: 30_000.0,
            sink_probe_ms: Some(30_000.0),
            stats_series: 128,
            sampling: SamplingOptions::default(),
            service: Service::default(),
            resource: Vec::new(),
            sinks: Vec::new(),
        }
    }
}

impl Config {
    /// The limit of `queue_size`.
    pub const QUEUE_SIZE: Limit = Limit::count(1.0, 1_048_576.0);
    /// The limit of `queue_bytes`.
    pub const QUEUE_BYTES: Limit = Limit::count(16_384.0, 67_108_864.0);
    /// The limit of `flush_interval_ms`.
    pub const FLUSH_INTERVAL_MS: Limit = Limit::number(0.0, HOUR_MS);
    /// The limit of `batch_max`.
    pub const BATCH_MAX: Limit = Limit::count(1.0, 65_536.0);
    /// The limit of `max_consecutive_sink_failures`.
    pub const MAX_CONSECUTIVE_SINK_FAILURES: Limit = Limit::count(1.0, 1_000_000.0);
    /// The limit of `close_timeout_ms`.
    pub const CLOSE_TIMEOUT_MS: Limit = Limit::number(0.0, HOUR_MS);
    /// The limit of `flush_deadline_ms`.
    pub const FLUSH_DEADLINE_MS: Limit = Limit::number(1.0, HOUR_MS);
    /// The limit of `lease_ms`.
    pub const LEASE_MS: Limit = Limit::number(1.0, 2.0 * HOUR_MS);
    /// The limit of `retry_base_ms`.
    pub const RETRY_BASE_MS: Limit = Limit::number(1.0, HOUR_MS);
    /// The limit of `retry_max_ms`.
    pub const RETRY_MAX_MS: Limit = Limit::number(1.0, HOUR_MS);
    /// The limit of `sink_probe_ms`.
    pub const SINK_PROBE_MS: Limit = Limit::number(1.0, f64::INFINITY);
    /// The limit of `stats_series`.
    pub const STATS_SERIES: Limit = Limit::count(1.0, 1024.0);
    /// The most sinks.
    pub const MAX_SINKS: usize = 16;

    /// Checks every field. The sampling rules are compiled, and checked, by
    /// [`Collector::new`](crate::engine::Collector::new).
    ///
    /// # Errors
    /// - [`ErrorKind::OutOfRange`] for a number outside its limit; the message names the field, its value and its limit
    /// - [`ErrorKind::LeaseMs`] for a lease that is not longer than `flush_deadline_ms`
    /// - [`ErrorKind::Sinks`] for more than 16 sinks, or a sink whose limit is 0
    /// - the errors of [`SamplingOptions::validate`]
    pub fn validate(&self) -> Result<(), Error> {
        for (field, value, limit) in self.numbers() {
            if let Some(value) = value {
                limit.check(field, value)?;
            }
        }
        let (lease, deadline) = (self.lease(), self.flush_deadline_ms);
        if lease <= deadline {
            let [lease, deadline] = [lease, deadline].map(number::text);
            let message = ["lease_ms is ", &lease, "; it must exceed flush_deadline_ms (", &deadline, ")"];
            return Err(Error::new(ErrorKind::LeaseMs, &message));
        }
        if self.sinks.len() > Self::MAX_SINKS {
            let max = number::text(Self::MAX_SINKS as f64);
            return Err(Error::new(ErrorKind::Sinks, &["sinks: at most ", &max, " are allowed"]));
        }
        self.sinks.iter().enumerate().try_for_each(|(at, sink)| sink.validate(at))?;
        self.sampling.validate()
    }

    /// The lease in force, in ms: `lease_ms`, or its default.
    #[must_use]
    pub fn lease(&self) -> f64 {
        self.lease_ms.unwrap_or(self.flush_deadline_ms + LEASE_MARGIN_MS)
    }

    fn numbers(&self) -> [(&'static str, Option<f64>, Limit); 12] {
        let count = |count: usize| Some(count as f64);
        let failures = self.max_consecutive_sink_failures.map(f64::from);
        [
            ("queue_size", count(self.queue_size), Self::QUEUE_SIZE),
            ("queue_bytes", count(self.queue_bytes), Self::QUEUE_BYTES),
            ("flush_interval_ms", Some(self.flush_interval_ms), Self::FLUSH_INTERVAL_MS),
            ("batch_max", count(self.batch_max), Self::BATCH_MAX),
            ("max_consecutive_sink_failures", failures, Self::MAX_CONSECUTIVE_SINK_FAILURES),
            ("close_timeout_ms", Some(self.close_timeout_ms), Self::CLOSE_TIMEOUT_MS),
            ("flush_deadline_ms", Some(self.flush_deadline_ms), Self::FLUSH_DEADLINE_MS),
            ("lease_ms", self.lease_ms, Self::LEASE_MS),
            ("retry_base_ms", Some(self.retry_base_ms), Self::RETRY_BASE_MS),
            ("retry_max_ms", Some(self.retry_max_ms), Self::RETRY_MAX_MS),
            ("sink_probe_ms", self.sink_probe_ms, Self::SINK_PROBE_MS),
            ("stats_series", count(self.stats_series), Self::STATS_SERIES),
        ]
    }
}

const HOUR_MS: f64 = 3_600_000.0;
/// The default lease is longer than `flush_deadline_ms` by this time.
const LEASE_MARGIN_MS: f64 = 1000.0;
