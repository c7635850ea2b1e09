//! One rule on paths: a prefix, or a regex after `re:`. Its errors say what to write instead.

use crate::engine::error::{Error, ErrorKind};
use crate::engine::text::number::text;
use crate::engine::text::split::{split, split_once};
use regex_lite::{Regex, RegexBuilder};

#[derive(Clone, Debug)]
pub(super) enum Rule {
    Prefix(Box<str>),
    Regex(Regex),
}

impl Rule {
    pub fn parse(what: &str, index: usize, pattern: &str) -> Result<Self, Error> {
        let refuse = |reason: &[&str]| refusal(ErrorKind::SamplingRule, what, index, pattern, reason);
        let regex = pattern.strip_prefix("re:");
        if let Some(instead) = javascript_literal(pattern) {
            return Err(refuse(&["is a regex literal of JavaScript: write \"re:", &instead, "\""]));
        }
        match regex {
            Some("") => Err(refuse(&["has no regex after \"re:\": write one, or remove the rule"])),
            Some(regex) => {
                RegexBuilder::new(regex).size_limit(REGEX_SIZE_LIMIT).build().map(Self::Regex).map_err(
                    |why| {
                        let why = why.to_string();
                        refuse(&["does not compile: ", &why, hint(&why)])
                    },
                )
            }
            None if pattern.is_empty() => {
                Err(refuse(&["is empty: write \"/\" to match every path, or remove the rule"]))
            }
            None => match split_once(pattern, b'*') {
                Some((prefix, rest)) => Err(refuse(&[
                    "a rule is a prefix: write \"",
                    if prefix.is_empty() { "/" } else { prefix },
                    "\", which also matches the template ",
                    pattern,
                    if rest.bytes().all(|b| b == b'*') { "" } else { ", or a regex: \"re:\", and .* for *" },
                ])),
                None => Ok(Self::Prefix(pattern.into())),
            },
        }
    }

    pub fn matches(&self, path: &str) -> bool {
        match self {
            Self::Prefix(prefix) => path.starts_with(&**prefix),
            Self::Regex(regex) => regex.is_match(path),
        }
    }
}

pub(super) fn refusal(kind: ErrorKind, what: &str, index: usize, pattern: &str, reason: &[&str]) -> Error {
    Error::new(kind, &[what, " ", &text(index as f64), " \"", pattern, "\": ", &reason.concat()])
}

/// What to write instead of `/source/flags`. `None` where that can be meant as text of a path, such as `/api/v`.
fn javascript_literal(pattern: &str) -> Option<String> {
    let text = pattern.strip_prefix("re:").unwrap_or(pattern);
    let body = text.strip_prefix('/')?;
    let (source, flags) = body.split_at(body.bytes().rposition(|b| b == b'/')?);
    if !flags[1..].bytes().all(|b| matches!(b, b'd' | b'g' | b'i' | b'm' | b's' | b'u' | b'v' | b'y')) {
        return None;
    }
    let flag = |wanted: u8| flags.bytes().any(|b| b == wanted);
    let mut instead = String::from(if flag(b'i') { "(?i)" } else { "" });
    let mut parts = split(source, b'/');
    instead.push_str(parts.next()?);
    for part in parts {
        if instead.pop() != Some('\\') {
            return None;
        }
        instead.push('/');
        instead.push_str(part);
    }
    // No path has text before its start or behind its end.
    let never_matches = source.starts_with('^') || (source.ends_with('$') && !source.ends_with(r"\$"));
    let has_flags = text.len() < pattern.len() && (flag(b'g') || flag(b'i'));
    (never_matches || has_flags || source.bytes().any(|b| b == b'/')).then_some(instead)
}

/// What to write instead of what regex-lite does not have.
fn hint(why: &str) -> &'static str {
    if why.starts_with("look") {
        ": write (?=x) as x; to leave x out, give x an override: the first that matches wins"
    } else if why.starts_with("backref") {
        ": write the text again, or one rule for each"
    } else if why.starts_with("Unicode") {
        ": write a class of ASCII, such as [a-z]"
    } else {
        ""
    }
}

/// The most bytes of one compiled regex: 32 KiB, enough for about 1000 characters. `(\w{50}){50}` is refused.
///
/// A search visits each part of the regex at most once per character of the path, and stores each group at each part. The
/// limit bounds both. A regex that consists of groups takes 8 MB when it is first searched, an ordinary one 10 to 100 KB.
pub const REGEX_SIZE_LIMIT: usize = 32 * 1024;
