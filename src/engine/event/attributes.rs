//! The attributes of one event, encoded when they are added.
//!
//! | bytes | meaning |
//! |---|---|
//! | 0 | tag: 0 text, 1 number, 2 true, 3 false |
//! | 1 | length of the key |
//! | 2, 3 | length of the value, little-endian |
//! | 4 … | the key in UTF-8, then the value: UTF-8, an f64, or nothing |

use crate::engine::text::split::prefix;

/// The value of an attribute.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// A text.
    Text(&'a str),
    /// A finite number.
    Number(f64),
    /// A truth value.
    Flag(bool),
}

/// The attributes of one event, at most [`MAX_BYTES`](Self::MAX_BYTES) in all.
///
/// A text that does not fit is cut, any other value is left out. Both are counted in [`truncated`](Self::truncated).
///
/// # Examples
/// ```
/// use tidegate::engine::{Attributes, Value};
///
/// let mut attributes = Attributes::default();
/// attributes.push("region", Value::Text("eu"));
/// attributes.push("ratio", Value::Number(f64::NAN));
/// assert_eq!(attributes.truncated(), 1);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Attributes {
    bytes: Vec<u8>,
    truncated: u32,
}

impl Attributes {
    /// The most bytes of all keys and values, with 4 bytes for each attribute: 4 KiB.
    pub const MAX_BYTES: usize = 4096;

    /// Removes all attributes and keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.truncated = 0;
    }

    /// Adds one attribute.
    ///
    /// A key is cut at 255 bytes. Of two values of one key the last one stays. A number that is not finite, and a value
    /// without a key, are left out. All of these are counted as truncated.
    pub fn push(&mut self, key: &str, value: Value<'_>) {
        self.truncated += u32::from(key.len() > MAX_KEY);
        let key = prefix(key, MAX_KEY);
        if key.is_empty() {
            self.truncated += 1;
            return;
        }
        match value {
            Value::Flag(flag) => self.replace(if flag { TRUE } else { FALSE }, key, &[]),
            Value::Number(x) if x.is_finite() => self.replace(NUMBER, key, &x.to_le_bytes()),
            Value::Number(_) => self.truncated += 1,
            Value::Text(text) => {
                self.remove(key);
                let kept = prefix(text, self.bytes_left(key));
                self.truncated += u32::from(!kept.is_empty() && kept.len() < text.len());
                if kept.is_empty() && !text.is_empty() {
                    self.truncated += 1;
                } else {
                    self.encode(TEXT, key, kept.as_bytes());
                }
            }
        }
    }

    /// Counts `count` attributes that the caller has left out.
    pub fn count_truncated(&mut self, count: u32) {
        self.truncated = self.truncated.saturating_add(count);
    }

    /// How many attributes were cut or left out.
    #[must_use]
    pub fn truncated(&self) -> u32 {
        self.truncated
    }

    /// The encoded attributes; [`iter`] decodes them.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Removes the value of `key`, and counts it, if there is one.
    fn remove(&mut self, key: &str) {
        let mut start = 0;
        while let Some([_, key_len, low, high]) = self.bytes[start..].first_chunk() {
            let value = start + HEADER + usize::from(*key_len);
            let end = value + usize::from(u16::from_le_bytes([*low, *high]));
            if self.bytes[start + HEADER..value] == *key.as_bytes() {
                self.bytes.drain(start..end);
                self.truncated += 1;
                return;
            }
            start = end;
        }
    }

    fn replace(&mut self, tag: u8, key: &str, value: &[u8]) {
        self.remove(key);
        self.encode(tag, key, value);
    }

    /// Adds an attribute if all of it fits.
    fn encode(&mut self, tag: u8, key: &str, value: &[u8]) {
        if self.bytes.len() + HEADER + key.len() + value.len() > Self::MAX_BYTES {
            self.truncated += 1;
            return;
        }
        push_bytes(tag, key, value, &mut self.bytes);
    }

    /// The bytes left for the value of `key`.
    fn bytes_left(&self, key: &str) -> usize {
        Self::MAX_BYTES.saturating_sub(self.bytes.len() + HEADER + key.len())
    }
}

/// No attributes.
pub(crate) static NONE: Attributes = Attributes { bytes: Vec::new(), truncated: 0 };

/// Appends an attribute of [`iter`] to `bytes`.
pub(crate) fn push(key: &str, value: Value<'_>, bytes: &mut Vec<u8>) {
    match value {
        Value::Flag(flag) => push_bytes(if flag { TRUE } else { FALSE }, key, &[], bytes),
        Value::Number(x) => push_bytes(NUMBER, key, &x.to_le_bytes(), bytes),
        Value::Text(text) => push_bytes(TEXT, key, text.as_bytes(), bytes),
    }
}

fn push_bytes(tag: u8, key: &str, value: &[u8], bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(&[tag, key.len() as u8]);
    bytes.extend_from_slice(&(value.len() as u16).to_le_bytes());
    bytes.extend_from_slice(key.as_bytes());
    bytes.extend_from_slice(value);
}

/// Decodes attributes in the order in which they were added.
pub(crate) fn iter(mut bytes: &[u8]) -> impl Iterator<Item = (&str, Value<'_>)> {
    std::iter::from_fn(move || take(&mut bytes))
}

/// Decodes the first attribute, and takes it from `bytes`.
#[inline(never)]
fn take<'a>(bytes: &mut &'a [u8]) -> Option<(&'a str, Value<'a>)> {
    let (&[tag, key_len, low, high], rest) = bytes.split_first_chunk::<HEADER>()?;
    let (key, rest) = rest.split_at_checked(usize::from(key_len))?;
    let (value, rest) = rest.split_at_checked(usize::from(u16::from_le_bytes([low, high])))?;
    *bytes = rest;
    let value = match tag {
        TEXT => Value::Text(str::from_utf8(value).ok()?),
        NUMBER => Value::Number(f64::from_le_bytes(value.try_into().ok()?)),
        _ => Value::Flag(tag == TRUE),
    };
    Some((str::from_utf8(key).ok()?, value))
}

const TEXT: u8 = 0;
const NUMBER: u8 = 1;
const TRUE: u8 = 2;
const FALSE: u8 = 3;
/// The bytes of an attribute before its key.
const HEADER: usize = 4;
const MAX_KEY: usize = 255;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_in_comes_out_in_order() {
        let mut attributes = Attributes::default();
        let given = [
            ("plan", Value::Text("größe")),
            ("empty", Value::Text("")),
            ("n", Value::Number(-0.5)),
            ("ok", Value::Flag(true)),
        ];
        for (key, value) in given {
            attributes.push(key, value);
        }
        assert_eq!(iter(attributes.bytes()).collect::<Vec<_>>(), given);
        assert_eq!(attributes.truncated(), 0);
    }

    #[test]
    fn of_two_values_of_a_key_the_last_one_stays() {
        let long = "k".repeat(255);
        for (first, second) in
            [("k", "k"), ("größe", "größe"), (&[&long, "a"].concat(), &[&long, "b"].concat())]
        {
            for value in [Value::Text("new"), Value::Number(2.0), Value::Flag(false), Value::Text("")] {
                let mut attributes = Attributes::default();
                attributes.push("before", Value::Number(0.0));
                attributes.push(first, Value::Text("old"));
                attributes.push("after", Value::Flag(true));
                attributes.push(second, value);
                let kept = [
                    ("before", Value::Number(0.0)),
                    ("after", Value::Flag(true)),
                    (prefix(second, 255), value),
                ];
                assert_eq!(iter(attributes.bytes()).collect::<Vec<_>>(), kept);
                assert_eq!(attributes.truncated(), if first == second { 1 } else { 3 });
            }
        }
    }

    #[test]
    fn a_value_without_a_key_is_left_out_and_counted() {
        let mut attributes = Attributes::default();
        for value in [Value::Text("a"), Value::Number(1.0), Value::Flag(true)] {
            attributes.push("", value);
        }
        assert_eq!((attributes.bytes(), attributes.truncated()), (&[][..], 3));
    }

    #[test]
    fn a_long_key_is_cut_and_counted() {
        let mut attributes = Attributes::default();
        attributes.push(&"k".repeat(300), Value::Flag(true));
        assert_eq!(attributes.truncated(), 1);
        assert_eq!(iter(attributes.bytes()).next().map(|(key, _)| key.len()), Some(255));
    }

    #[test]
    fn excess_is_cut_between_characters_and_counted() {
        let mut attributes = Attributes::default();
        attributes.push("long", Value::Text(&"é".repeat(4000)));
        attributes.push("next", Value::Number(1.0));
        attributes.push("bad", Value::Number(f64::NAN));
        assert!(attributes.bytes().len() <= Attributes::MAX_BYTES);
        assert_eq!(attributes.truncated(), 3);
        let kept: Vec<_> = iter(attributes.bytes()).collect();
        assert!(matches!(kept[..], [("long", Value::Text(text))] if text.chars().all(|c| c == 'é')));
    }
}
