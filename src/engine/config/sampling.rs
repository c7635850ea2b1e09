//! What to sample: options, parsed by the policy.

/// What to sample.
#[derive(Clone, Debug, PartialEq)]
pub struct SamplingOptions {
    /// The probability that a request is sampled, in [0, 1]. Default 1.
    pub rate: f64,
    /// Rules of requests that are neither recorded nor counted. Default none.
    pub exclude: Vec<String>,
    /// `(rule, rate)`: the first match replaces `rate`. Default none.
    pub overrides: Vec<(String, f64)>,
    /// Whether errors are recorded whatever was drawn. Default true.
    pub always_sample_errors: bool,
    /// The lowest status that is an error. Default 500.
    pub error_threshold: u16,
    /// Which slow requests are recorded whatever was drawn. Default none.
    pub keep_slow: Option<KeepSlow>,
    /// Whether a sampled `traceparent` forces recording: then strangers set your rate. Default false.
    pub respect_parent: bool,
    /// The seed of the draws. Default none: entropy of the host, given before the first draw.
    pub seed: Option<u64>,
}

/// From where on a request is slow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum KeepSlow {
    /// Slower than this many milliseconds, finite and ≥ 0.
    Ms(f64),
    /// Slower than its route's 99th percentile as of the last tick.
    P99,
}

impl Default for SamplingOptions {
    fn default() -> Self {
        Self {
            rate: 1.0,
            exclude: Vec::new(),
            overrides: Vec::new(),
            always_sample_errors: true,
            error_threshold: DEFAULT_ERROR_THRESHOLD,
            keep_slow: None,
            respect_parent: false,
            seed: None,
        }
    }
}

/// The lowest HTTP status that is an error unless configured: 500.
pub const DEFAULT_ERROR_THRESHOLD: u16 = 500;
