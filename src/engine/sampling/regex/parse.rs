//! From a pattern to steps, in one pass: a piece that was written is then forked around, looped or copied.

use super::super::rules::REGEX_MAX_STEPS;
use super::{Regex, Step};
use crate::engine::split::split_once;

pub(super) type Parsed<T> = Result<T, &'static str>;

/// What is left of a pattern, and the steps of what came before.
pub(super) struct Parser<'a> {
    pub(super) rest: &'a str,
    pub(super) regex: Regex,
    /// A bit a letter; see [`bit`].
    flags: u32,
    depth: u32,
}

pub(super) fn parse(pattern: &str) -> Parsed<Regex> {
    let mut parser = Parser { rest: pattern, regex: Regex::default(), flags: 0, depth: 0 };
    parser.alternatives()?;
    if parser.rest.is_empty() { Ok(parser.regex) } else { Err("a ')' closes no group") }
}

impl Parser<'_> {
    /// `a|b|…`, to the end of the group.
    fn alternatives(&mut self) -> Parsed<()> {
        let mut jumps = Vec::new();
        loop {
            let start = self.regex.steps.len();
            self.sequence()?;
            if !self.eat("|") {
                break;
            }
            self.step(Step::Jump(0))?;
            let behind = self.regex.steps.len() - start + 1;
            self.regex.steps.insert(start, Step::Fork(behind as i16));
            jumps.push(start + behind - 1);
        }
        let end = self.regex.steps.len();
        for at in jumps {
            self.regex.steps[at] = Step::Jump((end - at) as i16);
        }
        Ok(())
    }

    /// Items, groups and how often they repeat.
    fn sequence(&mut self) -> Parsed<()> {
        let mut last = None;
        loop {
            self.skip_space();
            let start = self.regex.steps.len();
            match self.rest.chars().next() {
                None | Some('|' | ')') => return Ok(()),
                Some('(') => {
                    if !self.group()? {
                        continue;
                    }
                }
                Some('*' | '+' | '?' | '{') => {
                    let start = last.ok_or("there is nothing to repeat")?;
                    let (min, max) = self.bounds()?;
                    self.repeat(start, min, max)?;
                    continue;
                }
                Some('[') => self.class()?,
                Some(_) => self.item()?,
            }
            last = Some(start);
        }
    }

    /// A group, or (false) flags for the rest of the one around.
    fn group(&mut self) -> Parsed<bool> {
        let flags = self.flags;
        self.bump();
        self.skip_space();
        if ["?=", "?!", "?<=", "?<!"].iter().any(|look| self.rest.starts_with(look)) {
            return Err("look-around is not supported");
        }
        if self.eat("?P<") || self.eat("?<") {
            let (name, rest) = split_once(self.rest, b'>').ok_or(UNCLOSED_GROUP)?;
            if name.is_empty() {
                return Err("a group's name is empty");
            }
            self.rest = rest;
        } else if self.eat("?") && self.set_flags()? {
            return Ok(false);
        }
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err("groups are nested too deeply");
        }
        self.alternatives()?;
        self.depth -= 1;
        self.flags = flags;
        if self.eat(")") { Ok(true) } else { Err(UNCLOSED_GROUP) }
    }

    /// Flags, to `:` or (true) to `)`.
    fn set_flags(&mut self) -> Parsed<bool> {
        let mut is_on = true;
        loop {
            match self.bump() {
                Some(')') => return Ok(true),
                Some(':') => return Ok(false),
                Some('-') if is_on => is_on = false,
                Some(flag @ ('i' | 'm' | 's' | 'x' | 'R')) if is_on => self.flags |= bit(flag),
                Some(flag @ ('i' | 'm' | 's' | 'x' | 'R')) => self.flags &= !bit(flag),
                // Which match is the longest, nobody asks; and Unicode is what texts are.
                Some('U' | 'u') => {}
                Some(_) => return Err("a flag is none of imsxRUu"),
                None => return Err(UNCLOSED_GROUP),
            }
        }
    }

    pub(super) fn step(&mut self, step: Step) -> Parsed<()> {
        self.copy(&[step])
    }

    pub(super) fn copy(&mut self, piece: &[Step]) -> Parsed<()> {
        self.regex.steps.extend_from_slice(piece);
        // Each alternative puts one more in front.
        if self.regex.steps.len() < REGEX_MAX_STEPS { Ok(()) } else { Err(TOO_LARGE) }
    }

    pub(super) fn bump(&mut self) -> Option<char> {
        let char = self.rest.chars().next()?;
        self.rest = &self.rest[char.len_utf8()..];
        Some(char)
    }

    pub(super) fn eat(&mut self, text: &str) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// In a pattern with the flag `x` blanks are nothing, and so is a comment.
    pub(super) fn skip_space(&mut self) {
        while self.has('x') {
            self.rest = self.rest.trim_start();
            if !self.eat("#") {
                return;
            }
            self.rest = split_once(self.rest, b'\n').map_or("", |(_, rest)| rest);
        }
    }

    pub(super) fn has(&self, flag: char) -> bool {
        self.flags & bit(flag) != 0
    }
}

fn bit(flag: char) -> u32 {
    1 << (u32::from(flag) % 32)
}

const MAX_DEPTH: u32 = 50;
pub(super) const TOO_LARGE: &str = "it is too large";
const UNCLOSED_GROUP: &str = "a group is not closed";
