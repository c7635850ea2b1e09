//! What OpenTelemetry's semantic conventions make of an event's texts: few values, whatever is given.

/// The method as `http.request.method` tells it: one that the conventions know, else `_OTHER`.
///
/// Spec: <https://opentelemetry.io/docs/specs/semconv/registry/attributes/http/>
#[must_use]
pub fn method(method: &str) -> &'static str {
    METHODS.into_iter().find(|known| *known == method).unwrap_or(OTHER)
}

/// The type of an error given as a type or as a message: `TypeError` of `TypeError: x is no function`.
///
/// A text that does not begin with a name, alone or before a colon, has none: `_OTHER`.
///
/// Spec: <https://opentelemetry.io/docs/specs/semconv/registry/attributes/error/>
#[must_use]
pub fn error_type(error: &str) -> &str {
    let is_name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'$' | b'/' | b'-');
    let end = error.bytes().position(|b| !is_name(b)).unwrap_or(error.len());
    let (name, rest) = error.split_at(end);
    let ends = rest.is_empty() || rest.starts_with(": ");
    if ends && (1..=MAX_ERROR_TYPE).contains(&end) { name } else { OTHER }
}

/// The value for what has no name of its own.
pub const OTHER: &str = "_OTHER";

/// RFC 9110's methods, and PATCH.
const METHODS: [&str; 9] = ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "CONNECT", "TRACE"];
const MAX_ERROR_TYPE: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_told_by_its_type_alone() {
        for (error, wanted) in [
            ("TypeError", "TypeError"),
            ("TypeError: x is no function", "TypeError"),
            ("java.net.SocketException", "java.net.SocketException"),
            ("D1_ERROR: no such table: t", "D1_ERROR"),
            ("connection refused", OTHER),
            ("user:7 not found", OTHER),
            ("", OTHER),
            (": x", OTHER),
            ("größe", OTHER),
        ] {
            assert_eq!(error_type(error), wanted, "{error:?}");
        }
        assert_eq!(error_type(&"x".repeat(65)), OTHER);
    }

    #[test]
    fn methods_are_told_as_they_are_written() {
        assert_eq!((method("GET"), method("get"), method("PURGE"), method("")), ("GET", OTHER, OTHER, OTHER));
    }
}
