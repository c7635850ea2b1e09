//! The engine's contract, under a simulated clock: no test sleeps.

mod delivery;
mod model;
mod recording;
mod sim;
