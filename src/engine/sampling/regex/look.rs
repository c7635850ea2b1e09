//! What a regex asks of a place between two characters.

/// What must hold at a place.
#[derive(Clone, Copy, Debug)]
pub(super) enum Look {
    Start,
    End,
    LineStart,
    LineEnd,
    /// A line ends with `\r\n`, or with one of them.
    CrlfStart,
    CrlfEnd,
    WordEdge,
    NoWordEdge,
    WordStart,
    WordEnd,
    NoWordBefore,
    NoWordAfter,
}

impl Look {
    /// Whether it holds between two characters; `None` is where the text begins and ends.
    pub(super) fn holds(self, before: Option<char>, after: Option<char>) -> bool {
        let [left, right] = [before, after].map(|char| char.is_some_and(is_word));
        match self {
            Self::Start => before.is_none(),
            Self::End => after.is_none(),
            Self::LineStart => matches!(before, None | Some('\n')),
            Self::LineEnd => matches!(after, None | Some('\n')),
            Self::CrlfStart => {
                matches!(before, None | Some('\n')) || before == Some('\r') && after != Some('\n')
            }
            Self::CrlfEnd => {
                matches!(after, None | Some('\r')) || after == Some('\n') && before != Some('\r')
            }
            Self::WordEdge => left != right,
            Self::NoWordEdge => left == right,
            Self::WordStart => !left && right,
            Self::WordEnd => left && !right,
            Self::NoWordBefore => !left,
            Self::NoWordAfter => !right,
        }
    }
}

fn is_word(char: char) -> bool {
    char.is_ascii_alphanumeric() || char == '_'
}
