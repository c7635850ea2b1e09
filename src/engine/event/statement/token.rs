//! The tokens of a statement.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A keyword or an identifier without quotes.
    Word,
    /// A quoted identifier, with its quotes.
    Name,
    /// A string, a number, or anything that could hold one.
    Literal,
    /// A bind parameter.
    Param,
    Punct,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'a> {
    pub kind: Kind,
    pub text: &'a str,
    /// Whether blanks or comments stand before it.
    pub spaced: bool,
}

impl Token<'_> {
    /// Whether this is the punctuation `text`.
    pub fn is(&self, text: &str) -> bool {
        self.kind == Kind::Punct && self.text == text
    }

    /// Whether this is one of `words`, in upper or lower case.
    pub fn is_word(&self, words: &[&str]) -> bool {
        self.kind == Kind::Word && words.iter().any(|word| word.eq_ignore_ascii_case(self.text))
    }
}
