//! Engine time: the host's clock, made monotonic.

use std::ops::{Add, Sub};

/// A moment of engine time in milliseconds. Engine time never goes back.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Millis(pub f64);

/// Turns the host's wall clock into engine time.
///
/// | the host's clock reads | effect |
/// |---|---|
/// | a later time | engine time advances |
/// | an earlier time, by at most the tolerance | ignored |
/// | an earlier time, by more | a new clock: engine time continues from its last value, so stored deadlines stay valid |
/// | 0, NaN, an infinity or a negative number | no clock: the last time is used |
#[derive(Clone, Debug)]
pub struct Clock {
    wall: f64,
    offset: f64,
    tolerance: f64,
}

/// The result of reading the host's clock once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// Engine time.
    pub now: Millis,
    /// Wall-clock milliseconds since the epoch. They go back only with a new clock.
    pub wall: f64,
    /// The step to a new clock in milliseconds, which is negative; 0 without a new clock.
    pub shift: f64,
}

impl Clock {
    /// A clock that was not read yet. `tolerance` is the largest step back that is ignored, in milliseconds.
    #[must_use]
    pub fn new(tolerance: f64) -> Self {
        Self { wall: 0.0, offset: 0.0, tolerance }
    }

    /// Reads the host's clock, which is at `host_ms` since the epoch.
    pub fn read(&mut self, host_ms: f64) -> Reading {
        let mut shift = 0.0;
        if host_ms.is_finite() && host_ms > 0.0 {
            if host_ms >= self.wall {
                self.wall = host_ms;
            } else if self.wall - host_ms > self.tolerance {
                shift = host_ms - self.wall;
                self.offset -= shift;
                self.wall = host_ms;
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
    fn a_small_step_back_is_ignored() {
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
