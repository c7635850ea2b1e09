//! What a store reads: all figures at one moment, or those of one row over time.

mod snapshot;
mod timeline;

pub use snapshot::{Figures, SeriesSnapshot, Snapshot};
pub use timeline::{Step, Timeline};
