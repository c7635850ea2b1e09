//! The text of a statement without its literals.

use super::dialect::Dialect;
use super::lexer::Lexer;
use super::token::{Kind, Token};

/// Appends `sql` with `?` in place of each literal: at most 1000 characters.
///
/// | in `sql` | becomes |
/// |---|---|
/// | strings `'…'`, `E'…'`, `q'[…]'`, `$tag$…$tag$`, numbers, money, UUIDs | `?`; signs and NULL stay |
/// | comments and blanks | one space |
/// | a list of literals and parameters after IN | `(?)` |
/// | bind parameters `?`, `?1`, `$1`, `:name`, `@name` | themselves |
/// | quoted identifiers | themselves, if they hold no ASCII but letters, digits, blanks and `_ $ # - .`; else `?` |
/// | `"…"` | a quoted identifier or a string, as the [dialect](Dialect) has it |
/// | `"…"` in an unknown dialect | `?`, unless after FROM, JOIN, INTO, UPDATE, TABLE, beside a dot, left of a comparison, or an item of a SELECT that has FROM |
/// | all after IDENTIFIED, CONNECT, STDIN, a PRAGMA's name; after PASSWORD and the like in what is no query | hidden |
/// | all from a quote, comment or bracket on that is not closed, or whose end dialects see in different places | hidden |
///
/// A longer text ends with the last token that fits; a word without quotes is cut. A result that was not cut normalizes
/// to itself. Allocates only to grow `out`.
///
/// # Examples
/// ```
/// use tidegate::engine::event::statement::{Dialect, normalize};
///
/// let mut text = String::new();
/// normalize("select *  from t where id in (1, 2)", Dialect::Unknown, &mut text);
/// assert_eq!(text, "select * from t where id in (?)");
/// ```
pub fn normalize(sql: &str, dialect: Dialect, out: &mut String) {
    let mut text = Text { out, left: MAX_CHARS, is_first: true };
    let mut lexer = Lexer::new(sql, dialect);
    let mut after_in = false;
    while let Some(token) = lexer.next() {
        let fits = match (after_in && token.is("(")).then(|| value_list(&lexer)).flatten() {
            Some(ahead) => {
                lexer = ahead;
                text.push(Token { kind: Kind::Punct, text: "(?)", spaced: true })
            }
            None => text.push(token),
        };
        if !fits {
            return;
        }
        after_in = token.is_word(&["IN"]);
    }
}

/// The lexer behind the list of values whose `(` was read last; `None` if it is no such list.
fn value_list<'a>(lexer: &Lexer<'a>) -> Option<Lexer<'a>> {
    let mut ahead = lexer.clone();
    let (mut depth, mut found) = (1, false);
    while depth > 0 {
        let token = ahead.next()?;
        match (token.kind, token.text) {
            (Kind::Literal | Kind::Param, _) => found = true,
            (Kind::Punct, "(") => depth += 1,
            (Kind::Punct, ")") => depth -= 1,
            (Kind::Punct, "," | "-" | "+") => {}
            _ if token.is_word(&["NULL", "TRUE", "FALSE"]) => found = true,
            _ => return None,
        }
    }
    found.then_some(ahead)
}

struct Text<'a> {
    out: &'a mut String,
    left: usize,
    is_first: bool,
}

impl Text<'_> {
    /// Appends `token`. Returns false if not all of it fits.
    fn push(&mut self, token: Token<'_>) -> bool {
        let text = if token.kind == Kind::Literal { "?" } else { token.text };
        let space = usize::from(token.spaced && !self.is_first);
        // A quoted name needs room for the dot behind it: without its dot it may be read as a value.
        let room = self.left.saturating_sub(space + usize::from(token.kind == Kind::Name));
        let shown = match text.char_indices().nth(room) {
            None => text,
            Some((at, _)) if token.kind == Kind::Word && at > 0 => &text[..at],
            Some(_) => return false,
        };
        self.out.push_str(&" "[..space]);
        self.out.push_str(shown);
        self.left -= space + shown.chars().count();
        self.is_first = false;
        shown.len() == text.len()
    }
}

const MAX_CHARS: usize = 1000;
