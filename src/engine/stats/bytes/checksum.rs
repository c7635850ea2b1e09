//! The checksum of a form: CRC-32 as in gzip and PNG.
//!
//! RFC 1952, section 8 defines it (<https://www.rfc-editor.org/rfc/rfc1952#section-8>): the polynomial 0xEDB88320, lowest
//! bit first. It finds each change of a single bit, and of any bits within 32 neighboring ones.

/// The CRC-32 of `bytes`.
pub(super) fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| crc >> 4 ^ TABLE[(crc & 15) as usize];
    !bytes.iter().fold(!0, |crc, byte| step(step(crc ^ u32::from(*byte))))
}

/// The remainder of each four bits. A table for whole bytes would be a kilobyte of the module.
const TABLE: [u32; 16] = {
    let mut table = [0; 16];
    let mut bits = 0;
    while bits < 16 {
        let (mut crc, mut bit) = (bits as u32, 0);
        while bit < 4 {
            crc = crc >> 1 ^ if crc & 1 == 0 { 0 } else { 0xEDB8_8320 };
            bit += 1;
        }
        table[bits] = crc;
        bits += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_crc_of_gzip() {
        // The check value of CRC-32/ISO-HDLC, and those of shorter texts, from zlib.
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!((crc32(b""), crc32(b"a"), crc32(&[0; 32])), (0, 0xE8B7_BE43, 0x190A_55AD));
    }
}
