//! SQL as telemetry: the text without its literals, and a short summary that names a series.
//!
//! One tokenizer for all dialects. Where they disagree, a text may lose more than its literals, but a
//! literal is never shown. Any text is safe; the time is linear in its length.

mod context;
mod lexer;
mod scan;
mod summary;

use lexer::{Kind, Lexer, Token};
pub use summary::{summary, summary_parts};

/// Appends `sql` with its literals as `?`, at most 1000 characters.
///
/// - Strings (`'…'`, `E'…'`, `$tag$…$tag$`) and numbers become `?`, signs and NULL stay. Comments go;
///   they and blanks leave one space. Lists of literals and parameters after IN become `(?)`.
/// - Bind parameters (`?`, `?1`, `$1`, `:name`, `@name`) and quoted identifiers stay. `"…"` is hidden as a
///   string after a comparison and in the lists of IN and VALUES, unless a dot joins it to a name; and
///   every quoted name with an ASCII character other than letters, digits, blanks and `_ $ # - .`.
/// - From an unclosed quote or comment on, all is hidden; and from a string on of which it is not clear
///   whether its `\'` closes it.
///
/// A longer text ends with the last token that fits; a bare word is cut. A normalized text normalizes to
/// itself. Allocates only to grow `out`.
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

/// The rest after a list of values whose `(` is just read; `None` if it is not one.
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
    /// Whether the next token follows without a space: the first does, and one after a lone `#`, which
    /// would begin a comment.
    glued: bool,
}

impl Text<'_> {
    /// Appends `token`; `false` if it, or its end, did not fit.
    fn push(&mut self, token: Token<'_>) -> bool {
        let text = if token.kind == Kind::Literal { "?" } else { token.text };
        let space = usize::from(token.spaced && !self.glued);
        // After a quoted name there is room for the dot that makes it a name.
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

/// The summary of a statement that has none: its text does not begin with a word.
pub const UNKNOWN: &str = "QUERY";
const MAX_CHARS: usize = 1000;
