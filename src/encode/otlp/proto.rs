//! The protobuf wire format.
//!
//! Spec: <https://protobuf.dev/programming-guides/encoding/>

pub(super) fn varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

pub(super) fn varint_field(number: u32, value: u64, out: &mut Vec<u8>) {
    tag(number, VARINT, out);
    varint(value, out);
}

/// The varint of a `sint32`.
pub(super) fn zigzag(value: i32) -> u64 {
    u64::from((value << 1 ^ value >> 31) as u32)
}

pub(super) fn fixed32(number: u32, value: u32, out: &mut Vec<u8>) {
    tag(number, FIXED32, out);
    out.extend_from_slice(&value.to_le_bytes());
}

pub(super) fn fixed64(number: u32, value: u64, out: &mut Vec<u8>) {
    tag(number, FIXED64, out);
    out.extend_from_slice(&value.to_le_bytes());
}

pub(super) fn bytes(number: u32, bytes: &[u8], out: &mut Vec<u8>) {
    tag(number, LENGTH, out);
    varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

/// Begins a value of unknown length. Returns its offset.
///
/// One byte is reserved for its length. The caller may reserve more, by zeros.
pub(super) fn open(number: u32, out: &mut Vec<u8>) -> usize {
    tag(number, LENGTH, out);
    out.push(0);
    out.len()
}

/// Ends a value that [`open`] began, with `reserved` bytes for its length.
///
/// A length that takes more or less bytes than these moves the value. Returns by how much it moved up.
#[inline(never)]
pub(super) fn close(start: usize, reserved: usize, out: &mut Vec<u8>) -> usize {
    let end = out.len();
    let len = end - start;
    if len < 0x80 && reserved == 1 {
        out[start - 1] = len as u8;
        return 0;
    }
    varint(len as u64, out);
    let size = out.len() - end;
    let mut digits = [0; 10];
    digits[..size].copy_from_slice(&out[end..]);
    let first = start - reserved;
    if size != reserved {
        out.copy_within(start..end, first + size);
    }
    out.truncate(first + size + len);
    out[first..first + size].copy_from_slice(&digits[..size]);
    size.saturating_sub(reserved)
}

fn tag(number: u32, kind: u32, out: &mut Vec<u8>) {
    varint(u64::from(number << 3 | kind), out);
}

const VARINT: u32 = 0;
const FIXED64: u32 = 1;
const LENGTH: u32 = 2;
const FIXED32: u32 = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_the_documentation_shows() {
        let mut out = Vec::new();
        varint_field(1, 150, &mut out);
        bytes(2, b"testing", &mut out);
        assert_eq!(out, b"\x08\x96\x01\x12\x07testing");
        assert_eq!([0, -1, 1, -2, i32::MAX, i32::MIN].map(zigzag), [0, 1, 2, 3, 0xffff_fffe, 0xffff_ffff]);
    }

    #[test]
    fn a_length_of_any_size_comes_before_what_it_measures() {
        for (len, reserved) in
            [0, 1, 127, 128, 129, 16_383, 16_384, 70_000].map(|len| [(len, 1), (len, 3)]).concat()
        {
            let mut out = b"before".to_vec();
            let start = open(3, &mut out) + reserved - 1;
            out.resize(start, 0);
            out.resize(start + len, b'x');
            let moved = close(start, reserved, &mut out);
            let mut wanted = b"before".to_vec();
            bytes(3, &vec![b'x'; len], &mut wanted);
            assert_eq!(out, wanted, "{len} in {reserved}");
            assert_eq!(moved, (wanted.len() - len).saturating_sub(start), "{len} in {reserved}");
        }
    }
}
