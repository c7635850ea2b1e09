//! The settings that all sinks of a collector share.

use crate::engine::config::Config;

/// The settings that all sinks of a collector share. Times are milliseconds.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(super) lease: f64,
    pub(super) retry_base: f64,
    pub(super) retry_max: f64,
    /// Infinite: a disabled sink is never probed.
    pub(super) probe: f64,
    /// `u32::MAX`: no sink is ever disabled.
    pub(super) max_failures: u32,
}

impl Settings {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            lease: config.lease(),
            retry_base: config.retry_base_ms,
            retry_max: config.retry_max_ms,
            probe: config.sink_probe_ms.unwrap_or(f64::INFINITY),
            max_failures: config.max_consecutive_sink_failures.unwrap_or(u32::MAX),
        }
    }

    /// Whether a disabled sink is probed.
    pub(crate) fn has_probes(&self) -> bool {
        self.probe.is_finite()
    }
}
