//! Whole numbers of up to 1280 bits: enough for every midpoint between two floating-point numbers.

use std::cmp::Ordering;

/// A whole number; overflow wraps, and cannot happen where it is used.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Bignum([u32; LIMBS]);

impl Bignum {
    pub(super) fn of(value: u64) -> Self {
        let mut limbs = [0; LIMBS];
        (limbs[0], limbs[1]) = (value as u32, (value >> 32) as u32);
        Self(limbs)
    }

    /// Times `base` to the power of `count`; `base` is at most 10.
    pub(super) fn times(mut self, base: u32, mut count: u32) -> Self {
        while count > 0 {
            let step = count.min(9);
            self.multiply(base.pow(step));
            count -= step;
        }
        self
    }

    fn multiply(&mut self, factor: u32) {
        let mut carry = 0;
        for limb in &mut self.0 {
            carry += u64::from(*limb) * u64::from(factor);
            *limb = carry as u32;
            carry >>= 32;
        }
    }

    pub(super) fn plus(mut self, other: &Self) -> Self {
        let mut carry = 0;
        for (limb, &more) in self.0.iter_mut().zip(&other.0) {
            carry += u64::from(*limb) + u64::from(more);
            *limb = carry as u32;
            carry >>= 32;
        }
        self
    }

    /// Takes away `other`, which is no larger.
    pub(super) fn take(&mut self, other: &Self) {
        let mut borrow = 0;
        for (limb, &less) in self.0.iter_mut().zip(&other.0) {
            let left = i64::from(*limb) - i64::from(less) - borrow;
            *limb = left as u32;
            borrow = i64::from(left < 0);
        }
    }
}

impl Ord for Bignum {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.iter().rev().cmp(other.0.iter().rev())
    }
}

impl PartialOrd for Bignum {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

const LIMBS: usize = 40;
