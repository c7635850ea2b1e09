//! Sampling: which requests are recorded.
//!
//! The steps for one request, in their order: exclude rules → rate → draw → the request runs → outcome.
//! The free functions are single steps; [`Policy`] runs all of them.

pub(crate) mod decision;
mod draws;
mod policy;
mod rule;
mod rules;

pub use super::config::{DEFAULT_ERROR_THRESHOLD, KeepSlow, SamplingOptions};
pub use decision::{SamplingDecision, should_record_request, should_sample_request};
pub use draws::{Draw, RngOptions, make_rng};
pub use policy::Policy;
pub use rule::REGEX_SIZE_LIMIT;
pub use rules::{
    CompiledOverrides, CompiledRules, clamp_sampling_rate, compile_overrides, compile_rules,
    get_effective_rate, should_exclude_route,
};
