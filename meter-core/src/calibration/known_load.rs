//! Calibration without a reference meter: with something whose power is known.

use super::correction::Correction;

/// A load and what is printed on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct KnownLoad {
    /// Rated power in milliwatts.
    pub rated_mw: u32,
    /// Rated voltage in millivolts.
    pub rated_mv: u32,
    /// Power goes with this power of the voltage, in hundredths: 200 for a heater, about 155 for an incandescent
    /// bulb, whose filament gets hotter with the voltage.
    pub exponent_centi: u16,
    /// How far the rated power may be off, in millionths: bulbs and heaters have 5 % to 10 %.
    pub tolerance_ppm: u32,
}

/// Why a known load gives no calibration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum KnownLoadError {
    /// No power is measured.
    NoPower,
    /// The voltage is more than 10 % off the rated one.
    Voltage,
    /// The meter would be off by more than 20 %: another load, or another thing is wrong.
    Implausible {
        /// By how much, in millionths.
        gain_ppm: i64,
    },
}

impl core::fmt::Display for KnownLoadError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::NoPower => f.write_str("no power is measured: is the load on, and its wire in the coil?"),
            Self::Voltage => f.write_str(
                "the voltage is more than 10 % off what is printed on the load: its power is not known there",
            ),
            Self::Implausible { gain_ppm } => write!(
                f,
                "the meter would be {} % off: is anything else switched on, or is it another load?",
                gain_ppm / 10_000
            ),
        }
    }
}

impl core::error::Error for KnownLoadError {}

const MILLION: i64 = 1_000_000;

impl KnownLoad {
    /// A bulb of so many watts, for so many volts.
    #[must_use]
    pub const fn bulb(watts: u32, volts: u32) -> Self {
        Self {
            rated_mw: watts.saturating_mul(1_000),
            rated_mv: volts.saturating_mul(1_000),
            exponent_centi: 155,
            tolerance_ppm: 50_000,
        }
    }

    /// A heater, kettle or iron.
    #[must_use]
    pub const fn heater(watts: u32, volts: u32) -> Self {
        Self {
            exponent_centi: 200,
            tolerance_ppm: 100_000,
            ..Self::bulb(watts, volts)
        }
    }

    /// Its power at a voltage within 10 % of the rated one, in milliwatts.
    ///
    /// The binomial series of `(1 + d)^n` to its third term: what is left out is below 0.02 % there.
    ///
    /// # Errors
    /// [`KnownLoadError::Voltage`] further away.
    pub fn power_mw(&self, voltage_mv: u32) -> Result<u32, KnownLoadError> {
        let rated = i64::from(self.rated_mv);
        let off = (i64::from(voltage_mv) - rated) * MILLION;
        let d = off.checked_div(rated).ok_or(KnownLoadError::Voltage)?;
        if d.abs() > MILLION / 10 {
            return Err(KnownLoadError::Voltage);
        }
        let n = i64::from(self.exponent_centi);
        let first = n * d / 100;
        let second = n * (n - 100) * (d * d / MILLION) / 20_000;
        let third = n * (n - 100) * (n - 200) / 6 * (d * d / MILLION * d / MILLION) / MILLION;
        let factor = u64::try_from(MILLION + first + second + third).unwrap_or_default();
        let mw = u64::from(self.rated_mw) * factor / 1_000_000;
        u32::try_from(mw).map_err(|_| KnownLoadError::Voltage)
    }

    /// The gain of the power that makes a measurement of this load right. It is as good as the load:
    /// [`tolerance_ppm`](Self::tolerance_ppm) is its uncertainty.
    ///
    /// # Errors
    /// [`KnownLoadError`] when the measurement can not be of this load.
    pub fn calibrate(
        &self,
        measured_mw: u32,
        voltage_mv: u32,
    ) -> Result<Correction, KnownLoadError> {
        let expected = i64::from(self.power_mw(voltage_mv)?);
        let measured = i64::from(measured_mw);
        let gain_ppm = ((expected - measured) * MILLION)
            .checked_div(measured)
            .ok_or(KnownLoadError::NoPower)?;
        if gain_ppm.abs() > MILLION / 5 {
            return Err(KnownLoadError::Implausible { gain_ppm });
        }
        Ok(Correction {
            gain_ppm: i32::try_from(gain_ppm).map_err(|_| KnownLoadError::NoPower)?,
            ..Correction::NONE
        })
    }
}
