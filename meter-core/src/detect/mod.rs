//! Alarms that an owner does not switch off.
//!
//! Each detector can be used alone and has a few bytes of state. An alarm begins when its condition has held
//! for a time, and ends when the opposite has: there is an event for both. Defaults are those that do not
//! misfire on healthy loads; the naive rules are there under their own names for those who want them.

mod alarm;
mod frozen;
mod limit;
mod link;
mod mismatch;
mod residual;

pub use alarm::Alarm;
pub use frozen::FrozenSource;
pub use limit::{Limit, Naive, Voltage};
pub use link::Link;
pub use mismatch::EnergyMismatch;
pub use residual::{ImpossiblePower, Residual};

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum EventCode {
    /// The voltage is below 90 % of nominal.
    Sag,
    /// The voltage is above 110 % of nominal.
    Swell,
    /// The voltage is below 5 % of nominal.
    Interruption,
    /// The power is above its limit.
    Overload,
    /// The current is above its limit.
    OverCurrent,
    /// Much current at a low power factor: information, not theft.
    LowPowerFactor,
    /// Active power is not voltage times current times power factor.
    Residual,
    /// More active than apparent power.
    ImpossiblePower,
    /// The counter and the integral of power disagree.
    EnergyMismatch,
    /// The meter repeats itself.
    FrozenSource,
    /// Readings fail or stay away.
    LinkLost,
    /// Current flows and no power: the naive rule for theft.
    TheftSuspicion,
    /// Power above a fixed limit: the naive rule for high usage.
    HighUsage,
}

impl EventCode {
    /// Codes of IS 15959 for occurrence and restoration, where it has one (event tables of parts 1 and
    /// 2, as public decoders list them).
    #[must_use]
    pub const fn is15959(self, phase: Phase) -> Option<u16> {
        let occurrence = match self {
            Self::Swell => 7,
            Self::Sag => 9,
            Self::OverCurrent => 67,
            Self::Interruption => 101,
            Self::LowPowerFactor => 205,
            Self::Overload => 215,
            _ => return None,
        };
        // Odd numbers begin, even ones end.
        Some(match phase {
            Phase::Occurrence => occurrence,
            Phase::Restoration => occurrence + 1,
        })
    }

    /// The name, for logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sag => "SAG",
            Self::Swell => "SWELL",
            Self::Interruption => "INTERRUPTION",
            Self::Overload => "OVERLOAD",
            Self::OverCurrent => "OVER_CURRENT",
            Self::LowPowerFactor => "LOW_POWER_FACTOR",
            Self::Residual => "RESIDUAL",
            Self::ImpossiblePower => "IMPOSSIBLE_POWER",
            Self::EnergyMismatch => "ENERGY_MISMATCH",
            Self::FrozenSource => "FROZEN_SOURCE",
            Self::LinkLost => "LINK_LOST",
            Self::TheftSuspicion => "THEFT_SUSPICION",
            Self::HighUsage => "HIGH_USAGE",
        }
    }
}

/// Whether something begins or ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Phase {
    /// It begins.
    Occurrence,
    /// It ends.
    Restoration,
}

/// The beginning or the end of an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Event {
    /// What it is about.
    pub code: EventCode,
    /// Whether it begins or ends.
    pub phase: Phase,
    /// Time of the reading that decided, in milliseconds.
    pub at_ms: u64,
    /// What was measured then, in the unit of the detector: millivolts, milliamperes, milliwatts,
    /// thousandths or milliwatt-hours.
    pub value: i64,
}
