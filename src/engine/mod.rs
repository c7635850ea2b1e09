//! The engine: queue, delivery, sampling, statistics, ledger. Sans-IO.

pub mod error;
pub mod rng;
pub mod stats;
pub mod time;

pub use error::{Error, ErrorKind};
