//! Events: their kinds, what a caller gives, what the queue holds, and what an encoder reads.
//!
//! | type | what it is |
//! |---|---|
//! | [`Event`] | an event as the caller gives it |
//! | `Record` | the fixed-size part that the queue holds; other values are payload bytes beside it |
//! | [`EventView`] | a record and its payload, decoded for an encoder |

pub mod attributes;
mod exception;
mod format;
mod input;
mod kind;
pub(crate) mod names;
pub mod path;
pub(crate) mod payload;
pub(crate) mod record;
pub mod semantics;
mod severity;
pub mod statement;
pub mod trace;
mod view;

pub use attributes::{Attributes, Value};
pub use exception::{EndedRequest, Exception};
pub use format::Format;
pub use input::Event;
pub use kind::EventKind;
pub use severity::Severity;
pub use trace::SpanIds;
pub use view::EventView;
