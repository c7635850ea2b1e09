//! The host's randomness, asked for when it is first needed: Workers forbid it at global scope.

/// `N` random bytes; `None` where the host gives none now.
pub(super) fn bytes<const N: usize>() -> Option<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).ok()?;
    Some(bytes)
}
