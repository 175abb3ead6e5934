//! What samples say that readings do not: harmonics, distortion, the power of the fundamental.
//!
//! For the waveform sampling of an ADE7753, which gives one channel at a time ([`Channel::analyze`]), and for a plain
//! ADC with a current clamp and a voltage transformer, which gives both ([`Pair::analyze`]). The quantities are
//! those of IEEE 1459 for one phase. Everything is in whole numbers.
//!
//! Samples are weighted by a Hann window over the largest whole number of cycles that fits, to the nearest sample, so
//! that nothing has to be synchronised with the mains. From 4 cycles on it works; EN 50160 and
//! IEC 61000-4-7 want 10 cycles of 50 Hz or 12 of 60 Hz.

mod bins;
mod channel;
mod frequency;
mod pair;
mod sine;

pub use channel::{Channel, Spectrum};
pub use frequency::frequency_mhz;
pub use pair::{Pair, Power};

/// Harmonics that are looked for, as EN 50160 has them.
pub const HARMONICS: usize = 40;
/// Cycles that are needed.
const LEAST_CYCLES: u32 = 4;
/// Samples of more bits would not fit into the sums.
const MOST_COUNT: u32 = 1 << 23;
const MOST_SAMPLES: usize = 1 << 17;

/// Why samples say nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum WaveformError {
    /// They are shorter than four cycles.
    TooShort,
    /// There are fewer than eight in a cycle.
    TooSlow,
    /// There are more than 131 072.
    TooMany,
    /// They do not swing, or not regularly: no frequency can be told.
    NoCycles,
    /// One has more than 24 bits.
    TooLarge,
    /// The two channels have not the same number.
    Unequal,
}

impl core::fmt::Display for WaveformError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::TooShort => "the samples are shorter than four cycles: take more of them",
            Self::TooSlow => "there are fewer than eight samples in a cycle: sample faster",
            Self::TooMany => "there are more than 131072 samples: look at fewer at a time",
            Self::NoCycles => {
                "no regular cycles are in the samples: is the mains there, and the rate right?"
            }
            Self::TooLarge => "a sample has more than 24 bits: is it extended by its sign?",
            Self::Unequal => "voltage and current have not the same number of samples",
        })
    }
}

impl core::error::Error for WaveformError {}
