//! The length of a piece of SQL, by its own text alone.

use super::dialect::Dialect;
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

/// The end of the first `wanted` that begins at `from` or later.
pub(super) fn find(bytes: &[u8], from: usize, wanted: &[u8]) -> Option<usize> {
    let at = bytes[from..].windows(wanted.len()).position(|found| found == wanted)?;
    Some(from + at + wanted.len())
}

/// Whether every reading of `text`, as SQL or as a comment, ends outside a string.
pub(super) fn balanced(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let next = bytes.get(at + 1);
        at = match byte {
            b'\'' | b'"' | b'`' => match close(text, at + 1, byte, false) {
                Some(end) if close(text, at + 1, byte, true) == Some(end) => end,
                _ => return false,
            },
            b'-' if next == Some(&b'-') => return false,
            b'/' if next == Some(&b'*') => return false,
            b'$' if text[at + 1 + run(&text[at + 1..], |c| is_word(c) && c != '$')..].starts_with('$') => {
                return false;
            }
            // A name in brackets may hold a quote.
            b'[' if bytes[at..]
                .iter()
                .take(MAX_NAME)
                .take_while(|&&b| b != b']')
                .any(|b| b"'\"`".contains(b)) =>
            {
                return false;
            }
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' => at + run(&text[at..], is_word),
            _ => at + 1,
        };
    }
    true
}

/// Whether a string may end at `end`: no word and no quote follows directly.
pub(super) fn is_settled(rest: &str, end: usize) -> bool {
    !rest[end..].starts_with(|c| is_word(c) || matches!(c, '\'' | '"' | '`' | '\\'))
}

/// The end of Oracle's `q'[…]'`, whose delimiter stands at `open`; `None` if it is not closed.
pub(super) fn q_string(rest: &str, open: usize) -> Option<usize> {
    let delimiter = rest[open..].chars().next()?;
    let closing = match delimiter {
        '[' => ']',
        '{' => '}',
        '(' => ')',
        '<' => '>',
        other => other,
    };
    let from = open + delimiter.len_utf8();
    let mut buffer = [b'\''; 5];
    let length = closing.encode_utf8(&mut buffer).len() + 1;
    find(rest.as_bytes(), from, &buffer[..length]).filter(|&end| is_settled(rest, end))
}

/// The length of a UUID without quotes.
pub(super) fn uuid(rest: &str) -> Option<usize> {
    let bytes = rest.as_bytes();
    let is_dash = |at: usize| matches!(at, 8 | 13 | 18 | 23);
    let fits = |(at, b): (usize, &u8)| if is_dash(at) { *b == b'-' } else { b.is_ascii_hexdigit() };
    let is_uuid = bytes.get(8) == Some(&b'-') && bytes.get(..36)?.iter().enumerate().all(fits);
    (is_uuid && !rest[36..].starts_with(is_word)).then_some(36)
}

/// `$tag$…$tag$`, `$1`, `$name` or an amount of money.
pub(super) fn dollar(rest: &str, dialect: Dialect) -> (Kind, usize) {
    let name = &rest[1..];
    let digits = run(name, |c| c.is_ascii_digit());
    if digits > 0 {
        let length = number(name);
        let is_param = length == digits && digits <= MAX_PARAM_DIGITS && dialect != Dialect::SqlServer;
        return (if is_param { Kind::Param } else { Kind::Literal }, 1 + length);
    }
    let open = 1 + run(name, |c| is_word(c) && c != '$');
    if rest[open..].starts_with('$') {
        // This is linear: a tag has `$` only at its ends, so no part of the text is compared twice.
        let bytes = rest.as_bytes();
        return (Kind::Literal, find(bytes, open + 1, &bytes[..=open]).unwrap_or(rest.len()));
    }
    if open == 1 { (Kind::Punct, 1) } else { (Kind::Param, open) }
}

/// Whether `c` begins an amount of money in SQL Server.
pub(super) fn is_money(c: char) -> bool {
    matches!(c, '¢'..='¥' | '\u{20A0}'..='\u{20CF}')
}

/// The length of a number with the word characters behind it: `0xFF`, `1e-10`, `1_000`, `12abc`.
pub(super) fn number(rest: &str) -> usize {
    let hex = rest.starts_with("0x") || rest.starts_with("0X");
    let (mut length, mut end, mut exponent) = (0, 0, false);
    for c in rest.chars() {
        let sign = exponent && !hex && (c == '-' || c == '+');
        let is_digit = is_word(c) && c != '$';
        if !(sign || c == '.' || is_digit) {
            break;
        }
        length += c.len_utf8();
        // A dot or a sign at the end is an operator of its own.
        if is_digit {
            end = length;
        }
        exponent = c == 'e' || c == 'E';
    }
    end
}

/// The length of a comment. It nests in some dialects only, and MySQL runs `/*! … */`: `None` if a reading may end within
/// a string.
pub(super) fn comment(rest: &str) -> Option<usize> {
    let bytes = rest.as_bytes();
    let (mut at, mut depth, mut first) = (2, 1, None);
    while depth > 0 {
        at += match bytes.get(at..at + 2) {
            Some(b"/*") => {
                depth += 1;
                2
            }
            Some(b"*/") => {
                depth -= 1;
                first = first.or(Some(at + 2));
                2
            }
            Some(_) => 1,
            None => return Some(rest.len()),
        };
    }
    let first = first.unwrap_or(at);
    let runs = rest.starts_with("/*!") || rest.starts_with("/*M!");
    ((!runs || balanced(&rest[3..first - 2])) && balanced(&rest[first..at])).then_some(at)
}

/// The length of a line. `None` for one with a carriage return inside: it ends there in some dialects only.
pub(super) fn line(rest: &str) -> Option<usize> {
    let end = rest.bytes().position(|b| b == b'\n').unwrap_or(rest.len());
    let returns = rest.bytes().take(end.saturating_sub(1)).any(|b| b == b'\r');
    (!returns).then_some(end)
}

/// The length of the characters at the start of `text` that are kept. A pointer: a copy for each caller costs 2 KB of wasm.
#[inline(never)]
pub(super) fn run(text: &str, keep: fn(char) -> bool) -> usize {
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
/// More digits after `$` are an amount of money rather than a parameter.
const MAX_PARAM_DIGITS: usize = 2;
