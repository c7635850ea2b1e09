//! The bucket indexes of OpenTelemetry's exponential histograms, at scale 6.
//!
//! Bucket `i` holds `(base^i, base^(i+1)]` with `base = 2^(1/64)`. No logarithm is computed: exponent and mantissa decide,
//! so every target gives the same index.
//!
//! Spec: <https://opentelemetry.io/docs/specs/otel/metrics/data-model/#exponentialhistogram>

/// The scale of the indexes: there are 2⁶ buckets for each power of two.
pub(crate) const SCALE: i32 = 6;

/// The bucket of a positive normal number.
#[inline(always)]
pub(crate) fn index_of(value: f64) -> i32 {
    let bits = value.to_bits();
    let exponent = (bits >> 52) as i32 - 1023;
    let mantissa = bits & MANTISSA;
    let guess = usize::from(BELOW[(mantissa >> 45) as usize]);
    let above = guess + usize::from(mantissa > BOUNDS[guess]);
    exponent * 64 + above as i32 - 1
}

/// The lower bound of a bucket, rounded down. The bucket does not include it.
pub(crate) fn lower_bound(index: i32) -> f64 {
    let exponent = (index.div_euclid(64) + 1023) as u64;
    f64::from_bits(exponent << 52 | BOUNDS[index.rem_euclid(64) as usize])
}

const MANTISSA: u64 = (1 << 52) - 1;

/// For each 128th of an octave, the number of bounds below its start. A 128th is narrower than any bucket, so it holds at
/// most one bound, and one comparison ends the search.
const BELOW: [u8; 128] = {
    let mut below = [0; 128];
    let mut cell = 0;
    while cell < 128 {
        let mut count = 0;
        while BOUNDS[count] < (cell as u64) << 45 {
            count += 1;
        }
        below[cell] = count as u8;
        cell += 1;
    }
    below
};

/// The mantissa bits of `2^(k/64)`, rounded down: a larger mantissa lies above the bound. The last entry is larger than
/// every mantissa.
#[rustfmt::skip]
const BOUNDS: [u64; 65] = [
    0x0_0000_0000_0000, 0x0_2c9a_3e77_8060, 0x0_59b0_d315_8574, 0x0_8745_1875_9bc8,
    0x0_b558_6cf9_890f, 0x0_e3ec_32d3_d1a2, 0x1_1301_d012_5b50, 0x1_429a_aea9_2ddf,
    0x1_72b8_3c7d_517a, 0x1_a35b_eb6f_cb75, 0x1_d487_3168_b9aa, 0x2_063b_8862_8cd6,
    0x2_387a_6e75_6238, 0x2_6b45_65e2_7cdd, 0x2_9e9d_f51f_dee1, 0x2_d285_a6e4_030b,
    0x3_06fe_0a31_b715, 0x3_3c08_b264_16ff, 0x3_71a7_373a_a9ca, 0x3_a7db_34e5_9ff6,
    0x3_dea6_4c12_3422, 0x4_160a_21f7_2e29, 0x4_4e08_6061_892d, 0x4_86a2_b5c1_3cd0,
    0x4_bfda_d536_2a27, 0x4_f9b2_769d_2ca6, 0x5_342b_569d_4f81, 0x5_6f47_36b5_27da,
    0x5_ab07_dd48_5429, 0x5_e76f_15ad_2148, 0x6_247e_b03a_5584, 0x6_6238_8255_2224,
    0x6_a09e_667f_3bcc, 0x6_dfb2_3c65_1a2e, 0x7_1f75_e8ec_5f73, 0x7_5feb_5642_67c8,
    0x7_a114_73eb_0186, 0x7_e2f3_36cf_4e62, 0x8_2589_994c_ce12, 0x8_68d9_9b44_92ec,
    0x8_ace5_422a_a0db, 0x8_f1ae_9915_7736, 0x9_3737_b0cd_c5e4, 0x9_7d82_9fde_4e4f,
    0x9_c491_82a3_f090, 0xa_0c66_7b5d_e564, 0xa_5503_b23e_255c, 0xa_9e6b_5579_fdbf,
    0xa_e89f_995a_d3ad, 0xb_33a2_b84f_15fa, 0xb_7f76_f2fb_5e46, 0xb_cc1e_904b_c1d2,
    0xc_199b_dd85_529c, 0xc_67f1_2e57_d14b, 0xc_b720_dcef_9069, 0xd_072d_4a07_897b,
    0xd_5818_dcfb_a487, 0xd_a9e6_03db_3285, 0xd_fc97_337b_9b5e, 0xe_502e_e78b_3ff6,
    0xe_a4af_a2a4_90d9, 0xe_fa1b_ee61_5a27, 0xf_5076_5b6e_4540, 0xf_a7c1_819e_90d8,
    u64::MAX,
];

#[cfg(test)]
mod tests {
    use super::*;

    /// `base^64` as 32-bit digits, the lowest first.
    fn power_64(base: u64) -> Vec<u32> {
        let mut digits = vec![1u32];
        for _ in 0..64 {
            let (mut next, mut carry) = (Vec::new(), 0u128);
            for digit in &digits {
                carry += u128::from(*digit) * u128::from(base);
                next.push(carry as u32);
                carry >>= 32;
            }
            while carry > 0 {
                next.push(carry as u32);
                carry >>= 32;
            }
            digits = next;
        }
        digits
    }

    fn bit_length(digits: &[u32]) -> usize {
        digits.len() * 32 - digits.last().map_or(0, |top| top.leading_zeros() as usize)
    }

    #[test]
    fn bounds_are_the_roots_of_two_rounded_down() {
        for (k, bound) in BOUNDS[..64].iter().enumerate() {
            // x = 2^(k/64) · 2^52 rounded down  ⇔  x^64 ≤ 2^(k + 3328) < (x + 1)^64.
            let x = (1 << 52) + bound;
            let limit = k + 52 * 64;
            let exact = k == 0;
            assert_eq!(bit_length(&power_64(x)), if exact { limit + 1 } else { limit }, "bound {k}");
            assert_eq!(bit_length(&power_64(x + 1)), limit + 1, "bound {k} is too low");
        }
    }

    #[test]
    fn a_bound_belongs_to_the_bucket_below_it() {
        for index in -64 * 40..64 * 40 {
            let bound = lower_bound(index);
            assert_eq!((index_of(bound), index_of(bound.next_up())), (index - 1, index));
        }
        for power in -40..40 {
            assert_eq!(index_of(f64::from(power).exp2()), 64 * power - 1);
        }
    }
}
