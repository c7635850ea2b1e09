//! The numeric options: one table of their names in JavaScript, their error codes, their ranges, and how to set and read
//! them. And the error codes of all other options.

use crate::engine::ErrorKind;
use crate::engine::config::{Config, Limit};

/// A numeric option.
pub(super) struct NumberOption {
    /// The name in messages. The options of sampling have their path in front.
    pub(super) path: &'static str,
    /// The code of the error if the value is out of range.
    code: &'static str,
    /// The range. `None`: the engine checks it.
    pub(super) limit: Option<Limit>,
    pub(super) set: fn(&mut Config, f64),
    get: fn(&Config) -> f64,
}

/// All numeric options: path, code, range, how to set it, how to read it.
const NUMBERS: [NumberOption; 14] = [
    number(
        "queueSize",
        "config/queue-size",
        Config::QUEUE_SIZE,
        |c, v| c.queue_size = v as usize,
        |c| c.queue_size as f64,
    ),
    number(
        "queueBytes",
        "config/queue-bytes",
        Config::QUEUE_BYTES,
        |c, v| c.queue_bytes = v as usize,
        |c| c.queue_bytes as f64,
    ),
    number(
        "flushIntervalMs",
        "config/flush-interval-ms",
        Config::FLUSH_INTERVAL_MS,
        |c, v| c.flush_interval_ms = v,
        |c| c.flush_interval_ms,
    ),
    number(
        "batchMax",
        "config/batch-max",
        Config::BATCH_MAX,
        |c, v| c.batch_max = v as usize,
        |c| c.batch_max as f64,
    ),
    number(
        "maxConsecutiveSinkFailures",
        "config/max-consecutive-sink-failures",
        Config::MAX_CONSECUTIVE_SINK_FAILURES,
        |c, v| c.max_consecutive_sink_failures = Some(v as u32),
        |c| c.max_consecutive_sink_failures.map_or(f64::INFINITY, f64::from),
    ),
    number(
        "closeTimeoutMs",
        "config/close-timeout-ms",
        Config::CLOSE_TIMEOUT_MS,
        |c, v| c.close_timeout_ms = v,
        |c| c.close_timeout_ms,
    ),
    number(
        "flushDeadlineMs",
        "config/flush-deadline-ms",
        Config::FLUSH_DEADLINE_MS,
        |c, v| c.flush_deadline_ms = v,
        |c| c.flush_deadline_ms,
    ),
    number("leaseMs", "config/lease-ms", Config::LEASE_MS, |c, v| c.lease_ms = Some(v), Config::lease),
    number(
        "retryBaseMs",
        "config/retry-base-ms",
        Config::RETRY_BASE_MS,
        |c, v| c.retry_base_ms = v,
        |c| c.retry_base_ms,
    ),
    number(
        "retryMaxMs",
        "config/retry-max-ms",
        Config::RETRY_MAX_MS,
        |c, v| c.retry_max_ms = v,
        |c| c.retry_max_ms,
    ),
    number(
        "sinkProbeMs",
        "config/sink-probe-ms",
        Config::SINK_PROBE_MS,
        // Infinity: a disabled sink is never probed.
        |c, v| c.sink_probe_ms = v.is_finite().then_some(v),
        |c| c.sink_probe_ms.unwrap_or(f64::INFINITY),
    ),
    number(
        "statsSeries",
        "config/stats-series",
        Config::STATS_SERIES,
        |c, v| c.stats_series = v as usize,
        |c| c.stats_series as f64,
    ),
    NumberOption {
        path: "sampling.rate",
        code: "config/sampling-rate",
        limit: None,
        set: |c, v| c.sampling.rate = v,
        get: |c| c.sampling.rate,
    },
    number(
        "sampling.errorThreshold",
        "config/error-threshold",
        ERROR_THRESHOLD,
        |c, v| c.sampling.error_threshold = v as u16,
        |c| f64::from(c.sampling.error_threshold),
    ),
];

const fn number(
    path: &'static str,
    code: &'static str,
    limit: Limit,
    set: fn(&mut Config, f64),
    get: fn(&Config) -> f64,
) -> NumberOption {
    NumberOption { path, code, limit: Some(limit), set, get }
}

/// The value in force of a numeric option. NaN: there is no option with this name.
pub(super) fn value_of(name: &str, config: &Config) -> f64 {
    find(name).map_or(f64::NAN, |option| (option.get)(config))
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
        ErrorKind::KeepSlow => "config/keep-slow-ms",
        ErrorKind::StatsBytes => "stats/bytes",
    }
}

/// The name of the window in [`StatsStore`](super::StatsStore).
pub(super) const STATS_WINDOW: &str = "windowMs";
/// The name of the number of series in [`StatsStore`](super::StatsStore).
pub(super) const STATS_SERIES: &str = "series";
/// A float at the boundary, so that a status out of range is refused and not cut.
const ERROR_THRESHOLD: Limit = Limit { min: 100.0, max: 1000.0, is_whole: true };
