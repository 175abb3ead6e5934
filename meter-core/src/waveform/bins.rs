//! Sums over a window.

use super::sine::{BITS, ONE, cosine, sine};
use super::{HARMONICS, LEAST_CYCLES, MOST_COUNT, MOST_SAMPLES, WaveformError};

/// Bits behind the point of a sample without its mean.
const SAMPLE_BITS: u32 = 4;
/// Bits behind the point of a value of a bin.
pub(super) const BIN_BITS: u32 = SAMPLE_BITS + BITS;

/// The samples that are looked at, and how fast the fundamental turns in them.
#[derive(Clone, Copy)]
pub(super) struct Window {
    length: usize,
    /// Of the window, and of the fundamental, in 2^-32 turns a sample.
    window_step: u32,
    turn: u32,
    pub(super) harmonics: usize,
}

impl Window {
    pub(super) fn new(length: usize, rate_mhz: u32, mhz: u32) -> Result<Self, WaveformError> {
        if length > MOST_SAMPLES {
            return Err(WaveformError::TooMany);
        }
        let (rate, frequency) = (u64::from(rate_mhz), u64::from(mhz));
        if rate < 8 * frequency {
            return Err(WaveformError::TooSlow);
        }
        let length = length as u64;
        let cycles = (length * frequency).checked_div(rate).unwrap_or_default();
        if cycles < LEAST_CYCLES.into() {
            return Err(WaveformError::TooShort);
        }
        let whole = (2 * cycles * rate + frequency) / (2 * frequency);
        let whole = whole.min(length);
        let below_nyquist = (rate * 45 / 100).checked_div(frequency).unwrap_or_default();
        let per_turn =
            |turns: u64, by: u64| ((turns << 32) + by / 2).checked_div(by).unwrap_or_default();
        Ok(Self {
            length: whole as usize,
            window_step: per_turn(1, whole) as u32,
            turn: per_turn(frequency, rate) as u32,
            harmonics: (below_nyquist as usize).min(HARMONICS),
        })
    }

    /// Each sample without the mean, with 4 bits behind the point, its number and its weight with 15 bits.
    fn weighted(
        self,
        samples: &[i32],
        mean: i64,
    ) -> impl Iterator<Item = (u32, i64, i64)> + use<'_> {
        let samples = samples.iter().take(self.length).enumerate();
        samples.map(move |(index, sample)| {
            let index = index as u32;
            let value = (i64::from(*sample) << SAMPLE_BITS) - mean;
            (index, value, self.weight(index))
        })
    }

    fn weight(self, index: u32) -> i64 {
        let phase = self
            .window_step
            .wrapping_mul(index)
            .wrapping_add(self.window_step / 2);
        // (1 - cos) / 2 with 15 bits.
        (ONE - i64::from(cosine(phase))) >> (BITS + 1 - 15)
    }

    fn weights(self) -> i128 {
        (0..self.length as u32)
            .map(|index| i128::from(self.weight(index)))
            .sum::<i128>()
            .max(1)
    }

    /// The mean of samples, with 4 bits behind the point.
    pub(super) fn mean(self, samples: &[i32]) -> Result<i64, WaveformError> {
        if samples
            .iter()
            .any(|sample| sample.unsigned_abs() > MOST_COUNT)
        {
            return Err(WaveformError::TooLarge);
        }
        let sum: i128 = self
            .weighted(samples, 0)
            .map(|(_, value, weight)| i128::from(value * weight))
            .sum();
        Ok(nearest(sum, self.weights()))
    }

    /// Mean of the product of two channels, with 8 bits behind the point; of one with itself its square.
    pub(super) fn product(self, a: (&[i32], i64), b: (&[i32], i64)) -> i64 {
        let pairs = self.weighted(a.0, a.1).zip(self.weighted(b.0, b.1));
        let sum: i128 = pairs
            .map(|((_, a, weight), (_, b, _))| i128::from(a * b) * i128::from(weight))
            .sum();
        nearest(sum, self.weights())
    }

    /// Half the amplitude of a harmonic as a complex number, with 24 bits behind the point.
    pub(super) fn bin(self, samples: &[i32], mean: i64, harmonic: u32) -> (i64, i64) {
        let turn = self.turn.wrapping_mul(harmonic);
        let (mut real, mut imaginary) = (0_i128, 0_i128);
        for (index, value, weight) in self.weighted(samples, mean) {
            let phase = turn.wrapping_mul(index);
            // 28, 15 and 20 bits.
            let product = value * weight;
            real += i128::from(product) * i128::from(cosine(phase));
            imaginary -= i128::from(product) * i128::from(sine(phase));
        }
        let weights = self.weights();
        (nearest(real, weights), nearest(imaginary, weights))
    }

    /// The turn of a harmonic in a time of the fundamental's own measure, 2^-32 turns.
    pub(super) fn delay_phase(mhz: u32, delay_ns: i32, harmonic: u32) -> u32 {
        let turns = (i128::from(mhz) * i128::from(delay_ns) * i128::from(harmonic)) << 32;
        nearest(turns, 1_000_000_000_000) as u32
    }
}

fn nearest(sum: i128, by: i128) -> i64 {
    let half = if sum < 0 { -by / 2 } else { by / 2 };
    let mean = sum.saturating_add(half).checked_div(by).unwrap_or_default();
    i64::try_from(mean).unwrap_or(i64::MAX)
}

/// A complex number turned by a phase in 2^-32 turns.
pub(super) fn turned((real, imaginary): (i64, i64), phase: u32) -> (i64, i64) {
    let (cos, sin) = (i128::from(cosine(phase)), i128::from(sine(phase)));
    let (re, im) = (i128::from(real), i128::from(imaginary));
    let back = |value: i128| (value >> BITS) as i64;
    (back(re * cos - im * sin), back(re * sin + im * cos))
}

/// Rms of a bin in counts, with 24 bits behind the point.
pub(super) fn rms((real, imaginary): (i64, i64)) -> u64 {
    let square = |value: i64| u128::from(value.unsigned_abs()).pow(2);
    (2 * (square(real) + square(imaginary))).isqrt() as u64
}
