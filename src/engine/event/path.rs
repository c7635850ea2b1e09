//! Raw paths as templates, so that the number of names stays small.

use crate::engine::text::split::split;

/// Appends `path` without query and fragment, with `:id` in place of each segment that looks like an id.
///
/// A segment looks like an id if it
/// - holds `%`, `@` or `=`, or has more than 64 bytes,
///
/// or if one of its parts between dots
/// - holds 5 digits in a row,
/// - is the first part and consists of digits and `- _ , + ~` only,
/// - is a UUID,
/// - is at least 8 hex digits with a decimal digit among them,
/// - is at least 16 characters of base64url with a digit and at least four changes of character class inside its words
///   (ULID, nanoid, cuid, keys; not `getting-started-with-v2`).
///
/// `v1`, `v1.2`, `api2`, `index.html`, `:id`, `{id}` and words stay. A path of more than 16 segments ends after the 15th
/// with `*`. The template of a template is itself.
///
/// # Examples
/// ```
/// let mut name = String::new();
/// tidegate::engine::event::path::template("/v1/users/42?tab=a", &mut name);
/// assert_eq!(name, "/v1/users/:id");
/// ```
pub fn template(path: &str, out: &mut String) {
    let path = without_credentials(path);
    let end = path.bytes().position(|b| b == b'?' || b == b'#');
    let path = &path[..end.unwrap_or(path.len())];
    let rest = path.strip_prefix("/").unwrap_or(path);
    if rest.len() < path.len() {
        out.push('/');
    }
    let folded = split(rest, b'/').nth(MAX_SEGMENTS).is_some();
    let shown = if folded { MAX_SEGMENTS - 1 } else { MAX_SEGMENTS };
    for (index, segment) in split(rest, b'/').take(shown).enumerate() {
        if index > 0 {
            out.push('/');
        }
        out.push_str(if is_id(segment) { ":id" } else { segment });
    }
    if folded {
        out.push_str("/*");
    }
}

/// `path` without what may be secret: the credentials of a URL, and a query or a fragment.
///
/// A `?` does not begin a query if it makes a part of a route template optional, as in `/posts/:id?`. With credentials
/// everything before the host is cut.
///
/// # Examples
/// ```
/// use tidegate::engine::event::path::public_part;
///
/// assert_eq!(public_part("/posts/:id?/edit?token"), "/posts/:id?/edit");
/// assert_eq!(public_part("https://user:password@example.com/x#y"), "example.com/x");
/// ```
#[must_use]
pub fn public_part(path: &str) -> &str {
    if !holds_mark(path.as_bytes()) {
        return path;
    }
    let path = without_credentials(path);
    let bytes = path.as_bytes();
    let is_end = |at: &usize| bytes[*at] == b'#' || bytes[*at] == b'?' && !is_optional(bytes, *at);
    (0..bytes.len()).find(is_end).map_or(path, |at| &path[..at])
}

/// Whether there is a `?`, `#` or `@`, which begin a query or a fragment, or end credentials: most paths hold none.
///
/// Eight bytes are compared at once: a std built for size has no fast search.
fn holds_mark(bytes: &[u8]) -> bool {
    let (words, rest) = bytes.as_chunks();
    for word in words {
        let word = u64::from_le_bytes(*word);
        if (zeros(word, b'?') | zeros(word, b'#') | zeros(word, b'@')) & (EACH * 0x80) != 0 {
            return true;
        }
    }
    rest.iter().any(|byte| matches!(byte, b'?' | b'#' | b'@'))
}

/// The highest bit of each byte that is `mark` is set; perhaps also that of a byte behind one.
#[inline(always)]
fn zeros(word: u64, mark: u8) -> u64 {
    let differs = word ^ (EACH * u64::from(mark));
    differs.wrapping_sub(EACH) & !differs
}

/// Whether the `?` at `at` makes a parameter or a group of a route template optional.
fn is_optional(bytes: &[u8], at: usize) -> bool {
    let is_last = matches!(bytes.get(at + 1), None | Some(b'/' | b'.' | b'-'));
    let name = bytes[..at].iter().rev().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
    let before = bytes[..at - name].last();
    let is_part = if name > 0 { before == Some(&b':') } else { matches!(before, Some(b')' | b'}' | b'*')) };
    is_last && is_part
}

fn without_credentials(mut path: &str) -> &str {
    // A host may be followed by another URL.
    while let Some(at) = credentials_end(path.as_bytes()) {
        path = &path[at..];
    }
    path
}

/// Where the credentials of a URL end.
fn credentials_end(bytes: &[u8]) -> Option<usize> {
    let is_slash = |b: &u8| matches!(b, b'/' | b'\\');
    let start = match bytes.windows(2).position(|pair| pair.iter().all(is_slash)) {
        Some(at) if at == 0 || bytes[at - 1] == b':' => {
            at + bytes[at..].iter().take_while(|b| is_slash(b)).count()
        }
        _ => 0,
    };
    let rest = &bytes[start..];
    let end = rest.iter().position(|b| is_slash(b) || matches!(b, b'?' | b'#')).unwrap_or(rest.len());
    let at = rest[..end].iter().rposition(|b| *b == b'@')?;
    // Without slashes before it this may be a template such as `:name@:version`.
    let is_url = start > 0 || rest[..at].iter().skip(1).any(|b| *b == b':') && rest[0] != b':';
    is_url.then_some(start + at + 1)
}

fn is_id(segment: &str) -> bool {
    segment.len() > MAX_SEGMENT
        || segment.bytes().any(|b| matches!(b, b'%' | b'@' | b'='))
        || split(segment, b'.').enumerate().any(|(index, part)| {
            let id = || has_digit_run(part) || is_hex(part) || is_uuid(part) || is_random(part);
            part.bytes().any(|b| b.is_ascii_digit()) && ((index == 0 && is_number(part)) || id())
        })
}

fn is_number(part: &str) -> bool {
    part.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'_' | b',' | b'+' | b'~'))
}

fn has_digit_run(part: &str) -> bool {
    part.as_bytes().windows(5).any(|run| run.iter().all(u8::is_ascii_digit))
}

fn is_hex(part: &str) -> bool {
    part.len() >= 8 && part.bytes().all(|b| b.is_ascii_hexdigit())
}

fn is_uuid(part: &str) -> bool {
    let mut groups = split(part, b'-');
    let sized = |(group, length): (&str, usize)| {
        group.len() == length && group.bytes().all(|b| b.is_ascii_hexdigit())
    };
    groups.by_ref().zip([8, 4, 4, 4, 12]).filter(|&pair| sized(pair)).count() == 5 && part.len() == 36
}

fn is_random(part: &str) -> bool {
    let alphabet = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    part.len() >= 16 && part.bytes().all(alphabet) && class_changes(part.as_bytes()) >= 4
}

/// The changes between lower case, upper case and digits inside words. A lower-case letter after an upper-case one is no
/// change.
fn class_changes(part: &[u8]) -> usize {
    let class = |b: u8| match b {
        b'a'..=b'z' => Some(0),
        b'A'..=b'Z' => Some(1),
        b'0'..=b'9' => Some(2),
        _ => None,
    };
    let changed = |pair: &&[u8]| match (class(pair[0]), class(pair[1])) {
        (Some(1), Some(0)) | (None, _) | (_, None) => false,
        (left, right) => left != right,
    };
    part.windows(2).filter(changed).count()
}

/// A 1 in each byte of a word.
const EACH: u64 = 0x0101_0101_0101_0101;
const MAX_SEGMENTS: usize = 16;
const MAX_SEGMENT: usize = 64;
