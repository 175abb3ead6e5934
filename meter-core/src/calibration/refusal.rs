//! Why a fit is refused: a wrong correction is worse than none.

/// Why pairs give no correction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum FitError {
    /// A model needs more pairs.
    TooFew {
        /// So many.
        needed: usize,
    },
    /// A value is 0.
    Zero {
        /// Which pair, from 0.
        index: usize,
    },
    /// All pairs are at about the same level: an offset or a curve can not be told from a gain.
    Spread,
    /// The meter would be off by more than 20 %.
    Implausible {
        /// By how much, in millionths.
        gain_ppm: i64,
    },
    /// One pair does not agree with the others.
    Outlier {
        /// Which, from 0.
        index: usize,
        /// How far it is off, in millionths.
        ppm: i64,
    },
    /// The pairs are not in ascending order, or there are more levels than knots.
    Levels,
    /// The model predicts left-out points no better than a gain alone.
    NotBetter {
        /// Its error in millionths.
        model_ppm: u32,
        /// That of the gain alone.
        gain_ppm: u32,
    },
}

impl core::fmt::Display for FitError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::TooFew { needed } => write!(f, "this model needs at least {needed} pairs"),
            Self::Zero { index } => write!(f, "pair {} holds a zero", index + 1),
            Self::Spread => f.write_str(
                "all pairs are at one level: measure at less than half of it too, or fit a gain alone",
            ),
            Self::Implausible { gain_ppm } => write!(
                f,
                "the meter would be {} % off: are both meters on the same load?",
                gain_ppm / 10_000
            ),
            Self::Outlier { index, ppm } => write!(
                f,
                "pair {} is {} ppm off the others: look at it again",
                index + 1,
                ppm
            ),
            Self::Levels => f.write_str("the pairs must ascend, with no more levels than knots"),
            Self::NotBetter {
                model_ppm,
                gain_ppm,
            } => write!(
                f,
                "points left out are predicted to {model_ppm} ppm, by a gain alone to {gain_ppm} ppm: use that"
            ),
        }
    }
}

impl core::error::Error for FitError {}
