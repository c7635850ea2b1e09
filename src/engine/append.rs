//! Appending a few bytes.

/// Appends `bytes`. Where copying memory is a call out of the program, as in wasm, words of a known size are much faster.
pub(crate) fn append(bytes: &[u8], out: &mut Vec<u8>) {
    let mut rest = bytes;
    while let Some((word, tail)) = rest.split_first_chunk::<8>() {
        out.extend_from_slice(word);
        rest = tail;
    }
    match bytes.last_chunk::<8>() {
        // The last word once more, over what is there already.
        Some(word) => {
            out.truncate(out.len() + rest.len() - word.len());
            out.extend_from_slice(word);
        }
        None => rest.iter().for_each(|byte| out.push(*byte)),
    }
}

#[cfg(test)]
mod tests {
    use super::append;

    #[test]
    fn bytes_of_any_number_come_whole() {
        let bytes: Vec<u8> = (0..40).collect();
        for len in 0..=bytes.len() {
            let mut out = b"before".to_vec();
            append(&bytes[..len], &mut out);
            assert_eq!(out, [b"before", &bytes[..len]].concat());
        }
    }
}
