//! What a pattern says of one character, or of a place.

use super::Step;
use super::class::{DIGIT, SPACE, Set, WORD};
use super::look::Look;
use super::parse::{Parsed, Parser};
use super::repeat::number;
use crate::engine::split::split_once;

/// What one character of a pattern, or one escape, stands for.
pub(super) enum Item {
    Char(char),
    /// The characters of a set, or (true) all others.
    Set(&'static Set, bool),
    Look(Look),
}

impl Parser<'_> {
    /// One character, class or place.
    pub(super) fn item(&mut self) -> Parsed<()> {
        let item = match self.bump() {
            Some('.') => {
                let ends: &Set = match (self.has('s'), self.has('R')) {
                    (true, _) => b"",
                    (false, true) => b"\n\n\r\r",
                    (false, false) => b"\n\n",
                };
                Item::Set(ends, true)
            }
            Some('^') => Item::Look(self.line(Look::Start, Look::LineStart, Look::CrlfStart)),
            Some('$') => Item::Look(self.line(Look::End, Look::LineEnd, Look::CrlfEnd)),
            Some('\\') => self.escape()?,
            Some(char) => Item::Char(char),
            None => return Ok(()),
        };
        match item {
            Item::Look(look) => self.step(Step::Look(look)),
            item => {
                let from = self.regex.ranges.len();
                self.add(item)?;
                self.take(from, false)
            }
        }
    }

    fn line(&self, whole: Look, line: Look, crlf: Look) -> Look {
        match (self.has('m'), self.has('R')) {
            (false, _) => whole,
            (true, false) => line,
            (true, true) => crlf,
        }
    }

    pub(super) fn escape(&mut self) -> Parsed<Item> {
        let char = self.bump().ok_or("an escape is cut off")?;
        Ok(match char {
            'd' | 'D' => Item::Set(DIGIT, char == 'D'),
            's' | 'S' => Item::Set(SPACE, char == 'S'),
            'w' | 'W' => Item::Set(WORD, char == 'W'),
            'x' => Item::Char(self.code(2)?),
            'u' => Item::Char(self.code(4)?),
            'U' => Item::Char(self.code(8)?),
            'a' => Item::Char('\x07'),
            'f' => Item::Char('\x0C'),
            't' => Item::Char('\t'),
            'n' => Item::Char('\n'),
            'r' => Item::Char('\r'),
            'v' => Item::Char('\x0B'),
            'A' => Item::Look(Look::Start),
            'z' => Item::Look(Look::End),
            'B' => Item::Look(Look::NoWordEdge),
            '<' => Item::Look(Look::WordStart),
            '>' => Item::Look(Look::WordEnd),
            'b' => Item::Look(self.word_edge()?),
            '0'..='9' => return Err("backreferences are not supported"),
            'p' | 'P' => return Err("Unicode classes are not supported"),
            _ if char.is_ascii() && !char.is_ascii_alphanumeric() => Item::Char(char),
            _ => return Err("an escape is unknown"),
        })
    }

    /// Which edge of a word: `\b`, or `\b{start}` and its like.
    fn word_edge(&mut self) -> Parsed<Look> {
        let is_named = |name: &str| name.starts_with(|char: char| char.is_ascii_alphabetic() || char == '-');
        let Some((name, rest)) = self
            .rest
            .strip_prefix("{")
            .filter(|name| is_named(name))
            .map(|name| split_once(name, b'}').unwrap_or((name, "")))
        else {
            return Ok(Look::WordEdge);
        };
        self.rest = rest;
        match name {
            "start" => Ok(Look::WordStart),
            "end" => Ok(Look::WordEnd),
            "start-half" => Ok(Look::NoWordBefore),
            "end-half" => Ok(Look::NoWordAfter),
            _ => Err("\\b{…} is none of start, end, start-half and end-half"),
        }
    }

    /// A character by its number: `len` hexadecimal digits, or any in braces.
    fn code(&mut self, len: usize) -> Parsed<char> {
        let split = match self.rest.strip_prefix("{") {
            Some(braced) => split_once(braced, b'}'),
            None => self.rest.split_at_checked(len),
        };
        let (digits, rest) = split.ok_or(BAD_CODE)?;
        self.rest = rest;
        number(digits, 16).and_then(char::from_u32).ok_or(BAD_CODE)
    }
}

const BAD_CODE: &str = "no character has this hexadecimal number";
