//! One channel.

use heapless::Vec;

use super::bins::{BIN_BITS, Window, rms};
use super::frequency::frequency_mhz;
use super::{HARMONICS, WaveformError};

/// What a channel measures with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Channel {
    /// Nanovolts, or nanoamperes, of a count.
    pub nano_per_count: u32,
    /// Samples in a thousand seconds: the rate in millihertz.
    pub rate_mhz: u32,
}

/// What is in the samples of a channel; rms values in microvolts or microamperes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Spectrum {
    /// The frequency of the fundamental in millihertz.
    pub frequency_mhz: u32,
    /// Of everything but the mean.
    pub rms_micro: u32,
    /// Of each harmonic, the fundamental first; as many as are below 0.45 of the sampling rate, up to 40.
    pub harmonics_micro: Vec<u32, HARMONICS>,
    /// Total harmonic distortion: the harmonics from the second on by the fundamental, in millionths; with fewer
    /// than 40 harmonics it is that of those there are.
    pub thd_ppm: u32,
}

impl Spectrum {
    /// Of the fundamental.
    #[must_use]
    pub fn fundamental_micro(&self) -> u32 {
        self.harmonics_micro.first().copied().unwrap_or(0)
    }

    /// Of everything that is not the fundamental (IEEE 1459: the root of V^2 - V1^2), noise and what lies between
    /// harmonics too.
    #[must_use]
    pub fn distortion_micro(&self) -> u32 {
        let square = |micro: u32| u64::from(micro).pow(2);
        let rest = square(self.rms_micro).saturating_sub(square(self.fundamental_micro()));
        u32::try_from(rest.isqrt()).unwrap_or(u32::MAX)
    }
}

impl Channel {
    /// Looks at samples of this channel. The frequency may be given, as from a chip's period register, or is measured
    /// from the samples themselves.
    ///
    /// # Errors
    /// [`WaveformError`] says why they tell nothing.
    pub fn analyze(&self, samples: &[i32], mhz: Option<u32>) -> Result<Spectrum, WaveformError> {
        let mhz = match mhz {
            Some(mhz) => mhz,
            None => frequency_mhz(samples, self.rate_mhz)?,
        };
        let window = Window::new(samples.len(), self.rate_mhz, mhz)?;
        let mean = window.mean(samples)?;
        let bins =
            (1..=window.harmonics as u32).map(|harmonic| window.bin(samples, mean, harmonic));
        Ok(self.spectrum(window, samples, mean, mhz, bins.map(rms)))
    }

    /// From the rms values of the harmonics in counts.
    pub(super) fn spectrum(
        &self,
        window: Window,
        samples: &[i32],
        mean: i64,
        frequency_mhz: u32,
        harmonics: impl Iterator<Item = u64>,
    ) -> Spectrum {
        let square = window.product((samples, mean), (samples, mean));
        // 8 bits behind the point become 48, and 24 of the root.
        let rms_counts = (u128::from(square.unsigned_abs()) << 40).isqrt() as u64;
        let (mut harmonics_micro, mut fundamental, mut squares) = (Vec::new(), 0, 0_u128);
        for (index, counts) in harmonics.take(HARMONICS).enumerate() {
            if index == 0 {
                fundamental = counts;
            } else {
                squares += u128::from(counts).pow(2);
            }
            // As many as there is room for.
            let _ = harmonics_micro.push(self.micro(counts));
        }
        let thd = (squares.isqrt() * 1_000_000).checked_div(fundamental.into());
        Spectrum {
            frequency_mhz,
            rms_micro: self.micro(rms_counts),
            harmonics_micro,
            thd_ppm: u32::try_from(thd.unwrap_or_default()).unwrap_or(u32::MAX),
        }
    }

    /// Counts with 24 bits behind the point in microvolts or microamperes.
    fn micro(&self, counts: u64) -> u32 {
        let nano = (u128::from(counts) * u128::from(self.nano_per_count)) >> BIN_BITS;
        u32::try_from((nano + 500) / 1_000).unwrap_or(u32::MAX)
    }
}
