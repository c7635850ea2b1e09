//! W3C Trace Context, level 2: `traceparent` in and out, `tracestate` checked.
//!
//! <https://www.w3.org/TR/trace-context-2/>

use crate::engine::split::{split, split_once};

/// What a valid `traceparent` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceContext {
    /// The trace's id, never all zero.
    pub trace_id: [u8; 16],
    /// The id of the caller's span, never all zero.
    pub parent_id: [u8; 8],
    /// Whether the caller may have recorded it (flag 0x01).
    pub sampled: bool,
    /// Whether at least the right 7 bytes of the trace id are random (flag 0x02).
    pub random: bool,
}

impl TraceContext {
    /// Parses a `traceparent`; `None` if it is invalid, which starts a new trace.
    ///
    /// Refused: other than lower-case hex, ids of all zeros, version `ff`, and for version `00`
    /// anything after the flags. Of a higher version the first four fields are read, if the flags
    /// end the header or a `-` follows. Blanks around the header are not part of it.
    ///
    /// Spec: <https://www.w3.org/TR/trace-context-2/#traceparent-header>
    #[must_use]
    pub fn parse(header: &str) -> Option<Self> {
        let header = header.trim_ascii().as_bytes();
        let (fields, rest) = header.split_at_checked(LENGTH)?;
        let [version] = hex(&fields[..2])?;
        let dashes = [2, 35, 52].iter().all(|&at| fields[at] == b'-');
        let ends = rest.is_empty() || (version != 0 && rest[0] == b'-');
        if version == 0xff || !dashes || !ends {
            return None;
        }
        let trace_id: [u8; 16] = hex(&fields[3..35])?;
        let parent_id: [u8; 8] = hex(&fields[36..52])?;
        let [flags] = hex(&fields[53..])?;
        if trace_id == [0; 16] || parent_id == [0; 8] {
            return None;
        }
        Some(Self { trace_id, parent_id, sampled: flags & SAMPLED != 0, random: flags & RANDOM != 0 })
    }

    /// Appends the `traceparent` of version `00`: 55 characters. Unknown flags are not passed on.
    ///
    /// Spec: <https://www.w3.org/TR/trace-context-2/#traceparent-header-field-values>
    pub fn format(&self, out: &mut String) {
        let flags = (u8::from(self.sampled) * SAMPLED) | (u8::from(self.random) * RANDOM);
        out.push_str("00-");
        push_hex(&self.trace_id, out);
        out.push('-');
        push_hex(&self.parent_id, out);
        out.push('-');
        push_hex(&[flags], out);
    }
}

/// The `tracestate` to pass on: the header unchanged if it is valid, else `None`.
///
/// Valid: at most 32 members `key=value` (empty ones are allowed and not counted), no key twice, keys
/// and values in the spec's alphabet and at most 256 characters each. There is no further limit, so
/// the 512 characters that the spec asks for always pass.
///
/// Spec: <https://www.w3.org/TR/trace-context-2/#tracestate-header>
#[must_use]
pub fn tracestate(header: &str) -> Option<&str> {
    let mut keys = [""; MAX_MEMBERS];
    let mut count = 0;
    for member in split(header, b',').map(|member| member.trim_ascii()) {
        if member.is_empty() {
            continue;
        }
        let (key, value) = split_once(member, b'=')?;
        if count == MAX_MEMBERS || !is_key(key) || !is_value(value) || keys[..count].contains(&key) {
            return None;
        }
        keys[count] = key;
        count += 1;
    }
    (count > 0).then_some(header)
}

fn is_key(key: &str) -> bool {
    let alphabet =
        |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-' | b'*' | b'/' | b'@');
    let first = key.bytes().next().is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    first && key.len() <= 256 && key.bytes().all(alphabet)
}

fn is_value(value: &str) -> bool {
    // Members are trimmed, so a value cannot end in a blank.
    let alphabet = |b: u8| (b' '..=b'~').contains(&b) && b != b',' && b != b'=';
    (1..=256).contains(&value.len()) && value.bytes().all(alphabet)
}

/// `N` bytes of exactly `2 * N` lower-case hex digits.
fn hex<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = (nibble(pair[0])? << 4) | nibble(pair[1])?;
    }
    Some(bytes)
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

/// Appends lower-case hexadecimal digits.
pub(crate) fn push_hex(bytes: &[u8], out: &mut String) {
    for byte in bytes {
        for nibble in [byte >> 4, byte & 15] {
            out.push(char::from(b"0123456789abcdef"[usize::from(nibble)]));
        }
    }
}

const LENGTH: usize = 55;
const SAMPLED: u8 = 1;
const RANDOM: u8 = 2;
const MAX_MEMBERS: usize = 32;
