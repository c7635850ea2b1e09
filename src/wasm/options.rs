//! The numeric options: one table of their names in JavaScript, their error codes, their ranges, and how to set and read
//! them. And the error codes of all other options.

use crate::engine::config::{Config, Field, Limit};
use crate::engine::{Error, ErrorKind};

/// A numeric option.
pub(super) struct NumberOption {
    /// The name in messages. The options of sampling have their path in front.
    path: &'static str,
    /// The code of the error if the value is out of range.
    code: &'static str,
    /// Its range, and how to read it.
    field: &'static Field,
    set: fn(&mut Config, f64),
}

/// All numeric options: path, code, field, and how to set it.
const NUMBERS: [NumberOption; 15] = [
    number("queueSize", "config/queue-size", Config::QUEUE_SIZE, |c, v| c.queue_size = v as usize),
    number("queueBytes", "config/queue-bytes", Config::QUEUE_BYTES, |c, v| c.queue_bytes = v as usize),
    number("flushIntervalMs", "config/flush-interval-ms", Config::FLUSH_INTERVAL_MS, |c, v| {
        c.flush_interval_ms = v;
    }),
    number("batchMax", "config/batch-max", Config::BATCH_MAX, |c, v| c.batch_max = v as usize),
    number(
        "maxConsecutiveSinkFailures",
        "config/max-consecutive-sink-failures",
        Config::MAX_CONSECUTIVE_SINK_FAILURES,
        // Infinity: a sink is never disabled.
        |c, v| c.max_consecutive_sink_failures = Some(v).filter(|n| n.is_finite()).map(|n| n as u32),
    ),
    number("closeTimeoutMs", "config/close-timeout-ms", Config::CLOSE_TIMEOUT_MS, |c, v| {
        c.close_timeout_ms = v;
    }),
    number("flushDeadlineMs", "config/flush-deadline-ms", Config::FLUSH_DEADLINE_MS, |c, v| {
        c.flush_deadline_ms = v;
    }),
    number("leaseMs", "config/lease-ms", Config::LEASE_MS, |c, v| c.lease_ms = Some(v)),
    number("retryBaseMs", "config/retry-base-ms", Config::RETRY_BASE_MS, |c, v| c.retry_base_ms = v),
    number("retryMaxMs", "config/retry-max-ms", Config::RETRY_MAX_MS, |c, v| c.retry_max_ms = v),
    // Infinity: a disabled sink is never probed.
    number("sinkProbeMs", "config/sink-probe-ms", Config::SINK_PROBE_MS, |c, v| {
        c.sink_probe_ms = Some(v).filter(|ms| ms.is_finite());
    }),
    number("statsSeries", "config/stats-series", Config::STATS_SERIES, |c, v| c.stats_series = v as usize),
    number("metricSeries", "config/metric-series", Config::METRIC_SERIES, |c, v| {
        c.metric_series = v as usize
    }),
    number(RATE_PATH, "config/sampling-rate", RATE, |c, v| c.sampling.rate = v),
    number("sampling.errorThreshold", "config/error-threshold", ERROR_THRESHOLD, |c, v| {
        c.sampling.error_threshold = v as u16;
    }),
];

const fn number(
    path: &'static str,
    code: &'static str,
    field: &'static Field,
    set: fn(&mut Config, f64),
) -> NumberOption {
    NumberOption { path, code, field, set }
}

/// The engine checks the rate when it compiles the rules.
const RATE_PATH: &str = "sampling.rate";
const RATE: &Field =
    &Field { limit: Limit { min: 0.0, max: 1.0, is_whole: false }, get: |c| Some(c.sampling.rate) };
/// A float at the boundary, so that a status out of range is refused and not cut.
const ERROR_THRESHOLD: &Field = &Field {
    limit: Limit { min: 100.0, max: 1000.0, is_whole: true },
    get: |c| Some(f64::from(c.sampling.error_threshold)),
};

impl NumberOption {
    /// Checks `value` and sets the option.
    pub(super) fn set(&self, config: &mut Config, value: f64) -> Result<(), Error> {
        if self.path != RATE_PATH {
            self.field.limit.check(self.path, value)?;
        }
        (self.set)(config, value);
        Ok(())
    }
}

/// The value in force of a numeric option. NaN: there is no option with this name.
pub(super) fn value_of(name: &str, config: &Config) -> f64 {
    // An option without a number is one that was set to Infinity.
    find(name).map_or(f64::NAN, |option| (option.field.get)(config).unwrap_or(f64::INFINITY))
}

/// The option called `name`, or `sampling.` and `name`.
pub(super) fn find(name: &str) -> Option<&'static NumberOption> {
    NUMBERS.iter().find(|option| option.path == name || option.path.strip_prefix("sampling.") == Some(name))
}

/// The code of an error in JavaScript.
pub(super) fn code(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::OutOfRange(STATS_WINDOW) => "config/stats-window",
        ErrorKind::OutOfRange(path) => find(path).map_or("config/stats-series", |option| option.code),
        ErrorKind::LeaseMs => "config/lease-ms",
        ErrorKind::Sinks => "config/sink",
        ErrorKind::SamplingRate => "config/sampling-rate",
        ErrorKind::SamplingRule => "config/sampling-rule",
        ErrorKind::Labels => "config/labels",
        ErrorKind::Metric => "metric/refused",
        ErrorKind::KeepSlow => "config/keep-slow-ms",
        ErrorKind::StatsBytes => "stats/bytes",
        ErrorKind::StatsClock => "stats/clock",
    }
}

/// The name of the window in [`StatsStore`](super::StatsStore).
pub(super) const STATS_WINDOW: &str = "windowMs";
/// The name of the number of series in [`StatsStore`](super::StatsStore).
pub(super) const STATS_SERIES: &str = "series";
