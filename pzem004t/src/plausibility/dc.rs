//! Limits for DC modules.

use super::{Field, Implausible, Reason, check_alarm};
use crate::dc::DcMeasurement;

/// Limits for a DC module; the defaults leave a margin around the ranges of the manual.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct DcPlausibility {
    max_voltage_cv: u16,
    max_current_ca: u16,
    max_power_dw: u32,
}

impl DcPlausibility {
    /// 330 V, 330 A, 100 kW.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            max_voltage_cv: 33_000,
            max_current_ca: 33_000,
            max_power_dw: 1_000_000,
        }
    }

    /// Highest voltage in 0.01 V.
    #[must_use]
    pub const fn with_max_voltage_cv(mut self, limit: u16) -> Self {
        self.max_voltage_cv = limit;
        self
    }

    /// Highest current in 0.01 A.
    #[must_use]
    pub const fn with_max_current_ca(mut self, limit: u16) -> Self {
        self.max_current_ca = limit;
        self
    }

    /// Highest power in 0.1 W.
    #[must_use]
    pub const fn with_max_power_dw(mut self, limit: u32) -> Self {
        self.max_power_dw = limit;
        self
    }

    /// Checks a block of measurements.
    ///
    /// # Errors
    /// The first field that can not be, and why.
    pub fn check(&self, m: &DcMeasurement) -> Result<(), Implausible> {
        let out_of_range = |field| Err(Implausible::new(field, Reason::OutOfRange));
        if m.voltage_cv > self.max_voltage_cv {
            return out_of_range(Field::Voltage);
        }
        if m.current_ca > self.max_current_ca {
            return out_of_range(Field::Current);
        }
        if m.power_dw > self.max_power_dw {
            return out_of_range(Field::Power);
        }
        check_alarm(m.high_voltage)?;
        check_alarm(m.low_voltage)
    }
}

impl Default for DcPlausibility {
    fn default() -> Self {
        Self::new()
    }
}
