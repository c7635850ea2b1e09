//! W3C Trace Context, level 2: reads and writes `traceparent`, checks `tracestate`.
//!
//! Spec: <https://www.w3.org/TR/trace-context-2/>

use crate::engine::text::hex;
use crate::engine::text::split::{split, split_once};
use std::borrow::Cow;

/// The ids of an event in its trace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpanIds {
    /// The id of the trace; never all zero in a recorded event.
    pub trace_id: [u8; 16],
    /// The id of the event's own span.
    pub span_id: [u8; 8],
    /// The id of the parent span; all zero for a root.
    pub parent_id: [u8; 8],
}

/// The content of a valid `traceparent`.
///
/// # Examples
/// ```
/// use tidegate::engine::event::trace::TraceContext;
///
/// let header = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
/// let context = TraceContext::parse(header).unwrap();
/// assert!(context.sampled && !context.random);
/// let mut text = String::new();
/// context.format(&mut text);
/// assert_eq!(text, header);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceContext {
    /// The id of the trace; never all zero.
    pub trace_id: [u8; 16],
    /// The id of the caller's span; never all zero.
    pub parent_id: [u8; 8],
    /// Whether the caller may have recorded its span (flag 0x01).
    pub sampled: bool,
    /// Whether at least the last 7 bytes of the trace id are random (flag 0x02).
    pub random: bool,
}

impl TraceContext {
    /// Parses a `traceparent`. Returns `None` if it is invalid: the caller starts a new trace then.
    ///
    /// Invalid are: digits other than lower-case hex, ids of all zeros, version `ff`, and in version `00` anything after
    /// the flags. Of a higher version the first four fields are read, if the flags end the header or a `-` follows them.
    /// Blanks around the header are ignored.
    ///
    /// Spec: <https://www.w3.org/TR/trace-context-2/#traceparent-header>
    #[must_use]
    pub fn parse(header: &str) -> Option<Self> {
        let header = header.trim_ascii().as_bytes();
        let (fields, rest) = header.split_at_checked(LENGTH)?;
        let [version] = hex::parse(&fields[..2])?;
        let dashes = [2, 35, 52].iter().all(|&at| fields[at] == b'-');
        let ends = rest.is_empty() || (version != 0 && rest[0] == b'-');
        if version == 0xff || !dashes || !ends {
            return None;
        }
        let trace_id: [u8; 16] = hex::parse(&fields[3..35])?;
        let parent_id: [u8; 8] = hex::parse(&fields[36..52])?;
        let [flags] = hex::parse(&fields[53..])?;
        if trace_id == [0; 16] || parent_id == [0; 8] {
            return None;
        }
        Some(Self { trace_id, parent_id, sampled: flags & SAMPLED != 0, random: flags & RANDOM != 0 })
    }

    /// Appends a `traceparent` of version `00`: 55 characters. Unknown flags are not passed on.
    ///
    /// Spec: <https://www.w3.org/TR/trace-context-2/#traceparent-header-field-values>
    pub fn format(&self, out: &mut String) {
        let flags = (u8::from(self.sampled) * SAMPLED) | (u8::from(self.random) * RANDOM);
        out.push_str("00-");
        hex::push(&self.trace_id, out);
        out.push('-');
        hex::push(&self.parent_id, out);
        out.push('-');
        hex::push(&[flags], out);
    }
}

/// Checks a `tracestate`. Returns the header if it is valid, unchanged unless a key comes twice; else `None`.
///
/// Of members with the same key the first stays, as [the spec] wants it. A valid header has at most 32 keys. Empty members
/// are allowed and not counted. Keys and values use the alphabet of the spec, at most 256 characters each. The whole
/// header has no limit: the spec requires that 512 characters pass.
///
/// [the spec]: https://www.w3.org/TR/trace-context-2/#tracestate-header
#[must_use]
pub fn tracestate(header: &str) -> Option<Cow<'_, str>> {
    let mut members: [(&str, &str); MAX_MEMBERS] = [("", ""); MAX_MEMBERS];
    let (mut count, mut is_repeated) = (0, false);
    for member in split(header, b',').map(|member| member.trim_ascii()) {
        if member.is_empty() {
            continue;
        }
        let (key, value) = split_once(member, b'=')?;
        if !is_key(key) || !is_value(value) {
            return None;
        }
        if members[..count].iter().any(|&(known, _)| known == key) {
            is_repeated = true;
            continue;
        }
        *members.get_mut(count)? = (key, member);
        count += 1;
    }
    if !is_repeated {
        return (count > 0).then_some(Cow::Borrowed(header));
    }
    let mut first = String::new();
    for (_, member) in &members[..count] {
        if !first.is_empty() {
            first.push(',');
        }
        first.push_str(member);
    }
    Some(Cow::Owned(first))
}

fn is_key(key: &str) -> bool {
    let alphabet =
        |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-' | b'*' | b'/' | b'@');
    let first = key.bytes().next().is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    first && key.len() <= 256 && key.bytes().all(alphabet)
}

fn is_value(value: &str) -> bool {
    // Members are trimmed: no value ends with a blank.
    let alphabet = |b: u8| (b' '..=b'~').contains(&b) && b != b',' && b != b'=';
    (1..=256).contains(&value.len()) && value.bytes().all(alphabet)
}

const LENGTH: usize = 55;
const SAMPLED: u8 = 1;
const RANDOM: u8 = 2;
const MAX_MEMBERS: usize = 32;
