//! JSON by hand: strings and numbers (RFC 8259), objects with commas where they belong.

use crate::engine::decimal;

/// Writes the members of one object; `close` it.
pub(crate) struct Object<'a> {
    out: &'a mut Vec<u8>,
    is_empty: bool,
}

impl<'a> Object<'a> {
    pub(crate) fn open(out: &'a mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out, is_empty: true }
    }

    pub(crate) fn text(&mut self, key: &str, value: &str) {
        self.key(key);
        string(value, self.out);
    }

    pub(crate) fn number(&mut self, key: &str, value: f64) {
        self.key(key);
        number(value, self.out);
    }

    pub(crate) fn flag(&mut self, key: &str, value: bool) {
        self.key(key);
        self.out.extend_from_slice(if value { b"true" } else { b"false" });
    }

    /// Lower-case hexadecimal digits, for ids.
    pub(crate) fn hex(&mut self, key: &str, bytes: &[u8]) {
        self.key(key);
        hex(bytes, self.out);
    }

    /// A nested object, to be closed before this one goes on.
    pub(crate) fn object(&mut self, key: &str) -> Object<'_> {
        self.key(key);
        Object::open(self.out)
    }

    /// A nested array of objects.
    pub(crate) fn array<T>(&mut self, key: &str, items: &[T], mut write: impl FnMut(&mut Object<'_>, &T)) {
        self.key(key);
        self.out.push(b'[');
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                self.out.push(b',');
            }
            let mut object = Object::open(self.out);
            write(&mut object, item);
            object.close();
        }
        self.out.push(b']');
    }

    /// Whole numbers.
    #[cfg(target_arch = "wasm32")]
    pub(crate) fn wholes(&mut self, key: &str, values: &[u32]) {
        self.key(key);
        for (at, &value) in values.iter().enumerate() {
            self.out.push(if at == 0 { b'[' } else { b',' });
            decimal::whole(value.into(), self.out);
        }
        self.out.push(b']');
    }

    pub(crate) fn close(self) {
        self.out.push(b'}');
    }

    fn key(&mut self, key: &str) {
        if !std::mem::take(&mut self.is_empty) {
            self.out.push(b',');
        }
        string(key, self.out);
        self.out.push(b':');
    }
}

/// A number, as the shortest decimal that reads back the same; `null` if not finite.
pub(crate) fn number(value: f64, out: &mut Vec<u8>) {
    if value.is_finite() {
        decimal::push(value, out);
    } else {
        out.extend_from_slice(b"null");
    }
}

/// A string: quotes, backslashes and control characters escaped; runs of plain bytes copied whole.
pub(crate) fn string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    escaped(text, out);
    out.push(b'"');
}

/// What stands between the quotes of a string.
pub(crate) fn escaped(text: &str, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    let mut start = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        if byte >= b' ' && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.extend_from_slice(&bytes[start..at]);
        escape(byte, out);
        start = at + 1;
    }
    out.extend_from_slice(&bytes[start..]);
}

/// Bytes as a string of lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8], out: &mut Vec<u8>) {
    out.reserve(2 * bytes.len() + 2);
    out.push(b'"');
    for byte in bytes {
        out.extend_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    }
    out.push(b'"');
}

fn escape(byte: u8, out: &mut Vec<u8>) {
    match byte {
        b'\n' => out.extend_from_slice(b"\\n"),
        b'\r' => out.extend_from_slice(b"\\r"),
        b'\t' => out.extend_from_slice(b"\\t"),
        b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
        _ => {
            out.extend_from_slice(b"\\u00");
            out.extend_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
        }
    }
}

const DIGITS: &[u8; 16] = b"0123456789abcdef";

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
        object.number("a", 1.0);
        let mut inner = object.object("b");
        inner.flag("c", true);
        inner.hex("d", &[0x0f, 0xa0]);
        inner.close();
        object.array("e", &[1.0, 2.0], |object, n| object.number("n", *n));
        object.number("f", f64::NAN);
        object.close();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            r#"{"a":1,"b":{"c":true,"d":"0fa0"},"e":[{"n":1},{"n":2}],"f":null}"#
        );
    }
}
