//! The configuration of a collector.

mod limit;
mod sampling;
mod sink;

pub use limit::Limit;
pub use sampling::{DEFAULT_ERROR_THRESHOLD, KeepSlow, SamplingOptions};
pub use sink::{SinkOptions, Temporality};

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
    /// The failures in a row that disable a sink: at least 1, default 5. `None`: no sink is ever disabled.
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
    /// The most attribute sets of the program's metrics: 1 … 4096, default 512. Further sets are counted together, by metric.
    pub metric_series: usize,
    /// Attributes of requests that also split `http.server.request.duration`, at most 3. Default none.
    pub labels: Vec<String>,
    /// The HTTP methods that are known, in their case, separated by commas; any other is `_OTHER` in OTLP and Prometheus.
    /// Default: those of RFC 9110, and PATCH.
    pub methods: String,
    /// Which requests are recorded.
    pub sampling: SamplingOptions,
    /// The service that is measured. It is part of every batch.
    pub service: Service,
    /// OpenTelemetry resource attributes, each key once. Default none. They are part of every OTLP batch.
    pub resource: Vec<(String, String)>,
    /// The sinks, at most 16. The place of a sink in this list is its index.
    pub sinks: Vec<SinkOptions>,
}

/// A numeric field of [`Config`].
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// The range of its values.
    pub limit: Limit,
    /// Reads the value in force. `None`: the field has no number.
    pub get: fn(&Config) -> Option<f64>,
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
            metric_series: 512,
            labels: Vec::new(),
            methods: METHODS.into(),
            sampling: SamplingOptions::default(),
            service: Service::default(),
            resource: Vec::new(),
            sinks: Vec::new(),
        }
    }
}

const METHODS: &str = "GET,POST,PUT,DELETE,HEAD,OPTIONS,PATCH,CONNECT,TRACE";

impl Config {
    /// The field `queue_size`.
    pub const QUEUE_SIZE: &Field =
        &Field { limit: Limit::count(1.0, 1_048_576.0), get: |c| Some(c.queue_size as f64) };
    /// The field `queue_bytes`.
    pub const QUEUE_BYTES: &Field =
        &Field { limit: Limit::count(16_384.0, 67_108_864.0), get: |c| Some(c.queue_bytes as f64) };
    /// The field `flush_interval_ms`.
    pub const FLUSH_INTERVAL_MS: &Field =
        &Field { limit: Limit::number(0.0, HOUR_MS), get: |c| Some(c.flush_interval_ms) };
    /// The field `batch_max`.
    pub const BATCH_MAX: &Field =
        &Field { limit: Limit::count(1.0, 65_536.0), get: |c| Some(c.batch_max as f64) };
    /// The field `max_consecutive_sink_failures`.
    pub const MAX_CONSECUTIVE_SINK_FAILURES: &Field = &Field {
        limit: Limit::count(1.0, f64::INFINITY),
        get: |c| c.max_consecutive_sink_failures.map(f64::from),
    };
    /// The field `close_timeout_ms`.
    pub const CLOSE_TIMEOUT_MS: &Field =
        &Field { limit: Limit::number(0.0, HOUR_MS), get: |c| Some(c.close_timeout_ms) };
    /// The field `flush_deadline_ms`.
    pub const FLUSH_DEADLINE_MS: &Field =
        &Field { limit: Limit::number(1.0, HOUR_MS), get: |c| Some(c.flush_deadline_ms) };
    /// The field `lease_ms`.
    pub const LEASE_MS: &Field =
        &Field { limit: Limit::number(1.0, 2.0 * HOUR_MS), get: |c| Some(c.lease()) };
    /// The field `retry_base_ms`.
    pub const RETRY_BASE_MS: &Field =
        &Field { limit: Limit::number(1.0, HOUR_MS), get: |c| Some(c.retry_base_ms) };
    /// The field `retry_max_ms`.
    pub const RETRY_MAX_MS: &Field =
        &Field { limit: Limit::number(1.0, HOUR_MS), get: |c| Some(c.retry_max_ms) };
    /// The field `sink_probe_ms`.
    pub const SINK_PROBE_MS: &Field =
        &Field { limit: Limit::number(1.0, f64::INFINITY), get: |c| c.sink_probe_ms };
    /// The field `stats_series`.
    pub const STATS_SERIES: &Field =
        &Field { limit: Limit::count(1.0, 1024.0), get: |c| Some(c.stats_series as f64) };
    /// The field `metric_series`.
    pub const METRIC_SERIES: &Field =
        &Field { limit: Limit::count(1.0, 4096.0), get: |c| Some(c.metric_series as f64) };
    /// The most labels.
    pub const MAX_LABELS: usize = 3;
    /// The most metrics sinks.
    pub const MAX_METRICS_SINKS: usize = 4;
    /// The most sinks.
    pub const MAX_SINKS: usize = sink::MAX_SINKS;

    /// Checks every field. The sampling rules are compiled, and checked, by
    /// [`Collector::new`](crate::engine::Collector::new).
    ///
    /// # Errors
    /// - [`ErrorKind::OutOfRange`] for a number outside its limit; the message names the field, its value and its limit
    /// - [`ErrorKind::LeaseMs`] for a lease that is not longer than `flush_deadline_ms`
    /// - [`ErrorKind::Sinks`] for more than 16 sinks, or 4 metrics sinks, and for a sink with a limit out of range
    /// - [`ErrorKind::Labels`] for more than 3 labels, or the same twice
    /// - the errors of [`SamplingOptions::validate`]
    pub fn validate(&self) -> Result<(), Error> {
        for (name, field) in FIELDS {
            if let Some(value) = (field.get)(self) {
                field.limit.check(name, value)?;
            }
        }
        for (at, sink) in self.sinks.iter().enumerate() {
            sink.check(at, ["batch_max", "max_bytes", "interval_ms"])?;
        }
        self.check_relations()
    }

    /// Checks the fields that depend on each other, and the limit for slow requests. The boundary checks each number and
    /// each sink when it is set.
    pub(crate) fn check_relations(&self) -> Result<(), Error> {
        if self.lease() <= self.flush_deadline_ms {
            return Err(self.lease_error("lease_ms", "flush_deadline_ms"));
        }
        if self.sinks.iter().filter(|sink| sink.format.is_metrics()).count() > Self::MAX_METRICS_SINKS {
            return Err(Error::new(ErrorKind::Sinks, &["sinks: at most 4 of metrics are allowed"]));
        }
        if self.labels.len() > Self::MAX_LABELS {
            return Err(Error::new(ErrorKind::Labels, &["labels: at most 3 are allowed"]));
        }
        if self.labels.iter().enumerate().any(|(at, label)| self.labels[..at].contains(label)) {
            return Err(Error::new(ErrorKind::Labels, &["labels: one is given twice"]));
        }
        self.sampling.validate()
    }

    /// The error of a lease that is too short. The arguments are the names of the two options.
    pub(crate) fn lease_error(&self, lease_name: &str, deadline_name: &str) -> Error {
        let [lease, deadline] = [self.lease(), self.flush_deadline_ms].map(number::text);
        let message = [lease_name, " is ", &lease, "; it must exceed ", deadline_name, " (", &deadline, ")"];
        Error::new(ErrorKind::LeaseMs, &message)
    }

    /// The lease in force, in ms: `lease_ms`, or its default.
    #[must_use]
    pub fn lease(&self) -> f64 {
        self.lease_ms.unwrap_or(self.flush_deadline_ms + LEASE_MARGIN_MS)
    }
}

/// All numeric fields, by name.
const FIELDS: [(&str, &Field); 13] = [
    ("queue_size", Config::QUEUE_SIZE),
    ("queue_bytes", Config::QUEUE_BYTES),
    ("flush_interval_ms", Config::FLUSH_INTERVAL_MS),
    ("batch_max", Config::BATCH_MAX),
    ("max_consecutive_sink_failures", Config::MAX_CONSECUTIVE_SINK_FAILURES),
    ("close_timeout_ms", Config::CLOSE_TIMEOUT_MS),
    ("flush_deadline_ms", Config::FLUSH_DEADLINE_MS),
    ("lease_ms", Config::LEASE_MS),
    ("retry_base_ms", Config::RETRY_BASE_MS),
    ("retry_max_ms", Config::RETRY_MAX_MS),
    ("sink_probe_ms", Config::SINK_PROBE_MS),
    ("stats_series", Config::STATS_SERIES),
    ("metric_series", Config::METRIC_SERIES),
];
const HOUR_MS: f64 = 3_600_000.0;
/// The default lease is longer than `flush_deadline_ms` by this time.
const LEASE_MARGIN_MS: f64 = 1000.0;
