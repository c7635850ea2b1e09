//! Engine time: what the host's clock says, made safe to compare.

use std::ops::{Add, Sub};

/// A moment of engine time in milliseconds: monotonic, whatever the host's clock does.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Millis(pub f64);

/// Turns the host's wall clock into engine time.
///
/// A step back of at most the tolerance is clamped; a larger one is a new clock, and engine time goes on
/// from where it was, so every stored deadline moves with it. 0, NaN and infinities mean "no clock".
#[derive(Clone, Debug)]
pub struct Clock {
    wall: f64,
    offset: f64,
    tolerance: f64,
}

/// What one look at the host's clock yields.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// Engine time.
    pub now: Millis,
    /// Wall-clock milliseconds since the epoch, never behind an earlier reading of the same clock.
    pub wall: f64,
    /// How far the wall clock was moved, in milliseconds: negative on a new clock, else 0.
    pub shift: f64,
}

impl Clock {
    /// A clock that has not been read; `tolerance` is the largest step back that is clamped, in milliseconds.
    #[must_use]
    pub fn new(tolerance: f64) -> Self {
        Self { wall: 0.0, offset: 0.0, tolerance }
    }

    /// Reads the host's clock: `host` in milliseconds since the epoch.
    pub fn read(&mut self, host: f64) -> Reading {
        let mut shift = 0.0;
        if host.is_finite() && host > 0.0 {
            if host >= self.wall {
                self.wall = host;
            } else if self.wall - host > self.tolerance {
                shift = host - self.wall;
                self.offset -= shift;
                self.wall = host;
            }
        }
        Reading { now: self.now(), wall: self.wall, shift }
    }

    /// Engine time as of the last reading.
    #[must_use]
    pub fn now(&self) -> Millis {
        Millis(self.wall + self.offset)
    }

    /// Wall-clock milliseconds as of the last reading; 0 before the first.
    #[must_use]
    pub fn wall(&self) -> f64 {
        self.wall
    }
}

impl Millis {
    /// The earlier of two moments.
    #[must_use]
    pub fn min(self, other: Self) -> Self {
        Self(self.0.min(other.0))
    }

    /// The later of two moments.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        Self(self.0.max(other.0))
    }
}

impl Add<f64> for Millis {
    type Output = Self;
    fn add(self, milliseconds: f64) -> Self {
        Self(self.0 + milliseconds)
    }
}

impl Sub for Millis {
    type Output = f64;
    fn sub(self, other: Self) -> f64 {
        self.0 - other.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_step_back_is_clamped() {
        let mut clock = Clock::new(3000.0);
        clock.read(10_000.0);
        assert_eq!(clock.read(7_000.0), Reading { now: Millis(10_000.0), wall: 10_000.0, shift: 0.0 });
        assert_eq!(clock.read(10_001.0).now, Millis(10_001.0));
    }

    #[test]
    fn a_large_step_back_is_a_new_clock_and_engine_time_goes_on() {
        let mut clock = Clock::new(3000.0);
        clock.read(10_000.0);
        assert_eq!(clock.read(6_999.0), Reading { now: Millis(10_000.0), wall: 6_999.0, shift: -3001.0 });
        assert_eq!(clock.read(7_099.0).now, Millis(10_100.0));
    }

    #[test]
    fn no_clock_means_the_last_known_time() {
        let mut clock = Clock::new(3000.0);
        clock.read(10_000.0);
        for absent in [0.0, f64::NAN, f64::INFINITY, -5.0] {
            assert_eq!(clock.read(absent), Reading { now: Millis(10_000.0), wall: 10_000.0, shift: 0.0 });
        }
    }
}
