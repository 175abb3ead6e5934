//! Judging captured samples.

use crate::error::Failure;
use crate::register::SampleRate;

/// The largest samples of both channels with their inputs shorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct SelfTest {
    /// Of channel 1; 2 642 412 would be full scale.
    pub current: u32,
    /// Of channel 2; 10 322 would be full scale.
    pub voltage: u32,
}

impl SelfTest {
    /// Whether both stay below a tenth of full scale: the converters' own offset is up to 32 mV of 500
    /// (data sheet Rev. C, page 4).
    #[must_use]
    pub const fn passed(&self) -> bool {
        self.current < 264_241 && self.voltage < 1_032
    }
}

/// Judges the time that `count` samples took.
pub(crate) fn judge_capture(
    count: usize,
    elapsed_us: u32,
    rate: SampleRate,
    clkin_hz: u32,
) -> Result<(), Failure> {
    let clocks = u64::from(elapsed_us) * u64::from(clkin_hz) / 1_000_000;
    // Between the first and the last one; each may have waited for nearly its whole period.
    let due = clocks / u64::from(rate.clocks()) + 1;
    let count = count as u64;
    if due + 2 < count {
        return Err(Failure::SamplesRepeated);
    }
    match u32::try_from(due.saturating_sub(count + 1)) {
        Ok(0) => Ok(()),
        missed => Err(Failure::SamplesLost {
            missed: missed.unwrap_or(u32::MAX),
        }),
    }
}
