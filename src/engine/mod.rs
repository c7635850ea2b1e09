//! The engine: sampling, statistics, the queue, delivery and the ledger.
//!
//! It is sans-IO: it owns no clock, timer, socket, callback or source of randomness. Time is an argument, in wall-clock
//! milliseconds of the host. The time of the next call is a return value. Batches and notices are polled.
//!
//! # The contract
//!
//! - Recording ([`record`](Collector::record), [`record_in`](Collector::record_in), [`end`](Collector::end)) only queues.
//!   A full batch is a deadline that is due now.
//! - After [`tick`](Collector::tick), [`flush`](Collector::flush) or [`settle`](Collector::settle): call
//!   [`poll_transmit`](Collector::poll_transmit) until it returns `None`, then arm one timer for
//!   [`next_deadline`](Collector::next_deadline).
//! - If sinks may record events while they are sent to, poll with [`poll_round`](Collector::poll_round): what comes
//!   meanwhile waits for the next tick.
//! - Every polled batch is leased. Settle it with its lease. If nobody does, the lease expires, and the same events are
//!   polled again under the same batch id. A settle with an expired lease is counted and changes nothing.
//! - The same `now` twice changes nothing. A small step back is ignored. After a large one engine time continues from its
//!   last value. 0 and NaN mean "no clock": the last time is used.
//! - [`Counters::is_conserved`] holds at every moment: no event is lost without being counted.
//!
//! # Levels
//!
//! A module imports only from the levels below its own. `tests/layers.rs` checks it.
//!
//! | level | modules |
//! |---|---|
//! | 5 | `collector` |
//! | 4 | `delivery` |
//! | 3 | `exceptions`, `ledger`, `metrics`, `notice`, `queue`, `requests`, `sampling`, `stats` |
//! | 2 | `config`, `event` |
//! | 1 | `batch_id`, `error`, `rng`, `time` |
//! | 0 | `buckets`, `list`, `text` |

mod batch_id;
pub(crate) mod buckets;
pub mod collector;
pub mod config;
pub(crate) mod delivery;
pub mod error;
pub mod event;
mod exceptions;
pub mod ledger;
mod list;
pub mod metrics;
pub mod notice;
mod queue;
pub mod requests;
pub mod rng;
pub mod sampling;
pub mod stats;
pub(crate) mod text;
pub mod time;

pub use batch_id::BatchId;
pub use collector::{Batch, BufferedRequest, Collector, Measured, RouteRef, Signal, SummaryView, Transmit};
pub use config::{Config, Service, SinkOptions, Temporality};
pub use delivery::{Outcome, Round};
pub use error::{Error, ErrorKind};
pub use event::{
    Attributes, EndedRequest, Event, EventKind, EventView, Exception, Format, Severity, SpanIds, Value,
};
pub use exceptions::RecentException;
pub use ledger::{Counters, MetricCounters, Reason, Refusal, SinkCounters, Totals};
pub use metrics::{MetricId, MetricKind, SeriesId};
pub use notice::Notice;
pub use requests::Token;
