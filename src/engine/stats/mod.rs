//! Rolling statistics: counts, errors and percentiles of the last 15 minutes, per series, in constant memory.
//!
//! A series has a row of 61 slots. The open slot, and the sum of all slots, are live histograms; a closed slot is packed.
//! All histograms lie in one fixed pool, so recording allocates nothing and a snapshot reads only the sums.
//!
//! When the pool runs out, rows become coarser, those with the fewest events first. Then rows are folded into `_OTHER`.
//! Counts, errors, sums and maxima stay exact.
//!
//! | file | what it holds |
//! |---|---|
//! | `store`, `merge` | the public type, and its binary form |
//! | `reading` | what it reads: a snapshot, or a timeline |
//! | `series`, `index`, `admission` | which series has which row |
//! | `row`, `slot`, `window` | one row, its slots, and the slot of an event |
//! | `histogram`, `chain`, `packed`, `scratch`, `bucket`, `pool` | histograms and their memory |
//! | `bytes` | the binary form |

mod admission;
mod bucket;
mod bytes;
mod chain;
mod histogram;
mod index;
mod merge;
mod packed;
mod pool;
mod reading;
mod row;
mod sample;
mod scratch;
mod series;
mod slot;
mod store;
mod usage;
mod window;

pub use reading::{Figures, SeriesSnapshot, Snapshot, Step, Timeline};
pub use sample::{Sample, SeriesKind};
pub(crate) use series::RowHint;

pub use store::StatsStore;

#[cfg(test)]
mod tests;
