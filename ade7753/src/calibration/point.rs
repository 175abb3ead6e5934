//! Loads to be applied, and what really flows then.

use crate::window::LineCycles;

/// A load to be applied, and how long to measure it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Point {
    /// Voltage in millivolts.
    pub voltage_mv: u32,
    /// Current in milliamperes.
    pub current_ma: u32,
    /// Angle by which the current lags in degrees: 0, or 60 for a power factor of 0.5.
    pub lag_deg: u8,
    /// Length of a window.
    pub length: LineCycles,
    /// How many windows to take.
    pub windows: u16,
}

impl Point {
    /// What an accurate source set to this point applies.
    #[must_use]
    pub const fn reference(&self) -> Reference {
        let apparent_mva = self.voltage_mv as i64 * self.current_ma as i64 / 1_000;
        let (active_mw, reactive_mvar) = match self.lag_deg {
            0 => (apparent_mva, 0),
            // cos 60 and sin 60 degrees.
            _ => (apparent_mva / 2, apparent_mva * 866_025_404 / 1_000_000_000),
        };
        Reference {
            voltage_mv: self.voltage_mv,
            current_ua: self.current_ma * 1_000,
            active_mw,
            reactive_mvar,
        }
    }
}

/// What really flows: the setting of an accurate source, or the reading of a reference meter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Reference {
    /// Voltage in millivolts.
    pub voltage_mv: u32,
    /// Current in microamperes.
    pub current_ua: u32,
    /// Active power in milliwatts.
    pub active_mw: i64,
    /// Reactive power in millivars, positive when the current lags.
    pub reactive_mvar: i64,
}

impl Reference {
    pub(super) const fn apparent_uva(&self) -> i64 {
        self.voltage_mv as i64 * self.current_ua as i64 / 1_000
    }
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Step {
    /// A load with a power factor of 1 at basic current: gains of power, voltage and current.
    Gain(Point),
    /// The same current, lagging by 60 degrees: phase, and the scale of reactive power.
    Phase(Point),
    /// A small current, power factor 1: offsets of power and current.
    Offset(Point),
    /// A tenth of the voltage, for those who can: offset of the voltage.
    VoltageOffset(Point),
    /// There is nothing more to be done.
    Done,
}
