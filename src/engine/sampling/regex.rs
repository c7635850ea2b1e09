//! The regexes of rules: whether one matches anywhere in a text, in time linear in the text's length.
//!
//! The syntax is regex-lite's, and tests compare with it. What matched, and which match comes first, nobody asks: so
//! groups capture nothing, lazy is greedy, and all states that a match may be in go through the text together
//! (<https://swtch.com/~rsc/regexp/regexp2.html>).

mod class;
mod item;
mod look;
mod parse;
mod repeat;
mod steps;

use look::Look;
use steps::Steps;

/// A compiled regex: steps one after the other, and a match behind the last.
#[derive(Clone, Debug, Default)]
pub(super) struct Regex {
    steps: Vec<Step>,
    ranges: Vec<(char, char)>,
}

/// What to do before going on to the next step. Jumps are relative: a piece that is copied works where it comes to lie.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// Take a character of this class.
    Take(Class),
    /// Be where this holds.
    Look(Look),
    /// Instead go on there.
    Jump(i16),
    /// Go on there as well.
    Fork(i16),
}

/// The characters that lie in some of the regex's ranges, or in none; `folded`: those of the other case as well.
#[derive(Clone, Copy, Debug)]
struct Class {
    from: u16,
    to: u16,
    negated: bool,
    folded: bool,
}

impl Regex {
    /// # Errors
    /// Why `pattern` is no regex, or one of too many steps.
    pub(super) fn new(pattern: &str) -> Result<Self, &'static str> {
        parse::parse(pattern)
    }

    /// Whether it matches anywhere in `text`.
    pub(super) fn is_match(&self, text: &str) -> bool {
        let mut states = Steps::default();
        states.insert(0);
        let mut before = None;
        let mut rest = text.chars();
        let is_anchored = matches!(self.steps.first(), Some(Step::Look(Look::Start)));
        loop {
            let after = rest.next();
            if self.advance(&mut states, before, after) {
                return true;
            }
            if !is_anchored {
                states.insert(0);
            }
            if after.is_none() || states.is_empty() {
                return false;
            }
            before = after;
        }
    }

    /// Follows all states from between two characters to behind the second. Returns whether one was at the end.
    fn advance(&self, states: &mut Steps, before: Option<char>, after: Option<char>) -> bool {
        let mut left = states.clone();
        let mut seen = std::mem::take(states);
        while let Some(at) = left.pop() {
            let (next, other) = match self.steps.get(at) {
                None => return true,
                Some(Step::Take(class)) => {
                    if self.is_in(class, after) {
                        states.insert(at + 1);
                    }
                    continue;
                }
                Some(Step::Look(look)) if !look.holds(before, after) => continue,
                Some(Step::Look(_)) => (1, 1),
                Some(Step::Jump(by)) => (*by, *by),
                Some(Step::Fork(by)) => (1, *by),
            };
            for by in [next, other] {
                let to = at.wrapping_add_signed(by.into());
                if seen.insert(to) {
                    left.insert(to);
                }
            }
        }
        false
    }

    fn is_in(&self, class: &Class, char: Option<char>) -> bool {
        let Some(char) = char else { return false };
        let other = if class.folded { other_case(char) } else { char };
        let mut found = false;
        for (low, high) in &self.ranges[usize::from(class.from)..usize::from(class.to)] {
            found |= *low <= char && char <= *high || *low <= other && other <= *high;
        }
        found != class.negated
    }
}

/// An ASCII letter in its other case.
fn other_case(char: char) -> char {
    if char.is_ascii_lowercase() { char.to_ascii_uppercase() } else { char.to_ascii_lowercase() }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;
