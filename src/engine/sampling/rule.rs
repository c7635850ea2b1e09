//! One rule on paths: a prefix, or a regex after `re:`. Its errors say what to write instead.

use crate::engine::error::{Error, ErrorKind};
use crate::engine::text::number::text;
use regex_lite::{Regex, RegexBuilder};

#[derive(Clone, Debug)]
pub(super) enum Rule {
    Prefix(Box<str>),
    Regex(Regex),
}

impl Rule {
    pub fn parse(what: &str, index: usize, pattern: &str) -> Result<Self, Error> {
        let refuse =
            |reason: &[&str]| refusal(ErrorKind::SamplingRule, what, index, pattern, &reason.concat());
        let regex = pattern.strip_prefix("re:");
        if let Some((source, flags)) = javascript_literal(pattern) {
            let flags: String = flags.chars().filter(|c| "ims".contains(*c)).collect();
            let flags = if flags.is_empty() { flags } else { ["(?", &flags, ")"].concat() };
            let source = source.replace(r"\/", "/");
            return Err(refuse(&["is a regex literal of JavaScript: write \"re:", &flags, &source, "\""]));
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
            None if pattern.contains('*') => {
                Err(refuse(&["a rule is a prefix: ", &instead_of_stars(pattern)]))
            }
            None => Ok(Self::Prefix(pattern.into())),
        }
    }

    pub fn matches(&self, path: &str) -> bool {
        match self {
            Self::Prefix(prefix) => path.starts_with(&**prefix),
            Self::Regex(regex) => regex.is_match(path),
        }
    }
}

pub(super) fn refusal(kind: ErrorKind, what: &str, index: usize, pattern: &str, reason: &str) -> Error {
    Error::new(kind, &[what, " ", &text(index as f64), " \"", pattern, "\": ", reason])
}

/// The source and the flags of `/source/flags`. `None` where that can be meant as text of a path, such as `/api/v`.
fn javascript_literal(pattern: &str) -> Option<(&str, &str)> {
    let text = pattern.strip_prefix("re:").unwrap_or(pattern);
    let (source, flags) = text.strip_prefix('/')?.rsplit_once('/')?;
    let inner = source.replace(r"\/", "");
    if inner.contains('/') || !flags.bytes().all(|b| b"dgimsuvy".contains(&b)) {
        return None;
    }
    // No path has text before its start or behind its end.
    let never_matches = source.starts_with('^') || source.ends_with('$');
    let has_flags = text.len() < pattern.len() && flags.contains(['g', 'i']);
    (never_matches || has_flags || inner.len() < source.len()).then_some((source, flags))
}

/// What to write instead of a prefix with `*`: a regex if it is one or if something follows the `*`, else what is
/// before the `*`.
fn instead_of_stars(pattern: &str) -> String {
    let prefix = pattern.trim_end_matches('*');
    if pattern.contains(".*") && Regex::new(pattern).is_ok() {
        ["write \"re:", pattern, "\""].concat()
    } else if prefix.contains('*') {
        let parts: Vec<_> = pattern.split('*').map(regex_lite::escape).collect();
        ["write \"re:^", &parts.join(".*"), "$\""].concat()
    } else {
        let prefix = if prefix.is_empty() { "/" } else { prefix };
        ["write \"", prefix, "\", which also matches the template ", pattern].concat()
    }
}

/// What to write instead of what regex-lite does not have.
fn hint(why: &str) -> &'static str {
    if why.contains("look-around") {
        ": write (?=x) as x; to leave x out, give x an override: the first that matches wins"
    } else if why.contains("backreference") {
        ": write the text again, or one rule for each"
    } else if why.contains("Unicode character class") {
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
