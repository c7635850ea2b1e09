//! How often a piece of a regex repeats.

use super::Step;
use super::parse::{Parsed, Parser};
use crate::engine::split::split_once;

impl Parser<'_> {
    /// What a repetition allows.
    pub(super) fn bounds(&mut self) -> Parsed<(u32, Option<u32>)> {
        let bounds = match self.bump() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            _ => {
                let (counts, rest) = split_once(self.rest, b'}').ok_or(BAD_COUNT)?;
                self.rest = rest;
                let count = |digits: &str| number(digits.trim(), 10).ok_or(BAD_COUNT);
                match split_once(counts, b',') {
                    None => (count(counts)?, Some(count(counts)?)),
                    Some((min, max)) if max.trim().is_empty() => (count(min)?, None),
                    Some((min, max)) => (count(min)?, Some(count(max)?)),
                }
            }
        };
        // Lazy is as good as greedy.
        self.eat("?");
        if bounds.1.is_some_and(|max| bounds.0 > max) { Err(BAD_COUNT) } else { Ok(bounds) }
    }

    /// Makes what was written from `start` on repeat.
    pub(super) fn repeat(&mut self, start: usize, min: u32, max: Option<u32>) -> Parsed<()> {
        let piece = self.regex.steps.split_off(start);
        let len = piece.len() as i16;
        if piece.is_empty() {
            return Ok(());
        }
        for _ in 0..min {
            self.copy(&piece)?;
        }
        match max {
            None if min > 0 => self.step(Step::Fork(-len))?,
            None => {
                self.step(Step::Fork(len + 2))?;
                self.copy(&piece)?;
                self.step(Step::Jump(-len - 1))?;
            }
            Some(max) => {
                for left in (1..=max - min).rev() {
                    // What does not fit, that many steps do not either.
                    self.step(Step::Fork((left as i16).wrapping_mul(len + 1)))?;
                    self.copy(&piece)?;
                }
            }
        }
        Ok(())
    }
}

/// The number that all of `digits` are.
pub(super) fn number(digits: &str, radix: u32) -> Option<u32> {
    let add = |sum: u32, char: char| sum.checked_mul(radix)?.checked_add(char.to_digit(radix)?);
    if digits.is_empty() { None } else { digits.chars().try_fold(0, add) }
}

const BAD_COUNT: &str = "a repetition must be {n}, {n,} or {n,m} with n ≤ m";
