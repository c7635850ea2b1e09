//! Values of OpenTelemetry's semantic conventions: few of them, whatever an event holds.

/// The value of `http.request.method`: the method if the conventions know it, else `_OTHER`.
///
/// Spec: <https://opentelemetry.io/docs/specs/semconv/registry/attributes/http/>
#[must_use]
pub fn method(method: &str) -> &'static str {
    METHODS.into_iter().find(|known| *known == method).unwrap_or(OTHER)
}

/// The value of `error.type`, from a type or a message: `TypeError` for `TypeError: x is not a function`.
///
/// The text must be a name, or begin with a name of at most 64 bytes and a colon. Else the type is `_OTHER`.
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

/// The value for everything that the conventions have no name for.
pub const OTHER: &str = "_OTHER";

/// The methods of RFC 9110, and PATCH.
const METHODS: [&str; 9] = ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "CONNECT", "TRACE"];
const MAX_ERROR_TYPE: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_reported_by_its_type_alone() {
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
    fn methods_are_reported_as_they_are_written() {
        assert_eq!((method("GET"), method("get"), method("PURGE"), method("")), ("GET", OTHER, OTHER, OTHER));
    }
}
