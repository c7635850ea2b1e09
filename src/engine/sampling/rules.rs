//! Lists of rules on paths. The first rule of a list that matches wins.

use super::rule::{Rule, refusal};
use crate::engine::error::{Error, ErrorKind};
use crate::engine::text::number::text;

/// Compiled exclude rules, made by [`compile_rules`]. The default has no rule.
///
/// # Examples
/// ```
/// use tidegate::engine::sampling::{CompiledRules, compile_rules, should_exclude_route};
///
/// let rules: CompiledRules = compile_rules(&["/health"])?;
/// assert!(should_exclude_route("/healthz", &rules));
/// assert!(!should_exclude_route("/healthz", &CompiledRules::default()));
/// # Ok::<(), tidegate::engine::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct CompiledRules(Vec<Rule>);

/// Compiled rate overrides, made by [`compile_overrides`]. The default has no override.
#[derive(Clone, Debug, Default)]
pub struct CompiledOverrides(Vec<(Rule, f64)>);

/// Compiles exclude rules.
///
/// `"/health"` is a case-sensitive prefix. `"re:^/static/"` is a regex that is searched anywhere in the path, in the
/// [syntax of regex-lite](https://docs.rs/regex-lite/latest/regex_lite/#syntax). Compiled, it takes at most
/// [`REGEX_SIZE_LIMIT`](super::REGEX_SIZE_LIMIT) bytes. Slashes are not normalized.
///
/// # Errors
/// [`ErrorKind::SamplingRule`] for an empty pattern, for a prefix with `*`, for a regex literal of JavaScript such as
/// `"/^\/a$/i"`, for `"re:"`, and for a regex that does not compile or is too large. The message names the index of the
/// rule, the pattern, the reason, and what to write instead.
///
/// # Examples
/// ```
/// use tidegate::engine::sampling::{compile_rules, should_exclude_route};
///
/// let rules = compile_rules(&["/health", r"re:\.js$"])?;
/// assert!(should_exclude_route("/app.js", &rules));
/// assert!(!should_exclude_route("/app", &rules));
/// # Ok::<(), tidegate::engine::Error>(())
/// ```
pub fn compile_rules(patterns: &[impl AsRef<str>]) -> Result<CompiledRules, Error> {
    CompiledRules::compile("rule", &mut patterns.iter().map(AsRef::as_ref))
}

/// Compiles overrides: pairs of a pattern, as in [`compile_rules`], and a rate in [0, 1].
///
/// # Errors
/// [`ErrorKind::SamplingRule`] for a bad pattern, [`ErrorKind::SamplingRate`] for a bad rate. The message names the index
/// of the override, the pattern and the reason.
///
/// # Examples
/// ```
/// use tidegate::engine::sampling::{compile_overrides, get_effective_rate};
///
/// let overrides = compile_overrides(&[("/checkout", 1.0)])?;
/// assert_eq!(get_effective_rate("/checkout/pay", &overrides, 0.1), 1.0);
/// assert_eq!(get_effective_rate("/assets/app.js", &overrides, 0.1), 0.1);
/// # Ok::<(), tidegate::engine::Error>(())
/// ```
pub fn compile_overrides(overrides: &[(impl AsRef<str>, f64)]) -> Result<CompiledOverrides, Error> {
    let mut pairs = overrides.iter().map(|(pattern, rate)| (pattern.as_ref(), *rate));
    CompiledOverrides::compile("override", &mut pairs)
}

/// Returns `rate`, the probability that a request is sampled, if it lies in [0, 1].
///
/// Despite its name it never clamps.
///
/// # Errors
/// [`ErrorKind::SamplingRate`] for a rate outside [0, 1] or NaN.
pub fn clamp_sampling_rate(rate: f64) -> Result<f64, Error> {
    if (0.0..=1.0).contains(&rate) {
        return Ok(rate);
    }
    let message = ["rate ", &text(rate), " is not in [0, 1]: give a probability, 0 = none, 1 = all"];
    Err(Error::new(ErrorKind::SamplingRate, &message))
}

/// The rate of the first override that matches `path`, else `default_rate`.
///
/// `path` is the route template if it is known when the request begins, else the path as received without query.
#[must_use]
pub fn get_effective_rate(path: &str, overrides: &CompiledOverrides, default_rate: f64) -> f64 {
    overrides.0.iter().find(|(rule, _)| rule.matches(path)).map_or(default_rate, |&(_, rate)| rate)
}

/// Whether any rule matches `path`.
#[must_use]
pub fn should_exclude_route(path: &str, rules: &CompiledRules) -> bool {
    rules.0.iter().any(|rule| rule.matches(path))
}

impl CompiledRules {
    /// Compiles rules. `what` names one of them in messages.
    pub(super) fn compile(what: &str, patterns: &mut dyn Iterator<Item = &str>) -> Result<Self, Error> {
        let mut rules = Vec::new();
        for pattern in patterns {
            rules.push(Rule::parse(what, rules.len(), pattern)?);
        }
        Ok(Self(rules))
    }
}

impl CompiledOverrides {
    /// Compiles overrides. `what` names one of them in messages.
    pub(super) fn compile(
        what: &str,
        overrides: &mut dyn Iterator<Item = (&str, f64)>,
    ) -> Result<Self, Error> {
        let mut rules = Vec::new();
        for (pattern, rate) in overrides {
            let index = rules.len();
            let rule = Rule::parse(what, index, pattern)?;
            let refuse = |e: Error| refusal(ErrorKind::SamplingRate, what, index, pattern, &[e.message()]);
            rules.push((rule, clamp_sampling_rate(rate).map_err(refuse)?));
        }
        Ok(Self(rules))
    }

    /// Whether some override takes draws: its rate is neither 0 nor 1.
    pub(super) fn can_draw(&self) -> bool {
        self.0.iter().any(|&(_, rate)| 0.0 < rate && rate < 1.0)
    }
}
