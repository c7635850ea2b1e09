//! A JSON writer (RFC 8259).

use crate::engine::Value;
use crate::engine::text;

/// A key with its comma, quotes and colon, written at once. It must not need an escape.
macro_rules! key {
    ($name:literal) => {
        crate::encode::json::Key(concat!(",\"", $name, "\":"))
    };
}
pub(crate) use key;

/// A key made by [`key`].
#[derive(Clone, Copy)]
pub(crate) struct Key(pub(crate) &'static str);

/// Writes the members of one object. It must be closed.
pub(crate) struct Object<'a> {
    out: &'a mut Vec<u8>,
    /// The offset of the first comma, which [`close`](Self::close) replaces by the brace.
    start: usize,
}

impl<'a> Object<'a> {
    pub(crate) fn open(out: &'a mut Vec<u8>) -> Self {
        let start = out.len();
        Self { out, start }
    }

    #[inline(never)]
    pub(crate) fn text(&mut self, key: Key, value: &str) {
        self.key(key);
        string(value, self.out);
    }

    #[inline(never)]
    pub(crate) fn number(&mut self, key: Key, value: f64) {
        self.key(key);
        self.value(value);
    }

    /// Writes some numbers. It is not for the hot path: one call is shorter than many.
    #[inline(never)]
    pub(crate) fn numbers(&mut self, members: &[(Key, f64)]) {
        for (key, value) in members {
            self.number(*key, *value);
        }
    }

    /// Writes a number, after its key.
    pub(crate) fn value(&mut self, value: f64) {
        number(value, self.out);
    }

    pub(crate) fn flag(&mut self, key: Key, value: bool) {
        self.key(key);
        flag(value, self.out);
    }

    /// Writes bytes as a string of hexadecimal digits. Returns the offset of the first digit.
    pub(crate) fn hex(&mut self, key: Key, bytes: &[u8]) -> usize {
        self.key(key);
        hex(bytes, self.out);
        self.out.len() - 1 - 2 * bytes.len()
    }

    /// Writes a member with any key.
    pub(crate) fn member(&mut self, key: &str, value: Value<'_>) {
        self.out.push(b',');
        string(key, self.out);
        self.out.push(b':');
        match value {
            Value::Text(text) => string(text, self.out),
            Value::Number(x) => number(x, self.out),
            Value::Flag(value) => flag(value, self.out),
        }
    }

    /// Begins a nested object. It must be closed before the next member.
    pub(crate) fn object(&mut self, key: Key) -> Object<'_> {
        self.key(key);
        Object::open(self.out)
    }

    /// Writes an array of objects.
    pub(crate) fn array<T>(&mut self, key: Key, items: &[T], write: impl FnMut(&mut Object<'_>, &T)) {
        self.key(key);
        array(items.iter(), self.out, write);
    }

    pub(crate) fn close(self) {
        match self.out.get_mut(self.start) {
            Some(comma) => *comma = b'{',
            None => self.out.push(b'{'),
        }
        self.out.push(b'}');
    }

    /// Where a value is written, after its key.
    pub(crate) fn out(&mut self) -> &mut Vec<u8> {
        self.out
    }

    /// The offset of the next byte.
    pub(crate) fn position(&self) -> usize {
        self.out.len()
    }

    #[inline(never)]
    pub(crate) fn key(&mut self, key: Key) {
        self.out.extend_from_slice(key.0.as_bytes());
    }
}

/// Writes an array of objects.
pub(crate) fn array<T>(
    items: impl Iterator<Item = T>,
    out: &mut Vec<u8>,
    mut write: impl FnMut(&mut Object<'_>, T),
) {
    out.push(b'[');
    for (at, item) in items.enumerate() {
        if at > 0 {
            out.push(b',');
        }
        let mut object = Object::open(out);
        write(&mut object, item);
        object.close();
    }
    out.push(b']');
}

fn flag(value: bool, out: &mut Vec<u8>) {
    out.extend_from_slice(if value { b"true" } else { b"false" });
}

/// Writes the shortest decimal that reads back as the same number; `null` if it is not finite.
pub(crate) fn number(value: f64, out: &mut Vec<u8>) {
    if value.is_finite() {
        text::number::push(value, out);
    } else {
        out.extend_from_slice(b"null");
    }
}

/// Writes a string. Quotes, backslashes and control characters are escaped.
pub(crate) fn string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    escaped(text.as_bytes(), out);
    out.push(b'"');
}

/// Writes the part of a string between its quotes. `bytes` are UTF-8.
pub(crate) fn escaped(bytes: &[u8], out: &mut Vec<u8>) {
    if are_plain(bytes) {
        out.extend_from_slice(bytes);
        return;
    }
    for &byte in bytes {
        if byte < b' ' || byte == b'"' || byte == b'\\' {
            escape(byte, out);
        } else {
            out.push(byte);
        }
    }
}

/// Whether no byte needs an escape. It can be false although none does.
#[inline]
fn are_plain(bytes: &[u8]) -> bool {
    let Some(last) = bytes.len().checked_sub(8) else { return bytes.is_empty() };
    let mut at = 0;
    while let Some(word) = bytes[at..].first_chunk()
        && is_plain(u64::from_le_bytes(*word))
    {
        if at == last {
            return true;
        }
        // The last word overlaps the one before.
        at = last.min(at + 8);
    }
    false
}

/// Whether none of eight bytes needs an escape. It can be false although none does.
fn is_plain(word: u64) -> bool {
    let below = |limit: u8, word: u64| word.wrapping_sub(EACH * u64::from(limit)) & !word;
    let quote = word ^ (EACH * u64::from(b'"'));
    let backslash = word ^ (EACH * u64::from(b'\\'));
    (below(b' ', word) | below(1, quote) | below(1, backslash)) & (EACH * 0x80) == 0
}

/// Writes 8 or 16 bytes as a string of hexadecimal digits.
pub(crate) fn hex(bytes: &[u8], out: &mut Vec<u8>) {
    let mut digits = [b'"'; 34];
    text::hex::fill(bytes, &mut digits[1..]);
    let end = out.len() + 2 * bytes.len() + 2;
    out.extend_from_slice(&digits);
    out.truncate(end);
}

fn escape(byte: u8, out: &mut Vec<u8>) {
    match byte {
        b'\n' => out.extend_from_slice(b"\\n"),
        b'\r' => out.extend_from_slice(b"\\r"),
        b'\t' => out.extend_from_slice(b"\\t"),
        b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
        _ => {
            let [.., high, low] = text::hex::eight_digits(u32::from(byte) << 24);
            out.extend_from_slice(&[b'\\', b'u', b'0', b'0', high, low]);
        }
    }
}

/// A 1 in each byte of a word.
const EACH: u64 = 0x0101_0101_0101_0101;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_and_numbers_read_back_the_same() {
        let texts = ["", "plain", "a\"b\\c\n\r\t\u{0}\u{1f}", "größe 🚢", "\u{7f}\u{2028}"];
        let numbers =
            [0.0, -0.0, 1.0, -17.0, 0.1, 1.5e-7, 1e300, 9_007_199_254_740_993.0, 1_750_000_000_123.25];
        for text in texts {
            let mut out = Vec::new();
            string(text, &mut out);
            assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
        }
        for value in numbers {
            let mut out = Vec::new();
            number(value, &mut out);
            assert_eq!(serde_json::from_slice::<f64>(&out).unwrap(), value);
        }
    }

    #[test]
    fn objects_nest() {
        let mut out = Vec::new();
        let mut object = Object::open(&mut out);
        object.number(key!("a"), 1.0);
        let mut inner = object.object(key!("b"));
        inner.flag(key!("c"), true);
        inner.hex(key!("d"), &[0x0f, 0xa0, 0x9a, 0x5b, 0, 1, 2, 0xff]);
        inner.close();
        object.array(key!("e"), &[1.0, 2.0], |object, n| object.number(key!("n"), *n));
        object.number(key!("f"), f64::NAN);
        object.close();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            r#"{"a":1,"b":{"c":true,"d":"0fa09a5b000102ff"},"e":[{"n":1},{"n":2}],"f":null}"#
        );
    }
}
