//! Cutting text at ASCII characters and at lengths.
//!
//! The search for a `char` in std costs one KB of wasm and is slower in short texts.

/// Splits `text` at the first `mark`, which is in neither part.
pub(crate) fn split_once(text: &str, mark: u8) -> Option<(&str, &str)> {
    let at = text.bytes().position(|byte| byte == mark)?;
    Some((&text[..at], &text[at + 1..]))
}

/// The parts of `text` between the marks.
pub(crate) fn split(text: &str, mark: u8) -> impl Iterator<Item = &str> {
    let mut left = Some(text);
    std::iter::from_fn(move || {
        let text = left?;
        let (part, rest) = split_once(text, mark).map_or((text, None), |(part, rest)| (part, Some(rest)));
        left = rest;
        Some(part)
    })
}

/// The longest prefix of `text` that takes at most `max` bytes and ends between two characters.
pub(crate) fn prefix(text: &str, max: usize) -> &str {
    &text[..text.floor_char_boundary(max)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_split_as_std_splits_them() {
        for text in ["", "/", "a", "a/b", "//größe/", "a//b/c"] {
            assert_eq!(split_once(text, b'/'), text.split_once('/'));
            assert!(split(text, b'/').eq(text.split('/')), "{text}");
        }
    }

    #[test]
    fn a_prefix_ends_between_characters() {
        for (max, wanted) in [(0, ""), (2, "gr"), (3, "gr"), (4, "grö"), (99, "größe")] {
            assert_eq!(prefix("größe", max), wanted);
        }
    }
}
