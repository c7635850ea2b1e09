//! The length of a piece of SQL, by its own text alone.

use super::token::Kind;

/// The position behind the `quote` that closes what starts at `open`. A doubled quote does not close.
pub(super) fn close(rest: &str, open: usize, quote: u8, escapes: bool) -> Option<usize> {
    let bytes = rest.as_bytes();
    let mut at = open;
    while let Some(&byte) = bytes.get(at) {
        at += match byte {
            b'\\' if escapes => 2,
            _ if byte != quote => 1,
            _ if bytes.get(at + 1) == Some(&quote) => 2,
            _ => return Some(at + 1),
        };
    }
    None
}

/// A quoted identifier if it looks like one. Else it may be a string: its content is hidden.
pub(super) fn quoted_name(rest: &str, end: Option<usize>) -> (Kind, usize) {
    let Some(end) = end else { return (Kind::Literal, rest.len()) };
    let name = &rest[1..end - 1];
    // A table of the letters beyond ASCII would be larger than the tokenizer: all of them count as letters.
    let plain = name.bytes().all(|b| {
        b.is_ascii_alphanumeric() || !b.is_ascii() || matches!(b, b'_' | b'$' | b'#' | b'-' | b'.' | b' ')
    });
    let kind = if plain && (1..=MAX_NAME).contains(&name.len()) { Kind::Name } else { Kind::Literal };
    (kind, end)
}

/// `$tag$…$tag$`, `$1` or `$name`.
pub(super) fn dollar(rest: &str) -> (Kind, usize) {
    let name = &rest[1..];
    let digits = run(name, |c| c.is_ascii_digit());
    if digits > 0 {
        return (Kind::Param, 1 + digits);
    }
    let open = 1 + run(name, |c| is_word(c) && c != '$');
    if rest[open..].starts_with('$') {
        let (tag, body) = rest.split_at(open + 1);
        // This is linear: a tag has `$` only at its ends, so no part of the text is compared twice.
        let end = body.as_bytes().windows(tag.len()).position(|found| found == tag.as_bytes());
        return (Kind::Literal, end.map_or(rest.len(), |at| at + 2 * tag.len()));
    }
    if open == 1 { (Kind::Punct, 1) } else { (Kind::Param, open) }
}

/// The length of a number with the word characters behind it: `0xFF`, `1e-10`, `1_000`, `12abc`.
pub(super) fn number(rest: &str) -> usize {
    let hex = rest.starts_with("0x") || rest.starts_with("0X");
    let mut exponent = false;
    let length = run(rest, |c| {
        let sign = exponent && !hex && (c == '-' || c == '+');
        exponent = c == 'e' || c == 'E';
        sign || c == '.' || (is_word(c) && c != '$')
    });
    // A dot or a sign at the end is an operator of its own.
    let last = rest.as_bytes()[..length].iter().rposition(|b| !matches!(b, b'.' | b'-' | b'+'));
    last.map_or(0, |last| last + 1)
}

pub(super) fn comment(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let (mut at, mut depth) = (2, 1);
    while depth > 0 {
        at += match bytes.get(at..at + 2) {
            Some(b"/*") => {
                depth += 1;
                2
            }
            Some(b"*/") => {
                depth -= 1;
                2
            }
            Some(_) => 1,
            None => return rest.len(),
        };
    }
    at
}

pub(super) fn line(rest: &str) -> usize {
    rest.bytes().position(|b| b == b'\n').unwrap_or(rest.len())
}

pub(super) fn run(text: &str, mut keep: impl FnMut(char) -> bool) -> usize {
    text.find(|c| !keep(c)).unwrap_or(text.len())
}

pub(super) fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '$' || !(c.is_ascii() || is_blank(c))
}

pub(super) fn is_blank(c: char) -> bool {
    c.is_whitespace() || c.is_control()
}

/// The most bytes of a quoted identifier. The largest limit of the common databases is 128, in SQL Server.
pub(super) const MAX_NAME: usize = 128;
