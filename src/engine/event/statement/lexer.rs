//! The tokenizer for all dialects. Where dialects disagree, it takes the reading that shows less.

use super::context::{Context, LIST_ENDS, Place};
use super::dialect::Dialect;
use super::scan::{
    MAX_NAME, balanced, close, comment, dollar, find, is_blank, is_money, is_settled, is_word, line, number,
    q_string, quoted_name, run, uuid,
};
use super::token::{Kind, Token};
use crate::engine::text::split::prefix;

/// The tokens of `sql`. Each byte is read a bounded number of times.
#[derive(Clone)]
pub(super) struct Lexer<'a> {
    sql: &'a str,
    pos: usize,
    dialect: Dialect,
    context: Context,
    /// The end of a line whose strings end in it, whether its `#` begins a comment or not.
    checked_line: usize,
    /// Whether it only looks ahead: names in double quotes then count as strings.
    is_ahead: bool,
}

impl<'a> Lexer<'a> {
    pub fn new(sql: &'a str, dialect: Dialect) -> Self {
        Self { sql, pos: 0, dialect, context: Context::default(), checked_line: 0, is_ahead: false }
    }

    /// Skips blanks and comments. Where a dialect may see no comment, what follows is hidden unless it is outside a string
    /// in either reading.
    fn skip_blanks(&mut self) {
        loop {
            let rest = &self.sql[self.pos..];
            let mut chars = rest.chars();
            let Some(first) = chars.next() else { return };
            let second = chars.next();
            let skipped = match first {
                _ if is_blank(first) => Some(first.len_utf8()),
                '-' if second == Some('-') => {
                    line(rest).filter(|&end| chars.next().is_none_or(is_blank) || balanced(&rest[2..end]))
                }
                '#' if self.dialect == Dialect::Strings => line(rest),
                '#' if second.is_some_and(is_blank) => line(rest).filter(|&end| balanced(&rest[1..end])),
                '/' if second == Some('*') => comment(rest),
                _ => return,
            };
            let Some(skipped) = skipped else {
                self.context.hides_rest = true;
                return;
            };
            self.pos += skipped;
        }
    }

    /// The kind and length of the token at the start of `rest`, whose first character is `first`.
    fn scan(&mut self, rest: &str, first: char, spaced: bool) -> (Kind, usize) {
        if let Some(length) = uuid(rest) {
            return (Kind::Literal, length);
        }
        match first {
            '\'' => (Kind::Literal, self.string(rest, 1, b'\'').unwrap_or(rest.len())),
            '"' => self.double_quoted(rest, spaced),
            '`' => quoted_name(rest, close(rest, 1, b'`', false)),
            '[' => self.bracket(rest),
            '$' => dollar(rest, self.dialect),
            '?' => (Kind::Param, 1 + run(&rest[1..], |c| c.is_ascii_digit())),
            ':' if rest.starts_with("::") => (Kind::Punct, 2),
            ':' | '@' => self.named(rest, first),
            '#' => self.hash(rest),
            '.' if rest[1..].starts_with(|c: char| c.is_ascii_digit()) => {
                (Kind::Literal, 1 + number(&rest[1..]))
            }
            _ if first.is_ascii_digit() || is_money(first) => (Kind::Literal, number(rest)),
            _ if is_word(first) => self.word(rest),
            _ => (Kind::Punct, first.len_utf8()),
        }
    }

    /// A word, or a string with a prefix: `E'…'`, `N'…'`, `X'…'`, `B'…'`, `q'[…]'`.
    fn word(&self, rest: &str) -> (Kind, usize) {
        let length = run(rest, is_word);
        let prefix = if rest[length..].starts_with('\'') { &rest[..length] } else { "" };
        let end = match prefix {
            "E" | "e" => close(rest, length + 1, b'\'', true).filter(|&end| is_settled(rest, end)),
            "N" | "n" | "X" | "x" | "B" | "b" => self.string(rest, length + 1, b'\''),
            _ if ["q", "nq"].iter().any(|q| q.eq_ignore_ascii_case(prefix)) => q_string(rest, length + 1),
            // A UUID without dashes.
            _ if length == 32 && rest[..length].bytes().all(|b| b.is_ascii_hexdigit()) => Some(length),
            _ => return (Kind::Word, length),
        };
        (Kind::Literal, end.unwrap_or(rest.len()))
    }

    /// A name in double quotes, or a string.
    fn double_quoted(&mut self, rest: &str, spaced: bool) -> (Kind, usize) {
        let end = self.string(rest, 1, b'"');
        let is_name = match self.dialect {
            Dialect::Names | Dialect::SqlServer => true,
            Dialect::Strings => false,
            Dialect::Unknown => end.is_some_and(|end| {
                !self.is_ahead
                    && (spaced || !self.context.is_after_word())
                    && self.is_name_before(&rest[end..])
            }),
        };
        if is_name { quoted_name(rest, end) } else { (Kind::Literal, end.unwrap_or(rest.len())) }
    }

    /// Whether a text in double quotes is a name if `rest` follows it.
    fn is_name_before(&mut self, rest: &str) -> bool {
        let rest = &rest[run(rest, is_blank)..];
        let next = *rest.as_bytes().get(1).unwrap_or(&0);
        let compares = match rest.bytes().next() {
            Some(b'.') => {
                return next.is_ascii_alphabetic() || matches!(next, b'_' | b'"' | b'`' | b'[' | b'*');
            }
            Some(b'=' | b'<' | b'>' | b'!' | b'~') => true,
            _ => {
                let word = &rest[..run(rest, is_word)];
                COMPARISONS.iter().any(|comparison| comparison.eq_ignore_ascii_case(word))
            }
        };
        match self.context.place() {
            Place::Name => true,
            Place::Item => compares || self.has_from(),
            Place::Left => compares,
            Place::Value => false,
        }
    }

    /// Whether the list of the innermost SELECT ends with FROM. It is looked for once, within [`MAX_LIST`] bytes.
    fn has_from(&mut self) -> bool {
        if let Some(known) = self.context.has_from {
            return known;
        }
        let mut ahead = Self { is_ahead: true, sql: prefix(self.sql, self.pos + MAX_LIST), ..self.clone() };
        let (mut depth, mut distinct) = (0_i32, false);
        let found = loop {
            let Some(token) = ahead.next() else { break false };
            match token.text {
                "(" => depth += 1,
                ")" => depth -= 1,
                _ => {}
            }
            // The FROM of `IS DISTINCT FROM` is part of a comparison.
            if depth < 0 || token.is(";") || (depth == 0 && !distinct && token.is_word(LIST_ENDS)) {
                break token.is_word(&["FROM", "INTO"]);
            }
            distinct = token.is_word(&["DISTINCT"]);
        };
        self.context.has_from = Some(found);
        found
    }

    /// `[a name]`, or the `[` of a subscript or an array. If a name may hold a quote, what follows is hidden.
    fn bracket(&self, rest: &str) -> (Kind, usize) {
        let near = prefix(rest, 2 * MAX_NAME);
        if close(near, 1, b']', false).is_some_and(|end| !balanced(&near[1..end - 1])) {
            return (Kind::Literal, rest.len());
        }
        let name = run(&near[1..], |c| is_word(c) || c == '.' || c == ' ');
        let begins = near[1..].starts_with(|c: char| is_word(c) && !c.is_ascii_digit());
        let is_name = begins && near[1 + name..].starts_with(']') && name <= MAX_NAME && !self.after_value();
        if is_name { (Kind::Name, name + 2) } else { (Kind::Punct, 1) }
    }

    /// `#temp` is a table and `#>` an operator, if what follows is not a comment that holds a quote.
    fn hash(&mut self, rest: &str) -> (Kind, usize) {
        if self.pos >= self.checked_line {
            let Some(end) = line(rest).filter(|&end| balanced(&rest[1..end])) else {
                return (Kind::Literal, rest.len());
            };
            self.checked_line = self.pos + end;
        }
        match run(rest, |c| c == '#' || is_word(c)) {
            1 => (Kind::Punct, 1),
            length => (Kind::Word, length),
        }
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

    /// The end of the string whose content starts at `open`; `None` if dialects disagree on it.
    ///
    /// In standard SQL `'a\' …` ends at the second quote, in MySQL it does not. In BigQuery three quotes open a string
    /// that only three close.
    fn string(&self, rest: &str, open: usize, quote: u8) -> Option<usize> {
        let end = close(rest, open, quote, false)?;
        let three = [quote; 3];
        let is_escape_character = self.context.is_after_escape() && end == open + 2;
        let is_alike = is_escape_character || close(rest, open, quote, true) == Some(end);
        let bytes = rest.as_bytes();
        let is_tripled = bytes[open - 1..].starts_with(&three);
        let fits =
            is_alike && is_settled(rest, end) && (!is_tripled || find(bytes, open + 2, &three) == Some(end));
        fits.then_some(end)
    }
}

impl<'a> Iterator for Lexer<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let start = self.pos;
        self.skip_blanks();
        let spaced = self.pos > start;
        let rest = &self.sql[self.pos..];
        let first = rest.chars().next()?;
        let (kind, length) = match self.context.hides_rest {
            true => (Kind::Literal, rest.len()),
            false => self.scan(rest, first, spaced),
        };
        let token = Token { kind, text: &rest[..length], spaced };
        self.pos += length;
        self.context.advance(&token);
        Some(token)
    }
}

/// What may follow the left side of a comparison, beside operators.
const COMPARISONS: &[&str] =
    &["LIKE", "ILIKE", "RLIKE", "REGEXP", "GLOB", "MATCH", "SIMILAR", "BETWEEN", "IN", "IS", "NOT"];
/// The most bytes from a list's first name in double quotes to its FROM: about two of the longest texts that are kept.
const MAX_LIST: usize = 2000;
