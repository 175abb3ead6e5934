//! Measurements as readings of `meter-core`.

use meter_core::{CounterReading, Reading, ReadingSource, Source};

use crate::energy::EnergyTotals;
use crate::scale::{Measurement, Scale, full_scale};

impl ReadingSource for Scale {
    /// The counter of [`Scale::counter`], which has 64 bits; power up to what makes both inputs clip.
    fn describe(&self) -> Source {
        let full_scale_mw = self.active.times(full_scale::ACTIVE.into(), 0) / 1_000;
        // The converters clip at 1.59 times full scale, and squares have twice the power of sines.
        let most = full_scale_mw.unsigned_abs().saturating_mul(5);
        Source {
            counter_step_uwh: 1,
            moduli: &[],
            max_power_mw: u32::try_from(most).unwrap_or(u32::MAX),
            power_step_mw: 1,
            voltage_step_mv: 1,
            current_step_ma: 1,
            power_factor_step_milli: 1,
            is_signed: true,
            is_simultaneous: true,
        }
    }
}

impl Scale {
    /// Energy totals as a counter in microwatt-hours.
    #[must_use]
    pub fn counter(&self, totals: &EnergyTotals) -> CounterReading {
        let uwh = |steps: u64| {
            let steps = i64::try_from(steps).unwrap_or(i64::MAX);
            self.energy().times(steps, 0).unsigned_abs()
        };
        let (import, export) = (uwh(totals.imported), uwh(totals.exported));
        if self.reversed {
            CounterReading {
                import: export,
                export: import,
            }
        } else {
            CounterReading { import, export }
        }
    }
}

impl Measurement {
    /// The same as a reading, taken at a time in milliseconds. Its energy is that of one window; for a
    /// counter without gaps add [`Scale::counter`]. It is calibrated: the scale is.
    #[must_use]
    pub fn reading(&self, at_ms: u64) -> Reading {
        Reading {
            voltage_mv: self.voltage_mv,
            current_ma: self.current_ua.map(|ua| ua.saturating_add(500) / 1_000),
            power_mw: Some(self.active_mw),
            reactive_mvar: self.reactive_mvar,
            frequency_mhz: Some(self.frequency_mhz),
            power_factor_milli: Some(self.power_factor_milli),
            is_calibrated: true,
            ..Reading::at(at_ms)
        }
    }
}
