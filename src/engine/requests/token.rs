//! The token of an open request.
//!
//! | bits | meaning |
//! |---|---|
//! | 0 | the request is excluded |
//! | 1 | the request is sampled |
//! | 2 | set in every token but an excluded one, so that no token is 0 |
//! | 3 | a sampled parent forced the decision |
//! | 4 … 13 | slot in the table |
//! | 14 … 29 | index of its rate |
//! | 30 … 52 | generation of the slot |

/// A request that has begun, as a plain number. It can be kept for any time: a stale token is recognized.
///
/// It holds the sampling decision, so a request whose slot was given to another one still has its decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token(u64);

impl Token {
    /// The token of every excluded request: it has no slot in the table.
    pub(crate) const EXCLUDED: Self = Self(EXCLUDED);

    pub(super) fn new(slot: u16, generation: u32, rate: usize, sampled: bool, forced: bool) -> Self {
        let flags = KNOWN | (u64::from(sampled) * SAMPLED) | (u64::from(forced) * FORCED);
        let (generation, rate) = (u64::from(generation) << GENERATION_SHIFT, (rate as u64) << RATE_SHIFT);
        Self(generation | rate | u64::from(slot) << SLOT_SHIFT | flags)
    }

    /// The token of a number that [`to_number`](Self::to_number) returned. Any other number is a stale token.
    #[must_use]
    pub fn from_number(number: f64) -> Self {
        Self(if (0.0..MAX_NUMBER).contains(&number) { number as u64 } else { 0 })
    }

    /// The token as an integer below 2⁵³.
    #[must_use]
    pub fn to_number(self) -> f64 {
        self.0 as f64
    }

    /// Whether the request is excluded: it is neither recorded nor counted in the statistics.
    #[must_use]
    pub fn is_excluded(self) -> bool {
        self.0 & EXCLUDED != 0
    }

    /// Whether the request was sampled when it began.
    #[must_use]
    pub fn is_sampled(self) -> bool {
        self.0 & SAMPLED != 0
    }

    pub(super) fn slot(self) -> usize {
        (self.0 >> SLOT_SHIFT) as usize % SLOTS
    }

    pub(super) fn rate(self) -> usize {
        (self.0 >> RATE_SHIFT) as usize % RATES
    }

    pub(super) fn generation(self) -> u32 {
        (self.0 >> GENERATION_SHIFT) as u32
    }

    /// Whether a request ever had this token.
    pub(super) fn is_known(self) -> bool {
        self.0 & KNOWN != 0
    }

    /// Whether a sampled parent forced the decision.
    pub(super) fn is_forced(self) -> bool {
        self.0 & FORCED != 0
    }
}

/// The most open requests.
pub(super) const SLOTS: usize = 1024;
const EXCLUDED: u64 = 1;
const SAMPLED: u64 = 2;
const KNOWN: u64 = 4;
const FORCED: u64 = 8;
const SLOT_SHIFT: u32 = 4;
const RATE_SHIFT: u32 = 14;
const GENERATION_SHIFT: u32 = 30;
pub(super) const RATES: usize = 1 << 16;
pub(super) const GENERATIONS: u32 = 1 << 23;
const MAX_NUMBER: f64 = 9_007_199_254_740_992.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_survives_its_number() {
        let last = ((SLOTS - 1) as u16, GENERATIONS - 1, RATES - 1);
        for (slot, generation, rate) in [(0, 1, 0), (5, 77, 3), last] {
            for (sampled, forced) in [(false, false), (true, false), (true, true)] {
                let token = Token::new(slot, generation, rate, sampled, forced);
                let again = Token::from_number(token.to_number());
                assert_eq!(again, token);
                assert_eq!((again.slot(), again.generation(), again.rate()), (slot.into(), generation, rate));
                assert_eq!((again.is_sampled(), again.is_forced()), (sampled, forced));
                assert!(again.is_known() && !again.is_excluded());
            }
        }
        assert!(Token::from_number(Token::EXCLUDED.to_number()).is_excluded());
        for number in [-1.0, f64::NAN, f64::INFINITY, 1e300] {
            assert_eq!(Token::from_number(number), Token(0));
        }
    }
}
