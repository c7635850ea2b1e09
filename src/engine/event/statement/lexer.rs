//! The tokenizer for all dialects. Where dialects disagree, it takes the reading that shows less.

use super::context::Context;
use super::scan::{MAX_NAME, close, comment, dollar, is_blank, is_word, line, number, quoted_name, run};
use super::token::{Kind, Token};

/// The tokens of `sql`. Each byte is read a bounded number of times.
#[derive(Clone)]
pub(super) struct Lexer<'a> {
    sql: &'a str,
    pos: usize,
    context: Context,
    /// Whether a backslash escapes a quote, as in MySQL; `None` until the text shows it.
    escapes: Option<bool>,
}

impl<'a> Lexer<'a> {
    pub fn new(sql: &'a str) -> Self {
        Self { sql, pos: 0, context: Context::default(), escapes: None }
    }

    fn skip_blanks(&mut self) {
        loop {
            let rest = &self.sql[self.pos..];
            let mut chars = rest.chars();
            let Some(first) = chars.next() else { return };
            self.pos += match first {
                _ if is_blank(first) => first.len_utf8(),
                '-' if rest.starts_with("--") => line(rest),
                // `#temp` is a table and `#>` an operator. `#` before a blank begins a comment of MySQL.
                '#' if chars.next().is_some_and(is_blank) => line(rest),
                '/' if rest.starts_with("/*") => comment(rest),
                _ => return,
            };
        }
    }

    /// The kind and length of the token at the start of `rest`, whose first character is `first`.
    fn scan(&mut self, rest: &str, first: char) -> (Kind, usize) {
        match first {
            '\'' => (Kind::Literal, self.string(rest, 1, b'\'').unwrap_or(rest.len())),
            '"' => self.double_quoted(rest),
            '`' => quoted_name(rest, close(rest, 1, b'`', false)),
            '[' => self.bracketed(rest).map_or((Kind::Punct, 1), |length| (Kind::Name, length)),
            '$' => dollar(rest),
            '?' => (Kind::Param, 1 + run(&rest[1..], |c| c.is_ascii_digit())),
            ':' if rest.starts_with("::") => (Kind::Punct, 2),
            ':' | '@' => self.named(rest, first),
            '#' => match run(rest, |c| c == '#' || is_word(c)) {
                1 => (Kind::Punct, 1),
                length => (Kind::Word, length),
            },
            '.' if rest[1..].starts_with(|c: char| c.is_ascii_digit()) => {
                (Kind::Literal, 1 + number(&rest[1..]))
            }
            _ if first.is_ascii_digit() => (Kind::Literal, number(rest)),
            _ if is_word(first) => self.word(rest),
            _ => (Kind::Punct, first.len_utf8()),
        }
    }

    /// A word, or a string with a prefix: `E'…'`, `N'…'`, `X'…'`, `B'…'`.
    fn word(&mut self, rest: &str) -> (Kind, usize) {
        let length = run(rest, is_word);
        let prefix = if rest[length..].starts_with('\'') { &rest[..length] } else { "" };
        let end = match prefix {
            "E" | "e" => close(rest, length + 1, b'\'', true),
            "N" | "n" | "X" | "x" | "B" | "b" => self.string(rest, length + 1, b'\''),
            _ => return (Kind::Word, length),
        };
        (Kind::Literal, end.unwrap_or(rest.len()))
    }

    /// A double-quoted identifier; a string, as in MySQL and SQLite, where only a value can stand.
    fn double_quoted(&mut self, rest: &str) -> (Kind, usize) {
        let end = self.string(rest, 1, b'"');
        let qualifies = end.is_some_and(|end| rest[end..].starts_with('.'));
        if self.context.wants_value() && !qualifies {
            return (Kind::Literal, end.unwrap_or(rest.len()));
        }
        quoted_name(rest, end)
    }

    /// The length of `[a name]`; `None` for a subscript or an array.
    fn bracketed(&self, rest: &str) -> Option<usize> {
        let name = run(&rest[1..], |c| is_word(c) || c == '.' || c == ' ');
        let begins = rest[1..].starts_with(|c: char| is_word(c) && !c.is_ascii_digit());
        let ends = rest[1 + name..].starts_with(']');
        (begins && ends && name <= MAX_NAME && !self.after_value()).then_some(name + 2)
    }

    /// `:name`, `@name`, `@@name` or `:1`. A colon after a value is that of a slice.
    fn named(&self, rest: &str, first: char) -> (Kind, usize) {
        let marks = if first == '@' { run(rest, |c| c == '@') } else { 1 };
        let name = &rest[marks..];
        let length = match name.chars().next() {
            Some(c) if c.is_ascii_digit() && first == ':' && !self.after_value() => {
                run(name, |c| c.is_ascii_digit())
            }
            Some(c) if is_word(c) && c != '$' && !c.is_ascii_digit() => run(name, |c| is_word(c) && c != '$'),
            _ => return (Kind::Punct, marks),
        };
        (Kind::Param, marks + length)
    }

    fn after_value(&self) -> bool {
        self.sql[..self.pos].ends_with(|c| is_word(c) || matches!(c, ')' | ']' | '\'' | '"' | '`' | '?'))
    }

    /// The end of the string whose content starts at `open`; `None` if it cannot be known.
    ///
    /// In standard SQL `'a\' …` ends at the second quote, in MySQL it does not. Where the two disagree, one is taken
    /// only if the other is impossible, because a word follows its closing quote directly.
    fn string(&mut self, rest: &str, open: usize, quote: u8) -> Option<usize> {
        if let Some(escapes) = self.escapes {
            return close(rest, open, quote, escapes);
        }
        let plain = close(rest, open, quote, false);
        if self.context.after_escape() && plain == Some(open + 2) {
            self.escapes = Some(false);
            return plain;
        }
        let escaped = close(rest, open, quote, true);
        if plain == escaped {
            return plain;
        }
        let possible = |end: usize| !rest[end..].starts_with(|c| is_word(c) || c == '\\');
        let escapes = match (possible(plain?), possible(escaped?)) {
            (true, false) => false,
            (false, true) => true,
            _ => return None,
        };
        self.escapes = Some(escapes);
        if escapes { escaped } else { plain }
    }
}

impl<'a> Iterator for Lexer<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let start = self.pos;
        self.skip_blanks();
        let spaced = self.pos > start;
        let rest = &self.sql[self.pos..];
        let (kind, length) = self.scan(rest, rest.chars().next()?);
        let token = Token { kind, text: &rest[..length], spaced };
        self.pos += length;
        self.context.advance(&token);
        Some(token)
    }
}
