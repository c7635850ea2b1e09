//! The WebAssembly boundary: plain functions over plain numbers, and a desk where texts and bytes are put down.
//!
//! A handle is the address of an object of ours, which the host keeps and gives back. Nothing is imported: the host is
//! never called, so no call can come in while another one runs.

// First: the others use its macro.
#[macro_use]
mod handle;
mod allocator;
mod convert;
mod core;
mod desk;
mod options;
#[cfg(feature = "full")]
mod sampling;
mod snapshot;
mod stage;
#[cfg(feature = "full")]
mod stats;
