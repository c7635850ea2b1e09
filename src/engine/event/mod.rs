//! What an event is made of: path templates, SQL text, trace context.

pub mod path;
pub mod statement;
pub mod trace;
