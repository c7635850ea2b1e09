//! What has come once, in constant memory: the proof that something returns.

/// Fingerprints of texts that have come once, by hash. One that comes later may take the place of another.
#[derive(Debug, Default)]
pub(crate) struct Seen(Box<[u32]>);

impl Seen {
    pub(crate) const MEMORY_BYTES: usize = PLACES * size_of::<u32>();

    pub(crate) fn new() -> Self {
        Self(vec![0; PLACES].into_boxed_slice())
    }

    /// Whether the text of `hash` has come before, of late; from now on it has.
    pub(crate) fn again(&mut self, hash: u64) -> bool {
        let fingerprint = (hash >> 32) as u32 | 1;
        std::mem::replace(&mut self.0[hash as usize % PLACES], fingerprint) == fingerprint
    }
}

const PLACES: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_returns_has_been_seen() {
        let mut seen = Seen::new();
        let hash = |n: u64| (n << 32) | n;
        assert!((0..500).all(|n| !seen.again(hash(n))));
        assert!((0..500).all(|n| seen.again(hash(n))));
        assert!((500..100_000).all(|n| !seen.again(hash(n))), "a flood that never returns");
    }
}
