//! A text together with its hash, so that lookups in several tables hash it once.

/// A text and its [hash](hash()).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hashed<'a> {
    pub(crate) text: &'a str,
    pub(crate) hash: u64,
}

impl<'a> Hashed<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, hash: hash(text) }
    }
}

/// A fast 64-bit hash for short texts. It is the same on every target.
///
/// It does not resist chosen collisions. Every table that uses it is bounded in size and compares the texts.
pub(crate) fn hash(text: &str) -> u64 {
    hash_bytes(text.as_bytes())
}

/// As [`hash`](hash()), of bytes.
pub(crate) fn hash_bytes(bytes: &[u8]) -> u64 {
    let (chunks, rest) = bytes.as_chunks();
    let mut state = bytes.len() as u64;
    for chunk in chunks {
        state = mix(state ^ u64::from_le_bytes(*chunk));
    }
    let mut tail = 0;
    for &byte in rest {
        tail = tail << 8 | u64::from(byte);
    }
    mix(mix(state ^ tail))
}

/// Mixes the bits: a difference in one bit changes many.
///
/// The shift carries the upper half into the lower one. With the multiplication alone, differences in the last bytes of
/// one chunk and the first bytes of the next could cancel out.
#[inline(always)]
pub(crate) fn mix(value: u64) -> u64 {
    let product = (value ^ 0x9E37_79B9_7F4A_7C15).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    product ^ product >> 32
}

#[cfg(test)]
mod tests {
    use super::hash;

    #[test]
    fn paths_that_differ_by_a_number_have_different_hashes() {
        for (before, after) in [("/path/number/", "/of"), ("/api/users/", ""), ("/new/", "/items/12345")] {
            let mut hashes: Vec<_> = (0..20_000).map(|n| hash(&format!("{before}{n}{after}"))).collect();
            hashes.sort_unstable();
            hashes.dedup();
            assert_eq!(hashes.len(), 20_000, "{before}…{after}");
        }
    }

    #[test]
    fn length_and_every_byte_count() {
        let texts = ["/a", "/a\0", "/aaaaaaaaaaaaaaa", "/aaaaaaaaaaaaaab", "/baaaaaaaaaaaaaa", "", "\0"];
        let mut hashes = texts.map(hash).to_vec();
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), texts.len());
    }
}
