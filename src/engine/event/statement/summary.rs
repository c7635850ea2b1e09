//! The operation and the first table of a statement.

use super::dialect::Dialect;
use super::lexer::Lexer;
use super::scan::is_word;
use super::token::{Kind, Token};
use crate::engine::text::split::split_once;

/// Appends the summary of `sql`: its operation in upper case and its first table, at most 255 characters.
///
/// Examples: `SELECT users`, `INSERT public.orders`, `CREATE TABLE t`. For `WITH … SELECT`, `DECLARE …; SELECT` and
/// `SET …; SELECT` it is the summary of the main statement. The name of a common table expression is no table, and users,
/// roles and logins are not named. A name is written without quotes, unless it holds a blank; a name that does not fit is
/// left out. Nothing is appended if the text does not begin with a word of ASCII letters. Literals are never shown.
///
/// Spec: <https://opentelemetry.io/docs/specs/semconv/database/database-spans/#generating-a-summary-of-the-query>
///
/// # Examples
/// ```
/// use tidegate::engine::event::statement::{Dialect, summary};
///
/// let mut text = String::new();
/// summary("select * from users where id = 7", Dialect::Unknown, &mut text);
/// assert_eq!(text, "SELECT users");
/// ```
pub fn summary(sql: &str, dialect: Dialect, out: &mut String) {
    let mut reader = Reader { lexer: Lexer::new(sql, dialect), depth: 0, expressions: [""; MAX_EXPRESSIONS] };
    let Some(operation) = reader.operation() else { return };
    push_upper(operation, out);
    let mark = out.len();
    let start = mark - operation.text.len();
    let first = if operation.is_word(&["SELECT"]) {
        reader.table()
    } else if operation.is_word(DEFINITIONS) {
        reader.past(DEFINITION_MODIFIERS).filter(is_keyword).and_then(|kind| {
            out.push(' ');
            push_upper(kind, out);
            reader.past(EXISTENCE).filter(|_| kind.is_word(NAMED))
        })
    } else if operation.is_word(CHANGES) {
        reader.past(CHANGE_MODIFIERS)
    } else {
        None
    };
    if let Some(first) = first.filter(|token| is_identifier(token) && !token.is_word(&["ON"])) {
        let fits = out.len();
        let is_expression = reader.is_expression(first);
        reader.push_name(first, out);
        if is_expression || out[start..].chars().count() > MAX_CHARS {
            out.truncate(fits);
        }
    }
}

/// Splits a summary into operation and collection: `SELECT users` into `SELECT` and `users`.
///
/// [`UNKNOWN`] has neither. The operation of a definition has two words, such as `CREATE TABLE`; only a table is a
/// collection.
///
/// Spec: <https://opentelemetry.io/docs/specs/semconv/registry/attributes/db/>
#[must_use]
pub fn summary_parts(summary: &str) -> (Option<&str>, Option<&str>) {
    let Some((first, rest)) = split_once(summary, b' ') else {
        return (Some(summary).filter(|all| !all.is_empty() && *all != UNKNOWN), None);
    };
    if !DEFINITIONS.contains(&first) {
        return (Some(first), Some(rest));
    }
    match split_once(rest, b' ') {
        None => (Some(summary), None),
        Some((kind, name)) => {
            (Some(&summary[..first.len() + 1 + kind.len()]), Some(name).filter(|_| kind == "TABLE"))
        }
    }
}

struct Reader<'a> {
    lexer: Lexer<'a>,
    depth: usize,
    /// The names of the first common table expressions, without quotes.
    expressions: [&'a str; MAX_EXPRESSIONS],
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Option<Token<'a>> {
        let token = self.lexer.next()?;
        if token.is("(") {
            self.depth += 1;
        } else if token.is(")") {
            self.depth = self.depth.saturating_sub(1);
        }
        Some(token)
    }

    /// The next token that is none of `words`.
    fn past(&mut self, words: &[&str]) -> Option<Token<'a>> {
        loop {
            let token = self.next()?;
            if !token.is_word(words) {
                return Some(token);
            }
        }
    }

    fn operation(&mut self) -> Option<Token<'a>> {
        let mut first = self.next()?;
        while first.is("(") || first.is(";") {
            first = self.next()?;
        }
        if first.is_word(PREAMBLES) {
            first = self.main_statement(first).unwrap_or(first);
        }
        is_keyword(&first).then_some(first)
    }

    /// The statement after `first`: the common table expressions of a WITH, declarations, settings.
    fn main_statement(&mut self, first: Token<'a>) -> Option<Token<'a>> {
        let level = self.depth;
        let (mut last, mut is_with) = (first, first.is_word(&["WITH"]));
        loop {
            let token = self.next()?;
            if self.depth == level {
                let is_next = is_with || first.is_word(&["DECLARE"]) || last.is(";");
                is_with |= is_next && token.is_word(&["WITH"]);
                if is_next && token.is_word(MAIN_STATEMENTS) {
                    return Some(token);
                }
                if is_with && (last.is(",") || last.is_word(&["WITH", "RECURSIVE"])) {
                    self.add_expression(token.text);
                }
            }
            last = token;
        }
    }

    fn add_expression(&mut self, name: &'a str) {
        if let Some(free) = self.expressions.iter_mut().find(|known| known.is_empty()) {
            // In an unknown dialect a name in double quotes is a literal.
            let is_quoted = name.len() > 2 && !name.starts_with(is_word);
            *free = if is_quoted { name.get(1..name.len() - 1).unwrap_or(name) } else { name };
        }
    }

    /// Whether `token`, the one read last, names a common table expression, or may name one that was not kept.
    fn is_expression(&self, token: Token<'_>) -> bool {
        let is_full = !self.expressions[MAX_EXPRESSIONS - 1].is_empty();
        let is_known = || self.expressions.iter().any(|known| known.eq_ignore_ascii_case(unquoted(token)));
        (is_full || is_known()) && !self.lexer.clone().next().is_some_and(|next| next.is("."))
    }

    /// The first table of a SELECT. What follows a JOIN is one if what follows FROM is a common table expression.
    fn table(&mut self) -> Option<Token<'a>> {
        let mut first = self.source()?;
        while self.is_expression(first) {
            while !self.next()?.is_word(&["JOIN"]) {}
            first = self.past(&["ONLY", "LATERAL"])?;
        }
        Some(first)
    }

    /// The token after the FROM of a SELECT, inside subqueries too.
    fn source(&mut self) -> Option<Token<'a>> {
        let mut level = self.depth;
        let mut distinct = false;
        loop {
            let token = self.next()?;
            // The FROM of `IS DISTINCT FROM` is part of a comparison.
            if token.is_word(&["FROM"]) && self.depth == level && !distinct {
                let mut first = self.past(&["ONLY", "LATERAL"])?;
                while first.is("(") {
                    first = self.past(&["ONLY", "LATERAL"])?;
                }
                if first.is_word(&["WITH"]) {
                    self.main_statement(first)?;
                } else if !first.is_word(&["SELECT", "VALUES"]) {
                    return Some(first);
                }
                level = self.depth;
            }
            distinct = token.is_word(&["DISTINCT"]);
        }
    }

    fn push_name(&mut self, first: Token<'a>, out: &mut String) {
        out.push(' ');
        out.push_str(unquoted(first));
        loop {
            let mut ahead = self.lexer.clone();
            let dot = ahead.next().is_some_and(|token| token.is("."));
            let Some(part) = ahead.next().filter(|part| dot && is_identifier(part)) else { return };
            out.push('.');
            out.push_str(unquoted(part));
            self.lexer = ahead;
        }
    }
}

fn is_identifier(token: &Token<'_>) -> bool {
    matches!(token.kind, Kind::Word | Kind::Name)
}

fn is_keyword(token: &Token<'_>) -> bool {
    let letters = token.text.bytes().all(|b| b.is_ascii_alphabetic() || b == b'_');
    token.kind == Kind::Word && letters && token.text.len() <= MAX_KEYWORD
}

fn unquoted<'a>(token: Token<'a>) -> &'a str {
    if token.kind == Kind::Name && token.text.bytes().all(|b| b != b' ') {
        return &token.text[1..token.text.len() - 1];
    }
    token.text
}

fn push_upper(token: Token<'_>, out: &mut String) {
    let start = out.len();
    out.push_str(token.text);
    out[start..].make_ascii_uppercase();
}

/// The summary of a statement that does not begin with a word.
pub const UNKNOWN: &str = "QUERY";
const MAX_CHARS: usize = 255;
const MAX_KEYWORD: usize = 32;
/// A statement with more common table expressions shows no table.
const MAX_EXPRESSIONS: usize = 8;
/// What may stand before the main statement.
const PREAMBLES: &[&str] = &["WITH", "DECLARE", "SET", "USE", "BEGIN"];
const MAIN_STATEMENTS: &[&str] = &["SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE", "VALUES"];
const CHANGES: &[&str] = &[
    "INSERT", "REPLACE", "MERGE", "UPDATE", "DELETE", "TRUNCATE", "COPY", "CALL", "EXEC", "EXECUTE", "PRAGMA",
];
#[rustfmt::skip]
const CHANGE_MODIFIERS: &[&str] = &[
    "INTO", "FROM", "ONLY", "TABLE", "OR", "IGNORE", "REPLACE", "ABORT", "FAIL", "ROLLBACK", "OVERWRITE", "QUICK",
    "LOW_PRIORITY", "HIGH_PRIORITY", "DELAYED",
];
const DEFINITIONS: &[&str] = &["CREATE", "DROP", "ALTER"];
/// What is named when it is defined. A user's or a role's name is left out.
#[rustfmt::skip]
const NAMED: &[&str] = &[
    "TABLE", "VIEW", "INDEX", "SCHEMA", "DATABASE", "SEQUENCE", "FUNCTION", "PROCEDURE", "TRIGGER", "TYPE", "DOMAIN",
    "EXTENSION", "TABLESPACE", "SYNONYM",
];
#[rustfmt::skip]
const DEFINITION_MODIFIERS: &[&str] = &[
    "OR", "REPLACE", "TEMP", "TEMPORARY", "GLOBAL", "LOCAL", "UNLOGGED", "EXTERNAL", "FOREIGN", "VIRTUAL", "UNIQUE",
    "MATERIALIZED", "RECURSIVE", "CLUSTERED", "NONCLUSTERED", "COLUMNSTORE", "FULLTEXT", "SPATIAL",
];
const EXISTENCE: &[&str] = &["IF", "NOT", "EXISTS", "CONCURRENTLY", "ONLY"];
