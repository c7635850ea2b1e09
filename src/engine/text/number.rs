//! Numbers as text, in the form that JavaScript prints: the shortest decimal that reads back as the same number. An
//! exponent is used below 1e-6 and from 1e21 on.

/// Formats a number for a message.
pub(crate) fn text(value: f64) -> String {
    let mut text = Vec::new();
    push(value, &mut text);
    String::from_utf8(text).unwrap_or_default()
}

/// Appends a number. Infinities are written as `inf` and `-inf`, NaN as `NaN`: none of them is JSON.
pub(crate) fn push(value: f64, out: &mut Vec<u8>) {
    if value < 0.0 {
        out.push(b'-');
    }
    let value = value.abs();
    if value < 1000.0 {
        // Signed: processors convert a float to a signed integer in one instruction.
        let thousandths = (value * 1000.0 + 0.5) as i32;
        // A division rounds as a decimal parser does. So if the quotient equals the value, its text reads back as it.
        if f64::from(thousandths) / 1000.0 == value {
            return short(thousandths as u32, out);
        }
    }
    if value < WHOLE && value as i64 as f64 == value {
        whole(value as u64, out);
    } else {
        long(value, out);
    }
}

/// Appends a whole number.
pub(crate) fn whole(value: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// Fills `room` with the digits of a number, with leading zeros.
#[inline]
pub(crate) fn fill(mut value: u64, room: &mut [u8]) {
    // Eight digits at a time: a 32-bit division is faster than a 64-bit one.
    for digits in room.rchunks_mut(8) {
        let mut eight = (value % 100_000_000) as u32;
        value /= 100_000_000;
        let (first, pairs) = digits.as_rchunks_mut();
        for pair in pairs.iter_mut().rev() {
            *pair = PAIRS[eight as usize % 100];
            eight /= 100;
        }
        if let [digit] = first {
            *digit = b'0' + eight as u8;
        }
    }
}

/// Appends a number below 1000, given in thousandths. Most durations are such numbers; their text fits a 64-bit word.
#[inline]
fn short(thousandths: u32, out: &mut Vec<u8>) {
    let digits = |value: u32| (b'0' + (value / 100) as u8, PAIRS[value as usize % 100]);
    let (integer, places) = (thousandths / 1000, thousandths % 1000);
    let (first, [second, third]) = digits(integer);
    let (tenths, [tens, ones]) = digits(places);
    let word = u64::from_le_bytes([first, second, third, b'.', tenths, tens, ones, 0]);
    let unused = u32::from(integer < 100) + u32::from(integer < 10);
    let len = match (places, tens, ones) {
        (0, ..) => 3,
        (_, b'0', b'0') => 5,
        (_, _, b'0') => 6,
        _ => 7,
    };
    let end = out.len() + (len - unused) as usize;
    out.extend_from_slice(&(word >> (8 * unused)).to_le_bytes());
    out.truncate(end);
}

/// Appends any other number; it is not negative.
fn long(value: f64, out: &mut Vec<u8>) {
    let mut buffer = zmij::Buffer::new();
    let text = buffer.format(value);
    match text.split_once('e') {
        None => out.extend_from_slice(text.strip_suffix(".0").unwrap_or(text).as_bytes()),
        Some((digits, exponent)) if (1e-6..1e21).contains(&value) => without_exponent(digits, exponent, out),
        Some(_) => out.extend_from_slice(text.as_bytes()),
    }
}

/// Appends a number that zmij writes with an exponent and JavaScript without: exponents -6 and 16 … 20.
fn without_exponent(digits: &str, exponent: &str, out: &mut Vec<u8>) {
    let digits = digits.bytes().filter(|&digit| digit != b'.');
    if let Ok(exponent) = exponent.parse::<usize>() {
        let end = out.len() + exponent + 1;
        out.extend(digits);
        out.resize(end, b'0');
    } else {
        out.extend_from_slice(b"0.00000");
        out.extend(digits);
    }
}

/// The two digits of each number below 100.
const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[0; 2]; 100];
    let mut at = 0;
    while at < pairs.len() {
        pairs[at] = [b'0' + at as u8 / 10, b'0' + at as u8 % 10];
        at += 1;
    }
    pairs
};
/// The largest number up to which floats have all integers.
pub(crate) const MAX_SAFE_INTEGER: f64 = 9_007_199_254_740_991.0;
/// From this number on every float is an integer.
const WHOLE: f64 = 9_007_199_254_740_992.0;

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Asserts that the text reads back as the same number and is as short as the text of std. The last digits may
    /// differ where two decimals are equally near.
    fn is_shortest(value: f64) {
        let shortest = match value.abs() {
            0.0 => "0".into(),
            1e-6..1e21 => format!("{value}"),
            ..1e-6 => format!("{value:e}"),
            _ => format!("{value:e}").replace('e', "e+"),
        };
        assert_eq!(text(value).parse(), Ok(value));
        assert_eq!(text(value).len(), shortest.len(), "{shortest}");
    }

    #[test]
    fn the_text_is_that_of_javascript() {
        let cases = [
            (0.0, "0"),
            (-0.0, "0"),
            (-17.0, "-17"),
            (999.999, "999.999"),
            (0.1 + 0.2, "0.30000000000000004"),
            (7_226_218_254_965_818.0 / 8.0, "903277281870727.2"),
            (1_750_000_000_123.25, "1750000000123.25"),
            (9_007_199_254_740_993.0, "9007199254740992"),
            (1.234_567_890_123_456_8e16, "12345678901234568"),
            (1e20, "100000000000000000000"),
            (999_999_999_999_999_900_000.0, "999999999999999900000"),
            (1e21, "1e+21"),
            (f64::MAX, "1.7976931348623157e+308"),
            (1e-5, "0.00001"),
            (-1.5e-6, "-0.0000015"),
            (1e-6, "0.000001"),
            (9.999_999_999_999_997e-7, "9.999999999999997e-7"),
            (5e-324, "5e-324"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
        ];
        for (value, wanted) in cases {
            assert_eq!(text(value), wanted);
        }
    }

    #[test]
    fn the_text_is_the_shortest_at_every_power_of_two_and_beside_it() {
        for exponent in -1074..1024 {
            let power = f64::from_bits(if exponent < -1022 {
                1 << (exponent + 1074)
            } else {
                ((exponent + 1023) as u64) << 52
            });
            for value in [power, power.next_up(), power.next_down(), power * 1.1, -power] {
                if value.is_finite() {
                    is_shortest(value);
                }
            }
        }
    }

    #[test]
    fn the_text_is_the_shortest_at_every_power_of_ten_and_beside_it() {
        for exponent in -323..309 {
            let power: f64 = format!("1e{exponent}").parse().unwrap();
            [power, power.next_up(), power.next_down(), power / 2.0].into_iter().for_each(is_shortest);
        }
    }

    #[test]
    fn a_number_fills_its_room() {
        for (value, wanted) in [
            (1_750_000_000_123, "1750000000123"),
            (1_750_000_000_000_000_001, "1750000000000000001"),
            (7, "007"),
        ] {
            let mut room = vec![b'x'; wanted.len()];
            fill(value, &mut room);
            assert_eq!(room, wanted.as_bytes());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]
        #[test]
        fn the_text_is_the_shortest(bits in any::<u64>(), places in 0..9i32, units in any::<u32>(), shift in 0..70u32) {
            let usual = [f64::from(units) / 10f64.powi(places), (bits >> 11) as f64 / 2f64.powi(shift as i32)];
            for value in [f64::from_bits(bits), usual[0], usual[1]] {
                if value.is_finite() {
                    is_shortest(value);
                }
            }
        }
    }
}
