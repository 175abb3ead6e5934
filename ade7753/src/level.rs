//! Limits and outputs of the chip in physical units.

use crate::error::Failure;
use crate::register::{CFDEN, IPKLVL, Register, SAGCYC, SAGLVL, Unsigned, VPKLVL, ZXTOUT};
use crate::scale::{Scale, full_scale};

/// SAGLVL and VPKLVL at full scale (data sheet Rev. C, pages 19 and 20).
const VOLTAGE_LEVEL: u64 = 0x4A;
/// IPKLVL at full scale (page 20).
const CURRENT_LEVEL: u64 = 0x50;

const fn out_of_range<R: Register>() -> Failure {
    Failure::OutOfRange {
        register: R::ADDRESS,
    }
}

/// Rms of a sine in microvolts or microamperes as the share of full scale, in steps of a level.
const fn level(uv: u64, full_scale_uv: i64, steps: u64) -> Option<u32> {
    match (uv * steps + full_scale_uv.unsigned_abs() / 2).checked_div(full_scale_uv.unsigned_abs())
    {
        Some(level) if level <= 0xFF => Some(level as u32),
        _ => None,
    }
}

/// A voltage sag: the peaks stay below a level for a number of line cycles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Sag {
    /// SAGLVL, 1.35 % of full scale a step.
    pub level: Unsigned<8>,
    /// SAGCYC: the line cycles plus one (page 20).
    pub cycles: Unsigned<8>,
}

impl Sag {
    /// A sag below the peak of a sine of `rms_mv` for `cycles` line cycles, 1 to 254.
    ///
    /// # Errors
    /// [`Failure::OutOfRange`] for a level below 1.35 % or far above full scale, and for other cycles.
    pub const fn new(rms_mv: u32, cycles: u8, scale: &Scale) -> Result<Self, Failure> {
        let full_scale_uv = scale.voltage.times(full_scale::VRMS as i64, 0);
        let level = match level(rms_mv as u64 * 1_000, full_scale_uv, VOLTAGE_LEVEL) {
            // Levels 0 and 1 both mean 0, which no voltage is below.
            Some(level) if level >= 2 => Unsigned::new(level),
            _ => None,
        };
        let Some(level) = level else {
            return Err(out_of_range::<SAGLVL>());
        };
        match Unsigned::new(cycles as u32 + 1) {
            Some(register) if cycles > 0 => Ok(Self {
                level,
                cycles: register,
            }),
            _ => Err(out_of_range::<SAGCYC>()),
        }
    }
}

/// Peaks beyond which the chip raises an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct PeakLevels {
    /// VPKLVL, 1.35 % of full scale a step.
    pub voltage: Unsigned<8>,
    /// IPKLVL, 1.25 % of full scale a step.
    pub current: Unsigned<8>,
}

impl PeakLevels {
    /// The peaks of sines of so many millivolts and milliamperes rms.
    ///
    /// # Errors
    /// [`Failure::OutOfRange`] beyond three times full scale.
    pub const fn new(rms_mv: u32, rms_ma: u32, scale: &Scale) -> Result<Self, Failure> {
        let voltage_uv = scale.voltage.times(full_scale::VRMS as i64, 0);
        let current_ua = scale.current.times(full_scale::IRMS as i64, 0);
        let voltage = level(rms_mv as u64 * 1_000, voltage_uv, VOLTAGE_LEVEL);
        let current = level(rms_ma as u64 * 1_000, current_ua, CURRENT_LEVEL);
        let (Some(voltage), Some(current)) = (voltage, current) else {
            return Err(match voltage {
                None => out_of_range::<VPKLVL>(),
                Some(_) => out_of_range::<IPKLVL>(),
            });
        };
        match (Unsigned::new(voltage), Unsigned::new(current)) {
            (Some(voltage), Some(current)) => Ok(Self { voltage, current }),
            (None, _) => Err(out_of_range::<VPKLVL>()),
            (_, None) => Err(out_of_range::<IPKLVL>()),
        }
    }
}

/// ZXTOUT for a time in microseconds, 128/CLKIN a step, at most 146 ms (page 19).
///
/// # Errors
/// [`Failure::OutOfRange`] for 0 and for longer times.
pub const fn zero_cross_timeout(us: u32, clkin_hz: u32) -> Result<Unsigned<12>, Failure> {
    let steps = us as u64 * clkin_hz as u64 / 128_000_000;
    if steps == 0 || steps > 0xFFF {
        return Err(out_of_range::<ZXTOUT>());
    }
    match Unsigned::new(steps as u32) {
        Some(register) => Ok(register),
        None => Err(out_of_range::<ZXTOUT>()),
    }
}

/// The pulse output: one pulse on CF is (CFDEN+1)/(CFNUM+1) steps of AENERGY.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct PulseOutput {
    /// CFNUM.
    pub numerator: Unsigned<12>,
    /// CFDEN.
    pub denominator: Unsigned<12>,
}

impl PulseOutput {
    /// The divider that comes nearest to so many pulses a kilowatt-hour.
    ///
    /// # Errors
    /// [`Failure::OutOfRange`] when there would be more pulses than steps of AENERGY, fewer than one
    /// in 4096, or no divider within 0.1 %.
    pub const fn new(pulses_per_kwh: u32, scale: &Scale) -> Result<Self, Failure> {
        // Steps of AENERGY a pulse, with 32 bits behind the point, from microwatt-hours a pulse.
        let step = scale.energy().times(1 << 32, 0);
        let per_pulse = 1_000_000_000u64.checked_div(pulses_per_kwh as u64);
        let (Some(uwh), true) = (per_pulse, step > 0) else {
            return Err(out_of_range::<CFDEN>());
        };
        let (mut best, mut best_error) = (None, u64::MAX);
        let mut numerator = 1;
        while numerator <= 4_096 {
            // (n * uwh * 2^32 / step), held below 64 bits by taking 2^16 off both.
            let wanted = (numerator * uwh) << 16;
            let step = step.unsigned_abs() >> 16;
            let Some(denominator) = (wanted + step / 2).checked_div(step) else {
                return Err(out_of_range::<CFDEN>());
            };
            if denominator > 4_096 {
                break;
            }
            // The error of a pulse in shares of the numerator, so that ratios compare.
            let error = wanted.abs_diff(denominator * step) / numerator;
            let is_close = error <= (wanted / numerator) / 1_000;
            if denominator >= numerator && is_close && error < best_error {
                best_error = error;
                best = Some((numerator, denominator));
            }
            numerator += 1;
        }
        let Some((numerator, denominator)) = best else {
            return Err(out_of_range::<CFDEN>());
        };
        match (
            Unsigned::new(numerator as u32 - 1),
            Unsigned::new(denominator as u32 - 1),
        ) {
            (Some(numerator), Some(denominator)) => Ok(Self {
                numerator,
                denominator,
            }),
            _ => Err(out_of_range::<CFDEN>()),
        }
    }

    /// Pulses a kilowatt-hour that really come out, in thousandths.
    #[must_use]
    pub const fn milli_pulses_per_kwh(&self, scale: &Scale) -> u64 {
        let numerator = self.numerator.get() as i64 + 1;
        let denominator = self.denominator.get() as i64 + 1;
        let pulse_nwh = scale.energy().times(denominator * 1_000, 0);
        match (1_000_000_000_000_000 * numerator).checked_div(pulse_nwh) {
            Some(milli) => milli.unsigned_abs(),
            None => 0,
        }
    }
}
