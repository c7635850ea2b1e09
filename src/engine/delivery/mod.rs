//! Delivery to one sink: its position in the queue, its batch, its lease, backoff, disabling and probing.
//!
//! - Cutting a batch moves its events out of the queue. The queue can then not evict them.
//! - A retry, or an expired lease, hands out the same events under the same batch id.
//! - Only a batch that was too large is cut again, under new ids.
//! - A metrics sink reads no queue. It fills an accumulator, and a batch is what was accumulated.
//!
//! | file | what it holds |
//! |---|---|
//! | `sink` | the state of a sink, and what it counts |
//! | `schedule` | when a batch is due |
//! | `round` | the events that one round of sends may take |
//! | `hand_out` | cutting a batch and leasing it |
//! | `settle` | what an outcome changes, and the end of a sink |
//! | `batch` | the batch that waits or is in flight |
//! | `payload` | what a batch holds: records or measurements |
//! | `summary` | what a sink of statistics sends beside measurements |

mod batch;
mod hand_out;
mod outcome;
mod payload;
mod round;
mod schedule;
mod settings;
mod settle;
mod sink;
mod summary;

pub use outcome::Outcome;
pub(crate) use payload::{Intervals, Measurements, PayloadRef};
pub use round::Round;
pub(crate) use settings::Settings;
pub(crate) use sink::Sink;
pub(crate) use summary::Sending;
