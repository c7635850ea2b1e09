//! The range of a number.

use crate::engine::error::{Error, ErrorKind};
use crate::engine::text::number::text;

/// The range of a number. Both ends are allowed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limit {
    /// The smallest value.
    pub min: f64,
    /// The largest value.
    pub max: f64,
    /// Whether only integers are allowed, and infinity if `max` is infinite.
    pub is_whole: bool,
}

impl Limit {
    pub(crate) const fn number(min: f64, max: f64) -> Self {
        Self { min, max, is_whole: false }
    }

    pub(crate) const fn count(min: f64, max: f64) -> Self {
        Self { min, max, is_whole: true }
    }

    /// Checks the value of the option called `name`. NaN is always refused.
    ///
    /// # Errors
    /// [`ErrorKind::OutOfRange`]; the message names the option, its value and its limit.
    pub fn check(&self, name: &'static str, value: f64) -> Result<(), Error> {
        let Self { min, max, is_whole } = *self;
        let is_whole_or_infinite = value.is_infinite() || value.fract() == 0.0;
        if value >= min && value <= max && (!is_whole || is_whole_or_infinite) {
            return Ok(());
        }
        let what = if is_whole { "a whole number" } else { "a number" };
        let [value, min, max] = [value, min, max].map(text);
        let message = [name, " is ", &value, "; it must be ", what, " from ", &min, " to ", &max];
        Err(Error::new(ErrorKind::OutOfRange(name), &message))
    }
}
