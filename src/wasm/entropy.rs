//! Random bytes of the host. They are asked for at the first event, since Workers forbid it at global scope.

/// `N` random bytes. `None`: the host gives none now.
pub(super) fn bytes<const N: usize>() -> Option<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).ok()?;
    Some(bytes)
}
