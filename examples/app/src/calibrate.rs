//! Guided calibration with something whose power is known, for the page and the console: collects readings, says what
//! they come to, and what would be set.

use core::fmt;

use heapless::Vec;
use meter_core::calibration::{KnownLoad, KnownLoadError};

use crate::live::Channel;

/// Readings that are needed, the last ones.
pub const READINGS: usize = 5;
/// The largest and the smallest of them differ by no more than this, in millionths of their mean.
pub const SPREAD_PPM: u64 = 20_000;
/// No gain is set beyond this, in millionths: then something else is wrong.
pub const GAIN_LIMIT_PPM: i64 = 200_000;

/// What is connected, and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Load {
    /// An incandescent bulb: rated power in milliwatts, rated voltage in millivolts.
    Bulb(u32, u32),
    /// A heater, kettle or iron, likewise.
    Heater(u32, u32),
    /// Anything steady, with the milliwatts that a better meter shows for it now.
    Reference(u32),
}

impl Load {
    /// As `meter-core` has it. What a reference meter shows is right at the voltage there is.
    fn known(self, voltage_mv: u32) -> KnownLoad {
        let rated = |known: KnownLoad, rated_mw, rated_mv| KnownLoad {
            rated_mw,
            rated_mv,
            ..known
        };
        match self {
            Self::Bulb(mw, mv) => rated(KnownLoad::bulb(0, 0), mw, mv),
            Self::Heater(mw, mv) => rated(KnownLoad::heater(0, 0), mw, mv),
            Self::Reference(mw) => KnownLoad {
                tolerance_ppm: 10_000,
                ..rated(KnownLoad::bulb(0, 0), mw, voltage_mv)
            },
        }
    }
}

/// What would be set, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Proposal {
    /// Mean of the readings in milliwatts, with the calibration in force.
    pub measured_mw: u32,
    /// Mean of the readings in millivolts.
    pub voltage_mv: u32,
    /// What the load takes at that voltage, in milliwatts.
    pub expected_mw: u32,
    /// How far that may be off, in millionths.
    pub tolerance_ppm: u32,
    /// What is to be added to the readings, in millionths.
    pub change_ppm: i32,
    /// The gains that would be set, for [`Settings::gains_ppm`](crate::settings::Settings::gains_ppm).
    pub gains_ppm: [i32; 3],
}

/// Why nothing is to be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Refusal {
    /// There are only so many readings yet.
    Readings(usize),
    /// The readings differ by so many millionths.
    Unsteady(u64),
    /// Power flows the other way.
    Backwards,
    /// The load can not be what it is said to be.
    Load(KnownLoadError),
    /// The meter is right as far as the load can tell.
    Agrees {
        /// The difference in millionths.
        change_ppm: i32,
        /// What is known of the load, in millionths.
        tolerance_ppm: u32,
    },
    /// With the calibration in force that would be more than the limit.
    Limit,
    /// There are several meters, and one calibration for all.
    SeveralMeters,
}

/// Millionths as percent.
struct Percent(i64);

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} %", crate::text::Decimal::new(self.0, 4, 1))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Readings(count) => write!(
                f,
                "{count} of {READINGS} readings yet: switch the load on, and wait until it is warm"
            ),
            Self::Unsteady(ppm) => write!(
                f,
                "the power varies by {}: wait until the load is warm, and switch everything else off",
                Percent(i64::try_from(*ppm).unwrap_or(i64::MAX))
            ),
            Self::Backwards => f.write_str(
                "power flows backwards: turn the clamp around, or switch the generator off",
            ),
            Self::Load(error) => write!(f, "{error}"),
            Self::Agrees {
                change_ppm,
                tolerance_ppm,
            } => write!(
                f,
                "meter and load differ by {}, and such a load is known to {}: the meter is right as far as that tells",
                Percent((*change_ppm).into()),
                Percent((*tolerance_ppm).into())
            ),
            Self::Limit => write!(
                f,
                "more than {} in all: is it the right load, and the right clamp?",
                Percent(GAIN_LIMIT_PPM)
            ),
            Self::SeveralMeters => f.write_str(
                "several meters share one calibration: connect one alone, or set the gains by hand",
            ),
        }
    }
}

impl core::error::Error for Refusal {}

/// The last readings of a meter.
#[derive(Clone, Debug, Default)]
pub struct Calibrator {
    /// Milliwatts and millivolts, the oldest first.
    readings: Vec<(i32, u32), READINGS>,
    last_ms: u64,
}

impl Calibrator {
    /// None yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            readings: Vec::new(),
            last_ms: 0,
        }
    }

    /// Looks at a meter; to be called at least once in each interval. After a gap, or when the meter fails, it begins
    /// anew.
    pub fn look(&mut self, channel: &Channel, interval_ms: u32, now_ms: u64) {
        let Some((values, at_ms)) = &channel.last else {
            return;
        };
        let gap_ms = 3 * u64::from(interval_ms);
        let is_gap = now_ms.max(*at_ms).saturating_sub(self.last_ms) > gap_ms;
        if is_gap || channel.error.is_some() {
            self.readings.clear();
        }
        let is_new = *at_ms > self.last_ms;
        let (true, Some(mw), Some(mv)) = (is_new, values.power_mw, values.voltage_mv) else {
            return;
        };
        if channel.error.is_some() {
            return;
        }
        self.last_ms = *at_ms;
        if self.readings.is_full() {
            self.readings.remove(0);
        }
        let _ = self.readings.push((mw, mv));
    }

    /// Forgets all readings: they were made with another calibration.
    pub fn clear(&mut self) {
        self.readings.clear();
    }

    /// What a load comes to with the gains in force.
    ///
    /// The gain of the current is set along with that of the power: a clamp or a shunt that is off makes both wrong by
    /// the same factor, and power stays voltage times current times power factor.
    ///
    /// # Errors
    /// [`Refusal`] says why nothing is to be set, and what to do.
    pub fn propose(&self, load: Load, gains_ppm: [i32; 3]) -> Result<Proposal, Refusal> {
        let count = self.readings.len();
        if count < READINGS {
            return Err(Refusal::Readings(count));
        }
        let powers = || self.readings.iter().map(|(mw, _)| i64::from(*mw));
        let n = READINGS as i64;
        let mean_mw = powers().sum::<i64>() / n;
        let voltage_mv = self
            .readings
            .iter()
            .map(|(_, mv)| i64::from(*mv))
            .sum::<i64>()
            / n;
        if mean_mw < 0 {
            return Err(Refusal::Backwards);
        }
        let (least, most) = (powers().min().unwrap_or(0), powers().max().unwrap_or(0));
        let spread_ppm = (most - least).unsigned_abs() * 1_000_000;
        let spread_ppm = spread_ppm.checked_div(mean_mw.unsigned_abs()).unwrap_or(0);
        if spread_ppm > SPREAD_PPM {
            return Err(Refusal::Unsteady(spread_ppm));
        }
        let measured_mw = u32::try_from(mean_mw).unwrap_or(u32::MAX);
        let voltage_mv = u32::try_from(voltage_mv).unwrap_or(u32::MAX);
        let known = load.known(voltage_mv);
        let expected_mw = known.power_mw(voltage_mv).map_err(Refusal::Load)?;
        let correction = known.calibrate(measured_mw, voltage_mv);
        let change_ppm = correction.map_err(Refusal::Load)?.gain_ppm;
        if change_ppm.unsigned_abs() <= known.tolerance_ppm {
            return Err(Refusal::Agrees {
                change_ppm,
                tolerance_ppm: known.tolerance_ppm,
            });
        }
        let [voltage_ppm, current_ppm, power_ppm] = gains_ppm;
        Ok(Proposal {
            measured_mw,
            voltage_mv,
            expected_mw,
            tolerance_ppm: known.tolerance_ppm,
            change_ppm,
            gains_ppm: [
                voltage_ppm,
                together(current_ppm, change_ppm)?,
                together(power_ppm, change_ppm)?,
            ],
        })
    }
}

/// One gain after the other as one.
fn together(first_ppm: i32, second_ppm: i32) -> Result<i32, Refusal> {
    let (a, b) = (i64::from(first_ppm), i64::from(second_ppm));
    let ppm = a + b + a * b / 1_000_000;
    if ppm.abs() > GAIN_LIMIT_PPM {
        return Err(Refusal::Limit);
    }
    i32::try_from(ppm).map_err(|_| Refusal::Limit)
}
