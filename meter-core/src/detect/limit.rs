//! Values beyond limits.

use super::alarm::{Alarm, Level, Rule};
use super::{Event, EventCode};
use crate::reading::{Reading, Source};

/// Power, current or power factor beyond a limit: what to look for. The state is an [`Alarm`], so that any number
/// of meters share it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Limit {
    /// What the event is called, and how long the value has to be beyond and back.
    pub rule: Rule,
    /// In milliwatts or milliamperes; for a low power factor the current from which on it counts.
    pub limit: u32,
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
            rule: Rule {
                code: EventCode::Overload,
                hold_ms: HOLD_MS,
                clear_ms: CLEAR_MS,
            },
            limit: limit_mw,
        }
    }

    /// Current above so many milliamperes, as for [`overload`](Self::overload).
    #[must_use]
    pub const fn over_current(limit_ma: u32) -> Self {
        Self {
            rule: Rule {
                code: EventCode::OverCurrent,
                hold_ms: HOLD_MS,
                clear_ms: CLEAR_MS,
            },
            limit: limit_ma,
        }
    }

    /// A power factor below 0.3 with more than 0.5 A for half an hour: information. Dimmers and small power
    /// supplies live there.
    #[must_use]
    pub const fn low_power_factor() -> Self {
        Self {
            rule: Rule {
                code: EventCode::LowPowerFactor,
                hold_ms: PATIENCE_MS,
                clear_ms: CLEAR_MS,
            },
            limit: LOW_POWER_FACTOR_MA,
        }
    }

    /// Takes a reading; a reading without the value changes nothing.
    pub fn check(&self, reading: &Reading, alarm: &mut Alarm) -> Option<Event> {
        let (level, value) = match self.rule.code {
            EventCode::LowPowerFactor => {
                let factor = reading.power_factor_milli?.saturating_abs();
                let is_low = factor < LOW_POWER_FACTOR_MILLI && reading.current_ma? > self.limit;
                (Level::of(is_low), i64::from(factor))
            }
            code => {
                let value = match code {
                    EventCode::OverCurrent => reading.current_ma?,
                    _ => reading.power_mw?.unsigned_abs(),
                };
                let level = if value > self.limit {
                    Level::Beyond
                } else if alarm.is_on() && u64::from(value) * 100 >= u64::from(self.limit) * 95 {
                    // Over below 95 %.
                    Level::Between
                } else {
                    Level::Back
                };
                (level, i64::from(value))
            }
        };
        alarm.update(&self.rule, reading.at_ms, level, value)
    }
}

/// The two rules everybody writes first, under their own names. Healthy loads set them off: read what each says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Naive {
    /// What the event is called, and how long it has to be so.
    pub rule: Rule,
    /// In milliamperes or milliwatts.
    pub limit: u32,
    /// Whether what the meter can not show is no suspicion.
    pub is_guarded: bool,
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
            rule: Rule {
                code: EventCode::TheftSuspicion,
                hold_ms: HOLD_MS,
                clear_ms: CLEAR_MS,
            },
            limit: limit_ma,
            is_guarded,
        }
    }

    /// `HIGH_USAGE`: more than so many milliwatts (5 kW in the classical rule) for 10 s. A cooker is no
    /// anomaly.
    #[must_use]
    pub const fn high_usage(limit_mw: u32) -> Self {
        Self {
            rule: Rule {
                code: EventCode::HighUsage,
                hold_ms: HOLD_MS,
                clear_ms: CLEAR_MS,
            },
            limit: limit_mw,
            is_guarded: false,
        }
    }

    /// Takes a reading.
    pub fn check(&self, reading: &Reading, source: &Source, alarm: &mut Alarm) -> Option<Event> {
        let power = reading.power_mw?.unsigned_abs();
        let (is_beyond, value) = match self.rule.code {
            EventCode::HighUsage => (power > self.limit, power),
            _ => {
                let current = reading.current_ma?;
                let is_odd = power == 0 && current > self.limit;
                let would_show = || {
                    let least_mw = u64::from(source.power_step_mw).max(LEAST_POWER_MW);
                    // Two steps at a power factor of 0.01.
                    let mva = reading.apparent_mva().unwrap_or_default();
                    u64::from(mva) > 200 * least_mw
                };
                (is_odd && (!self.is_guarded || would_show()), current)
            }
        };
        let level = Level::of(is_beyond);
        alarm.update(&self.rule, reading.at_ms, level, value.into())
    }
}
