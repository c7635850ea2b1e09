//! The id of a batch.

use std::fmt;

/// The id of a batch: the id of the isolate, the index of the sink and the sequence number, joined by `-`.
///
/// Every send of the same events has the same id, so a receiver can drop duplicates.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct BatchId {
    text: [u8; MAX],
    len: u8,
}

impl BatchId {
    pub(crate) fn new(isolate: &str, sink: usize, sequence: u64) -> Self {
        let mut id = Self { text: [0; MAX], len: 0 };
        id.push(isolate.as_bytes());
        for number in [sink as u64, sequence] {
            id.push(b"-");
            id.push(itoa::Buffer::new().format(number).as_bytes());
        }
        id
    }

    /// Appends `part`. With an isolate id of 16 digits and 16 sinks everything fits.
    fn push(&mut self, part: &[u8]) {
        let free = &mut self.text[usize::from(self.len)..];
        let fits = part.len().min(free.len());
        free[..fits].copy_from_slice(&part[..fits]);
        self.len += fits as u8;
    }

    /// The id as text, at most 40 bytes.
    #[must_use]
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.text[..usize::from(self.len)]).unwrap_or_default()
    }
}

impl fmt::Display for BatchId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for BatchId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

const MAX: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_id_fits() {
        let id = BatchId::new("0123456789abcdef", 15, u64::MAX);
        assert_eq!(id.as_str(), "0123456789abcdef-15-18446744073709551615");
        assert_eq!(id.as_str().len(), MAX);
        assert_eq!(format!("{}", BatchId::new("a", 0, 1)), "a-0-1");
    }
}
