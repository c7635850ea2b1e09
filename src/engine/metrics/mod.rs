//! Metrics: durations by attribute set, accumulated before sampling from one batch to the next; and metrics of the program.
//!
//! | file | what it holds |
//! |---|---|
//! | `registry` | the program's metrics, and their attribute sets by id |
//! | `values` | what was recorded of them |
//! | `observation` | one duration and its attributes |
//! | `sets` | points by attribute set |
//! | `accumulator` | what a sink accumulates: durations of requests and statements, and those values |
//! | `classic` | a histogram of Prometheus |
//! | `exponential` | a histogram |

mod accumulator;
mod classic;
mod exponential;
mod observation;
mod registry;
mod sets;
mod values;

pub(crate) use accumulator::{Accumulator, FIXED_ITEMS};
pub use classic::Classic;
pub use exponential::Exponential;
pub use observation::Instrument;
pub(crate) use observation::{Observation, Split};
pub(crate) use registry::Registry;
pub use registry::{MAX_METRICS, Metric, MetricId, MetricKind, OVERFLOW, SeriesId};
pub(crate) use sets::Sets;
pub use sets::{MAX_SETS, Point};
pub(crate) use values::Values;
pub use values::{MetricValue, SeriesView};
