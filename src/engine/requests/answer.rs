//! What became of a request.

/// What became of a request that is over, as plain data.
///
/// The host keeps it with the request. Events that come later are recorded by it: nothing of a request stays in the
/// engine after its end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RequestAnswer {
    /// What was decided.
    pub fate: Fate,
    /// The trace. Zero: none was needed yet. The first event that needs one draws it.
    pub trace_id: [u8; 16],
    /// The span of the request. Zero if the request is not recorded: it is nobody's parent then.
    pub span_id: [u8; 8],
}

/// What was decided on a request that is over.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fate {
    /// It is recorded.
    Recorded {
        /// The probability, in (0, 1], that a request with its outcome is recorded.
        p: f64,
    },
    /// It is only in the statistics.
    SampledOut,
    /// It matches an exclude rule.
    Excluded,
    /// It was refused, or lost with its engine.
    Refused,
}

impl RequestAnswer {
    pub(crate) const EXCLUDED: Self = Self::without_ids(Fate::Excluded);
    pub(crate) const REFUSED: Self = Self::without_ids(Fate::Refused);

    const fn without_ids(fate: Fate) -> Self {
        Self { fate, trace_id: [0; 16], span_id: [0; 8] }
    }

    /// The answer for a request of the trace `trace_id` that is recorded with the probability `p`, if it is.
    #[inline(always)]
    pub(crate) fn new(p: Option<f64>, trace_id: [u8; 16], span_id: [u8; 8]) -> Self {
        match p {
            Some(p) => Self { fate: Fate::Recorded { p }, trace_id, span_id },
            None => Self { fate: Fate::SampledOut, trace_id, span_id: [0; 8] },
        }
    }
}

impl Fate {
    /// The fate as one number: the probability, 0 sampled out, -1 excluded, -2 refused.
    #[must_use]
    #[inline(always)]
    pub fn to_number(self) -> f64 {
        match self {
            Self::Recorded { p } => p,
            Self::SampledOut => 0.0,
            Self::Excluded => -1.0,
            Self::Refused => -2.0,
        }
    }

    /// The fate of a number that [`to_number`](Self::to_number) returned. Any other number is `Refused`.
    #[must_use]
    pub fn from_number(number: f64) -> Self {
        match number {
            p if p > 0.0 && p <= 1.0 => Self::Recorded { p },
            0.0 => Self::SampledOut,
            -1.0 => Self::Excluded,
            _ => Self::Refused,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fate_survives_its_number() {
        let recorded = [1.0, 0.3, f64::MIN_POSITIVE].map(|p| Fate::Recorded { p });
        for fate in recorded.into_iter().chain([Fate::SampledOut, Fate::Excluded, Fate::Refused]) {
            assert_eq!(Fate::from_number(fate.to_number()), fate);
        }
        for number in [f64::NAN, 1.5, -0.5, f64::INFINITY] {
            assert_eq!(Fate::from_number(number), Fate::Refused);
        }
    }
}
