//! A set of steps of a regex.

use super::super::rules::REGEX_MAX_STEPS;

/// Some of a regex's steps, its end among them.
#[derive(Clone)]
pub(super) struct Steps {
    words: [u64; REGEX_MAX_STEPS / 64 + 1],
    /// Words before this one are empty.
    first: usize,
    /// As are this one and those behind it.
    end: usize,
}

impl Default for Steps {
    fn default() -> Self {
        Self { words: [0; REGEX_MAX_STEPS / 64 + 1], first: 0, end: 0 }
    }
}

impl Steps {
    /// Adds a step. Returns whether it was none of them.
    pub(super) fn insert(&mut self, step: usize) -> bool {
        let (word, bit) = (step / 64, 1 << (step % 64));
        let is_new = self.words[word] & bit == 0;
        self.words[word] |= bit;
        self.first = self.first.min(word);
        self.end = self.end.max(word + 1);
        is_new
    }

    pub(super) fn is_empty(&self) -> bool {
        self.end == 0
    }

    /// Takes out the first.
    pub(super) fn pop(&mut self) -> Option<usize> {
        while self.first < self.end {
            let word = &mut self.words[self.first];
            if *word != 0 {
                let bit = word.trailing_zeros() as usize;
                *word &= *word - 1;
                return Some(self.first * 64 + bit);
            }
            self.first += 1;
        }
        None
    }
}
