//! Open requests, and the children buffered until the outcome of their request is known.

mod children;
mod table;
mod token;

pub(crate) use children::Children;
pub(crate) use table::{ClosedRequest, OpenRequests};
pub use token::Token;
