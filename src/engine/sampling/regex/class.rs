//! Classes of characters.

use super::item::Item;
use super::parse::{Parsed, Parser, TOO_LARGE};
use super::{Class, Step};
use crate::engine::split::split_once;

/// Ranges of ASCII characters in their order, each by its two ends.
pub(super) type Set = [u8];

impl Parser<'_> {
    /// `[…]`.
    pub(super) fn class(&mut self) -> Parsed<()> {
        let from = self.regex.ranges.len();
        self.bump();
        self.skip_space();
        let is_negated = self.eat("^");
        self.skip_space();
        // Where nothing else can be meant, they are themselves.
        while self.eat("-") {
            self.add(Item::Char('-'))?;
        }
        if self.regex.ranges.len() == from && self.eat("]") {
            self.add(Item::Char(']'))?;
        }
        loop {
            self.skip_space();
            if self.eat("]") {
                return self.take(from, is_negated);
            }
            if ["&&", "--", "~~"].iter().any(|operator| self.rest.starts_with(operator)) {
                return Err("operators between classes are not supported");
            }
            if self.rest.starts_with('[') {
                self.named_set()?;
            } else {
                self.range()?;
            }
        }
    }

    /// One item in a class, or all from it to another.
    fn range(&mut self) -> Parsed<()> {
        let first = self.class_item()?;
        self.skip_space();
        let rest = self.rest;
        if self.eat("-") {
            self.skip_space();
            if !self.rest.starts_with([']', '-']) {
                let last = self.class_item()?;
                return self.add_range(first, last);
            }
        }
        // A dash in front of the end, or of another one, is no range.
        self.rest = rest;
        self.add(first)
    }

    fn add_range(&mut self, first: Item, last: Item) -> Parsed<()> {
        match (first, last) {
            (Item::Char(low), Item::Char(high)) if low <= high => {
                self.regex.ranges.push((low, high));
                Ok(())
            }
            _ => Err("a range in a class must go from one character up to another"),
        }
    }

    fn class_item(&mut self) -> Parsed<Item> {
        match self.bump().ok_or(UNCLOSED_CLASS)? {
            '\\' => self.escape(),
            char => Ok(Item::Char(char)),
        }
    }

    /// `[:alpha:]` in a class.
    fn named_set(&mut self) -> Parsed<()> {
        let known = self.rest.strip_prefix("[:").and_then(|name| split_once(name, b':'));
        let (name, rest) = known.ok_or(NESTED_CLASS)?;
        self.rest = rest.strip_prefix("]").ok_or(NESTED_CLASS)?;
        let (name, negated) = name.strip_prefix("^").map_or((name, false), |name| (name, true));
        let found = SETS.iter().find(|(known, _)| *known == name).ok_or(NESTED_CLASS)?;
        self.add(Item::Set(found.1, negated))
    }

    /// Adds the ranges of an item.
    pub(super) fn add(&mut self, item: Item) -> Parsed<()> {
        let ranges = &mut self.regex.ranges;
        let (set, negated) = match item {
            Item::Char(char) => {
                ranges.push((char, char));
                return Ok(());
            }
            Item::Set(set, negated) => (set, negated),
            Item::Look(_) => return Err("a class holds a place"),
        };
        let mut next = 0;
        for &[low, high] in set.as_chunks().0 {
            if !negated {
                ranges.push((low.into(), high.into()));
            } else if next < low {
                ranges.push((next.into(), (low - 1).into()));
            }
            next = high + 1;
        }
        if negated {
            ranges.push((next.into(), char::MAX));
        }
        Ok(())
    }

    /// Takes what lies in the ranges from `from` on.
    pub(super) fn take(&mut self, from: usize, negated: bool) -> Parsed<()> {
        let to = u16::try_from(self.regex.ranges.len()).map_err(|_| TOO_LARGE)?;
        self.step(Step::Take(Class { from: from as u16, to, negated, folded: self.has('i') }))
    }
}

pub(super) const DIGIT: &Set = b"09";
pub(super) const SPACE: &Set = b"\t\r  ";
pub(super) const WORD: &Set = b"09AZ__az";
const SETS: [(&str, &Set); 14] = [
    ("alnum", b"09AZaz"),
    ("alpha", b"AZaz"),
    ("ascii", b"\0\x7F"),
    ("blank", b"\t\t  "),
    ("cntrl", b"\0\x1F\x7F\x7F"),
    ("digit", DIGIT),
    ("graph", b"!~"),
    ("lower", b"az"),
    ("print", b" ~"),
    ("punct", b"!/:@[`{~"),
    ("space", SPACE),
    ("upper", b"AZ"),
    ("word", WORD),
    ("xdigit", b"09AFaf"),
];

const UNCLOSED_CLASS: &str = "a class is not closed";
const NESTED_CLASS: &str = "classes in classes are not supported, but for [:alpha:] and its like";
