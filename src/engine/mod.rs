//! The engine: queue, delivery, sampling, statistics, ledger. Sans-IO.

mod batch_id;
pub mod collector;
pub mod config;
mod delivery;
pub mod error;
pub mod event;
pub mod ledger;
mod list;
pub mod notice;
mod queue;
pub mod rng;
pub mod sampling;
pub mod stats;
pub mod time;

pub use batch_id::BatchId;
pub use collector::{Batch, Collector, Measured, Send, Signal};
pub use config::{Config, Service, SinkOptions};
pub use delivery::Outcome;
pub use error::{Error, ErrorKind};
pub use event::{Attributes, Event, EventKind, EventView, Format, Link, Value};
pub use ledger::{Counters, Reason, SinkCounters};
pub use notice::Notice;
