//! The engine: queue, delivery, sampling, statistics, ledger. Sans-IO.

pub mod error;
pub mod event;
pub mod rng;
pub mod sampling;
pub mod time;

pub use error::{Error, ErrorKind};
