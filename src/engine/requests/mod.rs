//! Open requests, and the children buffered until the outcome of their request is known.

mod answer;
mod children;
mod table;
mod token;

pub use answer::{Fate, RequestAnswer};
pub(crate) use children::Children;
pub(crate) use table::{ClosedRequest, OpenRequests};
pub use token::Token;
