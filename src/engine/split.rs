//! Texts cut at an ASCII character: std's search for a `char` is a kilobyte of wasm, and slower in a short text.

/// What stands before the first `mark` and what stands behind it.
pub(crate) fn split_once(text: &str, mark: u8) -> Option<(&str, &str)> {
    let at = text.bytes().position(|byte| byte == mark)?;
    Some((&text[..at], &text[at + 1..]))
}

/// The pieces between the marks.
pub(crate) fn split(text: &str, mark: u8) -> impl Iterator<Item = &str> {
    let mut left = Some(text);
    std::iter::from_fn(move || {
        let text = left?;
        let (piece, rest) = split_once(text, mark).map_or((text, None), |(piece, rest)| (piece, Some(rest)));
        left = rest;
        Some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_as_std_cuts_it() {
        for text in ["", "/", "a", "a/b", "//größe/", "a//b/c"] {
            assert_eq!(split_once(text, b'/'), text.split_once('/'));
            assert!(split(text, b'/').eq(text.split('/')), "{text}");
        }
    }
}
