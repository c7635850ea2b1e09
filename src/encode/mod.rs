//! Encoders: pure writers of a batch into a caller's buffer. They decide nothing.

mod json;
pub mod ndjson;

use crate::engine::{Batch, Format};

/// Writes `batch` in `format` after what `out` holds already.
pub fn encode(format: Format, batch: &Batch<'_>, out: &mut Vec<u8>) {
    match format {
        Format::Ndjson | Format::Events => ndjson::encode(batch, out),
    }
}
