//! Bytes as lower-case hexadecimal digits, and back.

/// Appends two digits for each byte.
pub(crate) fn push(bytes: &[u8], out: &mut String) {
    for byte in bytes {
        for nibble in [byte >> 4, byte & 15] {
            out.push(char::from(b"0123456789abcdef"[usize::from(nibble)]));
        }
    }
}

/// Reads `N` bytes from `2 * N` digits. Returns `None` for any other character, upper-case letters included.
pub(crate) fn parse<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = (nibble(pair[0])? << 4) | nibble(pair[1])?;
    }
    Some(bytes)
}

/// Writes the digits of `id` to the start of `out`. The length of `id` is a multiple of eight.
#[inline(always)]
pub(crate) fn fill(id: &[u8], out: &mut [u8]) {
    for (digits, bytes) in out.as_chunks_mut::<16>().0.iter_mut().zip(id.as_chunks::<8>().0) {
        let word = u64::from_le_bytes(*bytes);
        digits[..8].copy_from_slice(&eight_digits(word as u32));
        digits[8..].copy_from_slice(&eight_digits((word >> 32) as u32));
    }
}

/// The digits of four bytes, the first one in the lowest bits. They are computed at once in one 64-bit word.
#[inline(always)]
pub(crate) fn eight_digits(bytes: u32) -> [u8; 8] {
    let word = u64::from(bytes);
    // Spread the half bytes: one per byte of the word.
    let word = (word | word << 16) & 0x0000_FFFF_0000_FFFF;
    let word = (word | word << 8) & 0x00FF_00FF_00FF_00FF;
    let halves = (word >> 4 | word << 8) & (EACH * 0x0F);
    // 1 where the digit is a letter.
    let letters = (halves + EACH * 6) >> 4 & EACH;
    (halves + EACH * u64::from(b'0') + letters * u64::from(b'a' - b'0' - 10)).to_le_bytes()
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

/// A 1 in each byte of a word.
const EACH: u64 = 0x0101_0101_0101_0101;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_ways_write_the_same_digits() {
        let id: [u8; 16] = std::array::from_fn(|at| (at * 17) as u8);
        let (mut pushed, mut filled) = (String::new(), [0; 32]);
        push(&id, &mut pushed);
        fill(&id, &mut filled);
        assert_eq!(pushed, "00112233445566778899aabbccddeeff");
        assert_eq!(filled, pushed.as_bytes());
        assert_eq!(parse::<16>(&filled), Some(id));
    }

    #[test]
    fn other_characters_are_refused() {
        for digits in [b"0A", b"g0", b"0-", b" 0"] {
            assert_eq!(parse::<1>(digits), None);
        }
    }
}
