//! The message of a database's error without the values that it quotes.

use super::scan::{is_word, run};

/// Appends `message` with `?` in place of each value. It is never longer than `message`, but for a `?` in parentheses.
///
/// | in `message` | becomes |
/// |---|---|
/// | `'…'`, `"…"`, `` `…` ``, `“…”`, `‘…’`, `«…»` | `?` |
/// | `(…)` | `(?)` |
/// | a number, and a word that begins with a digit or has three of them | `?` |
/// | addresses, dates, times and ids: words with a digit joined by `-`, `:` or `/`, or joined by `@` | `?` |
/// | all behind `params:` | `?` |
/// | all from an unclosed quote or parenthesis on | `?` |
/// | all from the first quote on, if it cannot be known which quotes belong together | `?` |
///
/// # Examples
/// ```
/// let mut text = String::new();
/// tidegate::engine::event::statement::hide_values("Duplicate entry 'a@b.c' for key 'email'", &mut text);
/// assert_eq!(text, "Duplicate entry ? for key ?");
/// ```
pub fn hide_values(message: &str, out: &mut String) {
    let mut text = Text { message, at: 0, out, quoted: None, parenthesized: None };
    while let Some(first) = text.message[text.at..].chars().next() {
        match first {
            '\'' | '"' | '`' => text.quote(first),
            '“' => text.hide_until('”'),
            '‘' => text.hide_until('’'),
            '«' => text.hide_until('»'),
            '(' => text.parenthesis(),
            ')' => text.stray_parenthesis(),
            _ if is_word(first) => text.word(),
            _ => text.push(first.len_utf8()),
        }
    }
}

struct Text<'m, 'o> {
    message: &'m str,
    at: usize,
    out: &'o mut String,
    /// Where the first quoted part, and the first one in parentheses, lie in `out`.
    quoted: Option<usize>,
    parenthesized: Option<usize>,
}

impl Text<'_, '_> {
    fn push(&mut self, length: usize) {
        self.out.push_str(&self.message[self.at..self.at + length]);
        self.at += length;
    }

    fn hide(&mut self, end: usize) {
        self.out.push('?');
        self.at = end;
    }

    /// A quote between two letters is an apostrophe, and so is one behind a word, unless quotes came before.
    fn quote(&mut self, quote: char) {
        let is_apostrophe = quote == '\'' && self.is_word_before(self.at);
        if is_apostrophe && (self.is_word_at(self.at + 1) || self.quoted.is_none()) {
            return self.push(1);
        }
        let start = *self.quoted.get_or_insert(self.out.len());
        match self.closing(quote).filter(|_| !is_apostrophe) {
            Some(end) => self.hide(end),
            None => {
                self.out.truncate(start);
                self.hide(self.message.len());
            }
        }
    }

    /// The position behind the quote that closes the one at the current position. `None`: it cannot be known.
    fn closing(&self, quote: char) -> Option<usize> {
        let bytes = self.message.as_bytes();
        let open = self.at + 1;
        let mut at = open;
        while let Some(&byte) = bytes.get(at) {
            at += match byte {
                b'\\' => 2,
                _ if byte != quote as u8 => 1,
                _ if at > open && bytes.get(at + 1) == Some(&byte) => 2,
                _ if !self.is_word_at(at + 1) => return Some(at + 1),
                // An apostrophe, or a quote that opens within quotes.
                _ if self.is_word_before(at) => 1,
                _ => return None,
            };
        }
        None
    }

    fn hide_until(&mut self, closing: char) {
        let end = self.message[self.at..].find(closing).map(|length| self.at + length + closing.len_utf8());
        self.hide(end.unwrap_or(self.message.len()));
    }

    fn parenthesis(&mut self) {
        let inner = &self.message[self.at + 1..];
        self.parenthesized.get_or_insert(self.out.len());
        let mut depth = 1;
        let length = inner.bytes().position(|byte| {
            depth += i32::from(byte == b'(') - i32::from(byte == b')');
            depth == 0
        });
        self.push(1);
        match length {
            Some(0) => {}
            Some(length) => self.hide(self.at + length),
            None => return self.hide(self.message.len()),
        }
        self.push(1);
    }

    /// The value in the parentheses before contained a parenthesis itself.
    fn stray_parenthesis(&mut self) {
        if let Some(start) = self.parenthesized {
            self.out.truncate(start);
            self.out.push_str("(?");
        }
        self.push(1);
    }

    fn word(&mut self) {
        let rest = &self.message[self.at..];
        let length = run(rest, |c| is_word(c) || JOINTS.contains(&c));
        let token = rest[..length].trim_end_matches(JOINTS);
        if PARAMETERS.iter().any(|word| word.eq_ignore_ascii_case(token))
            && rest[token.len()..].starts_with(':')
        {
            self.push(token.len() + 1);
            self.out.push(' ');
            return self.hide(self.message.len());
        }
        let digits = token.bytes().filter(u8::is_ascii_digit).count();
        let is_joined = token.contains(['-', ':', '/']);
        let begins = token.starts_with(|c: char| c.is_ascii_digit());
        if begins || digits > 2 || (digits > 0 && is_joined) || token.contains('@') {
            self.hide(self.at + token.len());
        } else {
            self.push(token.len());
        }
    }

    fn is_word_before(&self, at: usize) -> bool {
        self.message[..at].ends_with(is_word)
    }

    fn is_word_at(&self, at: usize) -> bool {
        self.message.get(at..).is_some_and(|rest| rest.starts_with(is_word))
    }
}

/// What joins the parts of an address, a date or an id.
const JOINTS: [char; 7] = ['-', '.', '@', ':', '+', '/', '%'];
/// Behind these words some libraries list the parameters of a query, without quotes.
const PARAMETERS: [&str; 3] = ["params", "parameters", "bindings"];

#[cfg(test)]
mod tests {
    use super::*;

    fn hidden(message: &str) -> String {
        let mut text = String::new();
        hide_values(message, &mut text);
        text
    }

    #[test]
    fn values_are_hidden_and_the_rest_can_be_read() {
        for (message, wanted) in [
            ("", ""),
            ("no such table: items", "no such table: items"),
            (
                "D1_ERROR: UNIQUE constraint failed: users.email: SQLITE_CONSTRAINT",
                "D1_ERROR: UNIQUE constraint failed: users.email: SQLITE_CONSTRAINT",
            ),
            ("Duplicate entry 'a@b.c' for key 'users.email'", "Duplicate entry ? for key ?"),
            ("Key (email)=(a@b.c) already exists.", "Key (?)=(?) already exists."),
            ("Failing row contains (1, null, (2, 'x')).", "Failing row contains (?)."),
            ("invalid input syntax for type integer: \"abc\"", "invalid input syntax for type integer: ?"),
            (
                "value 4711 is out of range for int4, not -1e10 or 0xFF",
                "value ? is out of range for int4, not -? or ?",
            ),
            ("connect ECONNREFUSED 127.0.0.1:5432", "connect ECONNREFUSED ?"),
            ("no row a3f2b1c4-7f3c-4b2a-9f00-aabbccddeeff", "no row ?"),
            ("at 2026-11-29T10:00:00Z by ann@example.com", "at ? by ?"),
            ("can't find 'secret'", "can't find ?"),
            ("the users' rows: 'secret'", "the users' rows: ?"),
            ("near `x`, “y”, ‘z’, «w»", "near ?, ?, ?, ?"),
            ("Failed query: select 1\nparams: ann,secret", "Failed query: select ?\nparams: ?"),
            ("f() failed", "f() failed"),
        ] {
            assert_eq!(hidden(message), wanted, "{message}");
        }
    }

    #[test]
    fn a_value_with_quotes_or_parentheses_of_its_own_stays_hidden() {
        for value in [
            "O'Brien secret",
            "it's secret",
            "it' is secret",
            "a 'secret",
            "'secret",
            "a\\' secret",
            "a'' secret",
            "secret'",
            "(secret",
            "x) secret",
            "\"secret",
            "größe' secret",
        ] {
            for (before, after) in [("'", "'"), ("\"", "\""), ("(", ")"), ("`", "`")] {
                let message = ["Duplicate entry ", before, value, after, " for key 'k'"].concat();
                assert!(!hidden(&message).contains("secret"), "{message} -> {}", hidden(&message));
            }
        }
    }

    #[test]
    fn a_hidden_message_hides_to_itself() {
        for message in ["Key (a)=('b') 5", "'a' b' c", "x (y", "params: a", "'", ")(", "a)b", "“"] {
            let once = hidden(message);
            assert_eq!(hidden(&once), once, "{message}");
        }
    }
}
