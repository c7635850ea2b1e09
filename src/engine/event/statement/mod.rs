//! SQL statements: the text without its literals, and a short summary that names a series.
//!
//! One tokenizer reads all dialects. Where dialects disagree it hides more than the literals, never less. Any text is
//! safe to pass. The time is linear in the length of the text.

mod context;
mod dialect;
mod lexer;
mod message;
mod normalize;
mod scan;
mod summary;
mod token;

pub use dialect::Dialect;
pub use message::hide_values;
pub use normalize::normalize;
pub use summary::{UNKNOWN, summary, summary_parts};
