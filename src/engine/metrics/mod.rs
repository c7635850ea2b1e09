//! Metrics: durations by attribute set, accumulated before sampling from one batch to the next.

mod accumulator;
mod exponential;

pub(crate) use accumulator::{Accumulator, MAX_POINTS, Observation};
pub use accumulator::{Instrument, MAX_SETS, Point};
pub use exponential::Exponential;
