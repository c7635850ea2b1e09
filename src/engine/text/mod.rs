//! Text helpers: numbers and ids as text, cutting, and hashing.

pub(crate) mod hashed;
pub(crate) mod hex;
pub(crate) mod number;
pub(crate) mod split;
