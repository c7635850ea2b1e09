//! Metrics: durations by attribute set, accumulated before sampling from one batch to the next; and metrics of the program.
//!
//! | file | what it holds |
//! |---|---|
//! | `registry` | the program's metrics, and their attribute sets by id |
//! | `values` | what was recorded of them |
//! | `accumulator` | what a sink accumulates: durations of requests and statements, and those values |
//! | `exponential` | a histogram |

mod accumulator;
mod exponential;
mod registry;
mod values;

pub(crate) use accumulator::{Accumulator, FIXED_ITEMS, Observation};
pub use accumulator::{Instrument, MAX_SETS, Point};
pub use exponential::Exponential;
pub(crate) use registry::Registry;
pub use registry::{MAX_METRICS, Metric, MetricId, MetricKind, OVERFLOW, SeriesId};
pub(crate) use values::Values;
pub use values::{MetricValue, SeriesView};
