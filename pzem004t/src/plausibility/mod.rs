//! Whether the contents of a whole frame can be what a module measured.
//!
//! A right CRC is not enough: modules send nonsense with a right CRC after power-up (4281 V and
//! 133 MW were logged in the field), and a foreign device on the line may answer the same request.

mod dc;
mod first_frame;

pub use dc::DcPlausibility;
pub use first_frame::FirstFrame;

use core::fmt;

use crate::measurement::{Alarm, Measurement, Quantity};

/// Limits a measurement has to keep to; the defaults leave a margin around every datasheet range.
///
/// The power-factor identity is not in any datasheet: in all 116 captured good frames with current
/// the power factor register is exactly `round(100 · P / (V · I))`. It is the sharpest check there
/// is, yet rests on few firmwares: [`with_power_factor_identity`](Self::with_power_factor_identity)
/// switches it off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Plausibility {
    max_voltage_dv: u16,
    max_current_ma: u32,
    max_power_dw: u32,
    frequency_dhz: (u16, u16),
    power_factor_identity: bool,
}

impl Plausibility {
    /// 0 to 350 V, 120 A, 30 kW; 35 to 70 Hz or 0; power factor to 1.00 and its identity.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            max_voltage_dv: 3_500,
            max_current_ma: 120_000,
            max_power_dw: 300_000,
            frequency_dhz: (350, 700),
            power_factor_identity: true,
        }
    }

    /// Highest voltage in 0.1 V.
    #[must_use]
    pub const fn with_max_voltage_dv(mut self, limit: u16) -> Self {
        self.max_voltage_dv = limit;
        self
    }

    /// Highest current in mA.
    #[must_use]
    pub const fn with_max_current_ma(mut self, limit: u32) -> Self {
        self.max_current_ma = limit;
        self
    }

    /// Highest power in 0.1 W.
    #[must_use]
    pub const fn with_max_power_dw(mut self, limit: u32) -> Self {
        self.max_power_dw = limit;
        self
    }

    /// Frequency band in 0.1 Hz; 0 Hz, which modules show without mains, is always taken.
    #[must_use]
    pub const fn with_frequency_dhz(mut self, lowest: u16, highest: u16) -> Self {
        self.frequency_dhz = (lowest, highest);
        self
    }

    /// Whether power factor, power, voltage and current have to fit together.
    #[must_use]
    pub const fn with_power_factor_identity(mut self, on: bool) -> Self {
        self.power_factor_identity = on;
        self
    }

    /// Checks a block of measurements.
    ///
    /// # Errors
    /// The first field that can not be, and why.
    pub fn check(&self, m: &Measurement) -> Result<(), Implausible> {
        self.check_value(Quantity::Voltage, u32::from(m.voltage_dv))?;
        self.check_value(Quantity::Current, m.current_ma)?;
        self.check_value(Quantity::Power, m.power_dw)?;
        self.check_value(Quantity::Frequency, u32::from(m.frequency_dhz))?;
        self.check_value(Quantity::PowerFactor, u32::from(m.power_factor_percent))?;
        if self.power_factor_identity && !power_factor_fits(m) {
            return Err(Implausible::new(Field::PowerFactor, Reason::Contradicts));
        }
        match m.alarm {
            Some(alarm) => check_alarm(alarm),
            None => Ok(()),
        }
    }

    /// Checks one value alone, in the module's own unit; energy may be anything.
    ///
    /// # Errors
    /// The value is outside its range.
    pub fn check_value(&self, quantity: Quantity, value: u32) -> Result<(), Implausible> {
        let (field, possible) = match quantity {
            Quantity::Voltage => (Field::Voltage, value <= u32::from(self.max_voltage_dv)),
            Quantity::Current => (Field::Current, value <= self.max_current_ma),
            Quantity::Power => (Field::Power, value <= self.max_power_dw),
            Quantity::Energy => (Field::Energy, true),
            Quantity::Frequency => {
                let (lowest, highest) = self.frequency_dhz;
                let band = u32::from(lowest)..=u32::from(highest);
                (Field::Frequency, value == 0 || band.contains(&value))
            }
            Quantity::PowerFactor => (Field::PowerFactor, value <= 100),
        };
        if possible {
            Ok(())
        } else {
            Err(Implausible::new(field, Reason::OutOfRange))
        }
    }
}

impl Default for Plausibility {
    fn default() -> Self {
        Self::new()
    }
}

/// `pf = round(100 · P / (V · I))`, give or take one, without a division.
fn power_factor_fits(m: &Measurement) -> bool {
    // In register units V · I is in 0.1 mVA and P in 0.1 W, so it reads pf = 100 000 · p / (v · i).
    // All terms are doubled, and far from overflow after the range checks: 50, 57 and 51 bits.
    let apparent = u64::from(m.voltage_dv) * u64::from(m.current_ma);
    let stated = apparent.wrapping_mul(2 * u64::from(m.power_factor_percent));
    let measured = u64::from(m.power_dw) * 200_000;
    // One and a half percent: half for the rounding, one for firmware that rounds otherwise. Below
    // the band the difference wraps to a number far above it.
    let margin = apparent * 3;
    (measured + margin).wrapping_sub(stated) <= margin * 2
}

fn check_alarm(alarm: Alarm) -> Result<(), Implausible> {
    if alarm.is_defined() {
        Ok(())
    } else {
        Err(Implausible::new(Field::Alarm, Reason::Undefined))
    }
}

/// A value that can not be: which one, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Implausible {
    /// The value.
    pub field: Field,
    /// What is wrong with it.
    pub reason: Reason,
}

impl Implausible {
    pub(crate) const fn new(field: Field, reason: Reason) -> Self {
        Self { field, reason }
    }
}

/// A field of a measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
#[allow(missing_docs, reason = "each variant is the field it names")]
pub enum Field {
    Voltage,
    Current,
    Power,
    Energy,
    Frequency,
    PowerFactor,
    Alarm,
}

impl Field {
    /// The field's name in lower case, as used in reports: `power_factor`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Voltage => "voltage",
            Self::Current => "current",
            Self::Power => "power",
            Self::Energy => "energy",
            Self::Frequency => "frequency",
            Self::PowerFactor => "power_factor",
            Self::Alarm => "alarm",
        }
    }
}

/// Why a value can not be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Reason {
    /// Outside the configured limits.
    OutOfRange,
    /// Does not fit the other values of the same frame.
    Contradicts,
    /// None of the values the datasheet defines.
    Undefined,
    /// First frame after the module came up, not yet borne out by a second.
    FirstFrame,
}

impl fmt::Display for Implausible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("implausible ")?;
        f.write_str(self.field.name())?;
        f.write_str(match self.reason {
            Reason::OutOfRange => ": out of range",
            Reason::Contradicts => ": contradicts voltage, current and power of the same frame",
            Reason::Undefined => ": not a value the datasheet defines",
            Reason::FirstFrame => ": first frame after power-up, read again",
        })
    }
}

impl core::error::Error for Implausible {}
