//! Values beyond limits.

use super::alarm::{Alarm, Level};
use super::{Event, EventCode};
use crate::reading::{Reading, Source};

/// Power, current or power factor beyond a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Limit {
    alarm: Alarm,
    limit: u32,
}

/// Holds 10 s, which the inrush of a motor does not; over below 95 % for 30 s.
const HOLD_MS: u32 = 10_000;
const CLEAR_MS: u32 = 30_000;
/// A low power factor is worth a word after half an hour.
const PATIENCE_MS: u32 = 30 * 60_000;
/// Power factor and current at which it is.
const LOW_POWER_FACTOR_MILLI: i16 = 300;
const LOW_POWER_FACTOR_MA: u32 = 500;

/// Where the power range of a PZEM-004T begins.
const LEAST_POWER_MW: u64 = 400;

impl Limit {
    /// Active power above so many milliwatts, either way, for 10 s; over below 95 % for 30 s.
    #[must_use]
    pub const fn overload(limit_mw: u32) -> Self {
        Self {
            alarm: Alarm::new(EventCode::Overload, HOLD_MS, CLEAR_MS),
            limit: limit_mw,
        }
    }

    /// Current above so many milliamperes, as for [`overload`](Self::overload).
    #[must_use]
    pub const fn over_current(limit_ma: u32) -> Self {
        Self {
            alarm: Alarm::new(EventCode::OverCurrent, HOLD_MS, CLEAR_MS),
            limit: limit_ma,
        }
    }

    /// A power factor below 0.3 with more than 0.5 A for half an hour: information. Dimmers and small power
    /// supplies live there.
    #[must_use]
    pub const fn low_power_factor() -> Self {
        Self {
            alarm: Alarm::new(EventCode::LowPowerFactor, PATIENCE_MS, CLEAR_MS),
            limit: LOW_POWER_FACTOR_MA,
        }
    }

    /// Takes a reading; a reading without the value changes nothing.
    pub fn push(&mut self, reading: &Reading) -> Option<Event> {
        let value = match self.alarm.code() {
            EventCode::Overload => reading.power_mw?.unsigned_abs(),
            EventCode::OverCurrent => reading.current_ma?,
            _ => {
                let factor = reading.power_factor_milli?.saturating_abs();
                let is_low = factor < LOW_POWER_FACTOR_MILLI && reading.current_ma? > self.limit;
                return self
                    .alarm
                    .update(reading.at_ms, Level::of(is_low), factor.into());
            }
        };
        let level = if value > self.limit {
            Level::Beyond
        } else if u64::from(value) * 100 < u64::from(self.limit) * 95 {
            Level::Back
        } else {
            Level::Between
        };
        self.alarm.update(reading.at_ms, level, value.into())
    }

    /// Whether it is on.
    #[must_use]
    pub const fn is_on(&self) -> bool {
        self.alarm.is_on()
    }
}

/// Sag, swell and interruption by the limits of EN 50160, with 2 % between beginning and end. Readings a second
/// apart see dips of seconds; what a chip sees of single cycles is its own event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Voltage {
    nominal_mv: u32,
    sag: Alarm,
    swell: Alarm,
    interruption: Alarm,
}

impl Voltage {
    /// For a nominal voltage in millivolts.
    #[must_use]
    pub const fn new(nominal_mv: u32) -> Self {
        Self {
            nominal_mv,
            sag: Alarm::new(EventCode::Sag, 0, 0),
            swell: Alarm::new(EventCode::Swell, 0, 0),
            interruption: Alarm::new(EventCode::Interruption, 0, 0),
        }
    }

    /// Takes a reading. An interruption is no sag: that ends where the other begins.
    pub fn push(&mut self, reading: &Reading) -> [Option<Event>; 3] {
        let Some(mv) = reading.voltage_mv else {
            return [None; 3];
        };
        let share = |percent: u64| u64::from(self.nominal_mv) * percent / 100;
        let value = u64::from(mv);
        let below = |limit: u64, over: u64| {
            if value < share(limit) {
                Level::Beyond
            } else if value >= share(over) {
                Level::Back
            } else {
                Level::Between
            }
        };
        let interruption = below(5, 7);
        let sag = match interruption {
            Level::Beyond => Level::Back,
            _ => below(90, 92),
        };
        let swell = if value > share(110) {
            Level::Beyond
        } else if value <= share(108) {
            Level::Back
        } else {
            Level::Between
        };
        let (at_ms, value) = (reading.at_ms, i64::from(mv));
        [
            self.interruption.update(at_ms, interruption, value),
            self.sag.update(at_ms, sag, value),
            self.swell.update(at_ms, swell, value),
        ]
    }
}

/// The two rules everybody writes first, under their own names. Healthy loads set them off: read what each says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Naive {
    alarm: Alarm,
    limit: u32,
    is_guarded: bool,
}

impl Naive {
    /// `THEFT_SUSPICION`: no power while more than so many milliamperes flow (0.1 A in the classical rule).
    ///
    /// A choke, a motor's capacitor or a filter draws that much current at a power below what a meter
    /// shows: a PZEM-004T has been seen with 0.212 A and 0.7 W, a power factor of 0.01. With the guard the rule
    /// speaks only when even that power factor would show.
    #[must_use]
    pub const fn theft_suspicion(limit_ma: u32, is_guarded: bool) -> Self {
        Self {
            alarm: Alarm::new(EventCode::TheftSuspicion, HOLD_MS, CLEAR_MS),
            limit: limit_ma,
            is_guarded,
        }
    }

    /// `HIGH_USAGE`: more than so many milliwatts (5 kW in the classical rule) for 10 s. A cooker is no
    /// anomaly.
    #[must_use]
    pub const fn high_usage(limit_mw: u32) -> Self {
        Self {
            alarm: Alarm::new(EventCode::HighUsage, HOLD_MS, CLEAR_MS),
            limit: limit_mw,
            is_guarded: false,
        }
    }

    /// Takes a reading.
    pub fn push(&mut self, reading: &Reading, source: &Source) -> Option<Event> {
        let power = reading.power_mw?.unsigned_abs();
        if matches!(self.alarm.code(), EventCode::HighUsage) {
            let level = Level::of(power > self.limit);
            return self.alarm.update(reading.at_ms, level, power.into());
        }
        let current = reading.current_ma?;
        let would_show = reading
            .apparent_mva()
            .is_some_and(|mva| mva / 100 > 2 * u64::from(source.power_step_mw).max(LEAST_POWER_MW));
        let is_odd = power == 0 && current > self.limit && (would_show || !self.is_guarded);
        self.alarm
            .update(reading.at_ms, Level::of(is_odd), current.into())
    }
}
