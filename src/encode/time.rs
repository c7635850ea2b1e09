//! Times as nanoseconds.

/// Wall-clock milliseconds as nanoseconds since the epoch. Times before the epoch, and NaN, are 0.
///
/// Integer and fraction are converted apart, so the result is exact to the nanosecond.
#[inline(always)]
pub(super) fn nanos(ms: f64) -> u64 {
    if ms.is_nan() || ms <= 0.0 {
        return 0;
    }
    // Signed: processors convert a float to a signed integer in one instruction.
    let whole = ms as i64;
    // Such a time is not valid, and the product could exceed 64 bits.
    if whole > (u64::MAX / 1_000_000) as i64 {
        return u64::MAX;
    }
    let fraction = ((ms - whole as f64) * 1e6 + 0.5) as i64;
    (whole as u64 * 1_000_000).saturating_add(fraction as u64)
}

#[cfg(test)]
mod tests {
    use super::nanos;

    #[test]
    fn nanoseconds_are_exact() {
        for (ms, wanted) in [
            (1_750_000_000_123.0, 1_750_000_000_123_000_000),
            (1_750_000_000_123.25, 1_750_000_000_123_250_000),
            (0.1, 100_000),
            // The fraction is rounded to the nearest nanosecond.
            (1000.0009765625, 1000000977),
            (1e-6, 1),
            (0.0, 0),
            (-5.5, 0),
            (1e300, u64::MAX),
        ] {
            assert_eq!(nanos(ms), wanted, "{ms}");
        }
    }
}
