//! The context of a token: whether text in double quotes can only be a value there.

use super::token::{Kind, Token};

#[derive(Clone, Copy, Default)]
pub(super) struct Context {
    depth: u32,
    /// The depth of the IN or VALUES whose list is open.
    list: Option<u32>,
    after_operator: bool,
    after_dot: bool,
    after_escape: bool,
}

impl Context {
    pub fn advance(&mut self, token: &Token<'_>) {
        self.after_operator =
            token.is_word(PATTERN_WORDS) || ["=", "<", ">", "!", "~"].iter().any(|op| token.is(op));
        self.after_dot = token.is(".");
        self.after_escape = token.is_word(&["ESCAPE"]);
        if token.is("(") {
            self.depth = self.depth.saturating_add(1);
        } else if token.is(")") {
            self.depth = self.depth.saturating_sub(1);
            self.list = self.list.filter(|&at| self.depth >= at);
        } else if token.is_word(&["IN", "VALUES", "VALUE"]) {
            self.list = Some(self.depth);
        } else if token.kind == Kind::Word
            && (self.list == Some(self.depth) || token.is_word(&["SELECT", "WITH"]))
        {
            self.list = None;
        }
    }

    /// Whether only a value can follow: after a comparison or inside a list of IN or VALUES, but not after a dot.
    pub fn wants_value(&self) -> bool {
        !self.after_dot && (self.after_operator || self.list.is_some_and(|at| self.depth > at))
    }

    /// Whether the last token is ESCAPE. A single backslash is a whole string there.
    pub fn after_escape(&self) -> bool {
        self.after_escape
    }
}

const PATTERN_WORDS: &[&str] = &["LIKE", "ILIKE", "RLIKE", "REGEXP", "GLOB", "MATCH", "BETWEEN"];
