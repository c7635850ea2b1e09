//! Rules on paths: a prefix, or a regex after `re:`; the first match in list order wins.

use crate::engine::decimal::text;
use crate::engine::{Error, ErrorKind};
use regex_lite::{Regex, RegexBuilder};

/// Compiled exclude rules, in list order. Made by [`compile_rules`]; empty by default.
#[derive(Clone, Debug, Default)]
pub struct CompiledRules(Vec<Rule>);

/// Compiled rate overrides, in list order. Made by [`compile_overrides`]; empty by default.
#[derive(Clone, Debug, Default)]
pub struct CompiledOverrides(Vec<(Rule, f64)>);

#[derive(Clone, Debug)]
enum Rule {
    Prefix(Box<str>),
    Regex(Regex),
}

/// Compiles exclude rules.
///
/// `"/health"` is a case-sensitive prefix; `"re:^/static/"` an unanchored search for a regex in the
/// [syntax of regex-lite](https://docs.rs/regex-lite/latest/regex_lite/#syntax), which takes at most
/// [`REGEX_SIZE_LIMIT`] bytes once compiled. Slashes are not normalized.
///
/// # Errors
/// [`ErrorKind::SamplingRule`] for an empty pattern, `"re:"`, or a regex that does not compile or is
/// too large. The message names the rule's index, the pattern and the reason.
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
    CompiledRules::of("rule", &mut patterns.iter().map(AsRef::as_ref))
}

/// Compiles `(pattern, rate)` overrides; patterns as in [`compile_rules`], rates in [0, 1].
///
/// # Errors
/// [`ErrorKind::SamplingRule`] for a bad pattern, [`ErrorKind::SamplingRate`] for a bad rate. The
/// message names the override's index, the pattern and the reason.
pub fn compile_overrides(overrides: &[(impl AsRef<str>, f64)]) -> Result<CompiledOverrides, Error> {
    let mut pairs = overrides.iter().map(|(pattern, rate)| (pattern.as_ref(), *rate));
    CompiledOverrides::of("override", &mut pairs)
}

/// Checks a sampling rate: the probability, in [0, 1], that a request is sampled.
///
/// Despite its name it never clamps: what it accepts, it returns as it is.
///
/// # Errors
/// [`ErrorKind::SamplingRate`], code `config/sampling-rate`, outside [0, 1] or not a number.
pub fn clamp_sampling_rate(rate: f64) -> Result<f64, Error> {
    if (0.0..=1.0).contains(&rate) {
        return Ok(rate);
    }
    let message = ["rate ", &text(rate), " is not in [0, 1]: give a probability, 0 = none, 1 = all"];
    Err(Error::new(ErrorKind::SamplingRate, &message))
}

/// The rate, in [0, 1], of the first override that matches `path`, else `default_rate`.
///
/// `path` is the route template if it is known at entry, else the path as received without query.
#[must_use]
pub fn get_effective_rate(path: &str, overrides: &CompiledOverrides, default_rate: f64) -> f64 {
    overrides.0.iter().find(|(rule, _)| rule.matches(path)).map_or(default_rate, |&(_, rate)| rate)
}

/// Whether any rule matches `path`. Draws nothing.
#[must_use]
pub fn should_exclude_route(path: &str, rules: &CompiledRules) -> bool {
    rules.0.iter().any(|rule| rule.matches(path))
}

impl CompiledRules {
    /// The rules of an option or of a list, as `what` says of each.
    pub(super) fn of(what: &str, patterns: &mut dyn Iterator<Item = &str>) -> Result<Self, Error> {
        let mut rules = Vec::new();
        for pattern in patterns {
            rules.push(Rule::parse(what, rules.len(), pattern)?);
        }
        Ok(Self(rules))
    }
}

impl CompiledOverrides {
    /// The overrides of an option or of a list, as `what` says of each.
    pub(super) fn of(what: &str, overrides: &mut dyn Iterator<Item = (&str, f64)>) -> Result<Self, Error> {
        let mut rules = Vec::new();
        for (pattern, rate) in overrides {
            let index = rules.len();
            let rule = Rule::parse(what, index, pattern)?;
            let refuse = |e: Error| refusal(ErrorKind::SamplingRate, what, index, pattern, e.message());
            rules.push((rule, clamp_sampling_rate(rate).map_err(refuse)?));
        }
        Ok(Self(rules))
    }

    /// Whether some override can need a draw: its rate lies strictly between 0 and 1.
    pub(super) fn can_draw(&self) -> bool {
        self.0.iter().any(|&(_, rate)| 0.0 < rate && rate < 1.0)
    }
}

impl Rule {
    fn parse(what: &str, index: usize, pattern: &str) -> Result<Self, Error> {
        let refuse = |reason: &str| refusal(ErrorKind::SamplingRule, what, index, pattern, reason);
        match pattern.strip_prefix("re:") {
            Some("") => Err(refuse("has no regex after \"re:\": write one, or remove the rule")),
            Some(regex) => RegexBuilder::new(regex)
                .size_limit(REGEX_SIZE_LIMIT)
                .build()
                .map(Self::Regex)
                .map_err(|why| refuse(&format!("does not compile: {why}"))),
            None if pattern.is_empty() => {
                Err(refuse("is empty: write \"/\" to match every path, or remove the rule"))
            }
            None => Ok(Self::Prefix(pattern.into())),
        }
    }

    fn matches(&self, path: &str) -> bool {
        match self {
            Self::Prefix(prefix) => path.starts_with(&**prefix),
            Self::Regex(regex) => regex.is_match(path),
        }
    }
}

fn refusal(kind: ErrorKind, what: &str, index: usize, pattern: &str, reason: &str) -> Error {
    Error::new(kind, &[what, " ", &text(index as f64), " \"", pattern, "\": ", reason])
}

/// The size in bytes that one compiled regex may have: enough for some 1000 characters, while `(\w{50}){50}` is refused.
///
/// A search visits each part of the regex at most once per character of the path, and keeps room for each group at each
/// part. The limit bounds both: a regex of nothing but groups takes 8 MB when it is first searched for, an ordinary one
/// 10 to 100 KB.
pub const REGEX_SIZE_LIMIT: usize = 32 * 1024;
