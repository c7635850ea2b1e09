//! The engine: queue, delivery, sampling, statistics, ledger. Sans-IO.
//!
//! It owns no clock, timer, socket, callback or host randomness. Time is an argument, in the host's wall-clock
//! milliseconds; "wake me at" is an answer; a batch to send is polled; what happened waits until it is asked for.
//!
//! # The contract
//!
//! - Recording ([`record`](Collector::record), [`record_in`](Collector::record_in), [`end`](Collector::end)) only
//!   queues. A full batch is a deadline that is already due.
//! - After [`tick`](Collector::tick), [`flush`](Collector::flush) or [`settle`](Collector::settle): drain
//!   [`poll_send`](Collector::poll_send) to its end, then arm one timer at
//!   [`next_deadline`](Collector::next_deadline).
//! - Every batch polled is leased. Settle it with its lease, or do nothing: the lease runs out and the same events
//!   are polled again under the same id. A settle that comes after that is counted and changes nothing.
//! - The same `now` twice changes nothing. A small step back is clamped; after a large one engine time goes on from
//!   where it was. 0 and NaN mean "no clock": the last known time.
//! - At every moment [`Counters::is_conserved`] holds: nothing is lost without being counted.

mod batch_id;
pub mod collector;
pub mod config;
pub(crate) mod decimal;
mod delivery;
pub mod error;
pub mod event;
pub(crate) mod hashed;
pub mod ledger;
mod list;
pub mod notice;
mod queue;
pub mod rng;
pub mod sampling;
pub(crate) mod split;
pub mod stats;
pub mod time;

pub use batch_id::BatchId;
pub use collector::{Batch, Collector, Measured, Send, Signal, StagedRequest, StagedRoute};
pub use config::{Config, Service, SinkOptions};
pub use delivery::Outcome;
pub use error::{Error, ErrorKind};
pub use event::{Attributes, Event, EventKind, EventView, Format, Link, Value};
pub use ledger::{Counters, Reason, SinkCounters, Totals};
pub use notice::Notice;
