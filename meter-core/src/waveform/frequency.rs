//! The frequency of samples.

use super::{LEAST_CYCLES, WaveformError};

/// The frequency in millihertz, of samples taken at a rate in millihertz, from where they cross their middle upwards.
///
/// Noise does not count as a crossing: the samples have to have been an eighth of their swing below. What is between two
/// samples is taken for straight.
///
/// # Errors
/// [`WaveformError`] when they do not cross it at least four times, or not regularly.
pub fn frequency_mhz(samples: &[i32], rate_mhz: u32) -> Result<u32, WaveformError> {
    let (least, most) = samples
        .iter()
        .fold((i32::MAX, i32::MIN), |(least, most), sample| {
            (least.min(*sample), most.max(*sample))
        });
    let swing = i64::from(most) - i64::from(least);
    if swing < 8 {
        return Err(WaveformError::NoCycles);
    }
    let middle = (i64::from(most) + i64::from(least)) / 2;
    let armed_below = middle - swing / 8;
    let (mut is_armed, mut before) = (false, i64::MAX);
    let (mut first, mut last, mut cycles) = (None, 0_u64, 0_u32);
    let mut longest = 0;
    for (index, sample) in samples.iter().enumerate() {
        let sample = i64::from(*sample);
        if sample < armed_below {
            is_armed = true;
        }
        if is_armed && before < middle && sample >= middle {
            is_armed = false;
            // In 2^-16 samples.
            let part = ((middle - before) << 16) / (sample - before).max(1);
            let at = (((index as u64).saturating_sub(1)) << 16) + part.unsigned_abs();
            if first.is_some() {
                longest = longest.max(at.saturating_sub(last));
                cycles += 1;
            }
            first.get_or_insert(at);
            last = at;
        }
        before = sample;
    }
    let span = last - first.ok_or(WaveformError::NoCycles)?;
    if cycles + 1 < LEAST_CYCLES {
        return Err(WaveformError::TooShort);
    }
    // A cycle that was missed, or seen twice, is no cycle.
    if longest * u64::from(cycles) > span + span / 4 {
        return Err(WaveformError::NoCycles);
    }
    let cycles = u128::from(cycles) << 16;
    let mhz = (cycles * u128::from(rate_mhz) + u128::from(span / 2)).checked_div(span.into());
    mhz.and_then(|mhz| u32::try_from(mhz).ok())
        .ok_or(WaveformError::NoCycles)
}
