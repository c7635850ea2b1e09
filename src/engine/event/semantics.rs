//! Values of OpenTelemetry's semantic conventions: few of them, whatever an event holds.

/// The version of the conventions that names and values follow.
///
/// Spec: <https://github.com/open-telemetry/semantic-conventions>
pub const CONVENTIONS: &str = "1.45.0";

/// The value of `http.request.method`: the method if it is one of `known`, which commas separate, else `_OTHER`.
///
/// Spec: <https://opentelemetry.io/docs/specs/semconv/registry/attributes/http/>
#[must_use]
pub fn method<'a>(method: &str, known: &'a str) -> &'a str {
    known.split(',').find(|known| *known == method && !method.is_empty()).unwrap_or(OTHER)
}

/// The method of a request, and the origin that may follow it after a space.
#[must_use]
pub fn request_line(line: &str) -> (&str, Option<&str>) {
    match line.as_bytes().iter().position(|b| *b == b' ') {
        Some(at) if line[at..].starts_with(" http") => (&line[..at], Some(&line[at + 1..])),
        _ => (line, None),
    }
}

/// The values of `url.scheme`, `server.address` and `server.port`, from an origin such as `https://example.com:8443`.
/// Without a port it is that of the scheme; an IPv6 address loses its brackets. `None`: it is no origin of HTTP.
#[must_use]
pub fn origin(origin: &str) -> Option<(&str, &str, u16)> {
    let (scheme, authority) = origin.split_at_checked(origin.find(':')?)?;
    let authority = authority.strip_prefix("://")?;
    let default = match scheme {
        "http" => 80,
        "https" => 443,
        _ => return None,
    };
    let (host, port) = match authority.bytes().rposition(|b| matches!(b, b':' | b']')) {
        Some(at) if authority.as_bytes()[at] == b':' => (&authority[..at], authority[at + 1..].parse().ok()?),
        _ => (authority, default),
    };
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    (!host.is_empty()).then_some((scheme, host, port))
}

/// The value of `error.type`, from a type or a message: `TypeError` for `TypeError: x is not a function`.
///
/// The text must be a name, or begin with a name of at most 64 bytes and a colon. Else the type is `_OTHER`.
///
/// Spec: <https://opentelemetry.io/docs/specs/semconv/registry/attributes/error/>
#[inline(never)]
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
    fn an_origin_may_follow_a_method() {
        assert_eq!(request_line("GET https://x.example"), ("GET", Some("https://x.example")));
        for line in ["GET", "", "two words", "GET ", "GET /x"] {
            assert_eq!(request_line(line), (line, None));
        }
        for (text, wanted) in [
            ("https://x.example", Some(("https", "x.example", 443))),
            ("http://x.example", Some(("http", "x.example", 80))),
            ("https://x.example:8443", Some(("https", "x.example", 8443))),
            ("http://[::1]:8787", Some(("http", "::1", 8787))),
            ("https://[2001:db8::1]", Some(("https", "2001:db8::1", 443))),
            ("http://127.0.0.1:1", Some(("http", "127.0.0.1", 1))),
            ("https://x.example:", None),
            ("https://x.example:99999", None),
            ("https://", None),
            ("ftp://x.example", None),
            ("x.example", None),
        ] {
            assert_eq!(origin(text), wanted, "{text}");
        }
    }

    #[test]
    fn methods_are_reported_as_they_are_written() {
        let of = |given| method(given, "GET,PURGE");
        assert_eq!(
            (of("GET"), of("get"), of("PURGE"), of("PUT"), method("", "")),
            ("GET", OTHER, "PURGE", OTHER, OTHER)
        );
    }
}
