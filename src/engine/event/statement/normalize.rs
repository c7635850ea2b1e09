//! The text of a statement without its literals.

use super::lexer::Lexer;
use super::token::{Kind, Token};

/// Appends `sql` with `?` in place of each literal: at most 1000 characters.
///
/// | in `sql` | becomes |
/// |---|---|
/// | strings `'…'`, `E'…'`, `$tag$…$tag$`, and numbers | `?`; signs and NULL stay |
/// | comments and blanks | one space |
/// | a list of literals and parameters after IN | `(?)` |
/// | bind parameters `?`, `?1`, `$1`, `:name`, `@name` | themselves |
/// | quoted identifiers | themselves, if they hold no ASCII but letters, digits, blanks and `_ $ # - .`; else `?` |
/// | `"…"` after a comparison or in a list of IN or VALUES | `?`, unless a dot joins it to a name |
/// | all from an unclosed quote or comment on | hidden |
/// | all from a string on whose `\'` may or may not close it | hidden |
///
/// A longer text ends with the last token that fits; a word without quotes is cut. The result normalizes to itself.
/// Allocates only to grow `out`.
///
/// # Examples
/// ```
/// let mut text = String::new();
/// tidegate::engine::event::statement::normalize("select *  from t where id in (1, 2)", &mut text);
/// assert_eq!(text, "select * from t where id in (?)");
/// ```
pub fn normalize(sql: &str, out: &mut String) {
    let mut text = Text { out, left: MAX_CHARS, glued: true };
    let mut lexer = Lexer::new(sql);
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
    /// Whether the next token is written without a space: the first one, and one after a single `#`. With a space that
    /// `#` would begin a comment.
    glued: bool,
}

impl Text<'_> {
    /// Appends `token`. Returns false if not all of it fits.
    fn push(&mut self, token: Token<'_>) -> bool {
        let text = if token.kind == Kind::Literal { "?" } else { token.text };
        let space = usize::from(token.spaced && !self.glued);
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
        self.glued = token.is("#");
        shown.len() == text.len()
    }
}

const MAX_CHARS: usize = 1000;
