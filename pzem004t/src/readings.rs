//! Measurements as readings of `meter-core`.

use meter_core::{CounterReading, Reading, ReadingSource, Source};

use crate::dc::DcMeasurement;
use crate::measurement::Measurement;
use crate::operation::Family;

/// Where energy counters of these modules have been seen to start over: the low word alone (restarts near 65.5
/// kWh in field reports), the end of the display's range, the whole register.
const MODULI: &[u64] = &[1 << 16, 10_000_000, 1 << 32];

impl ReadingSource for Family {
    /// 100 A modules at up to 276 V, 300 A ones at up to 300 V DC; powers are magnitudes.
    fn describe(&self) -> Source {
        let (max_power_mw, current_step_ma) = match self {
            Self::Ac => (27_600_000, 1),
            Self::Dc => (90_000_000, 10),
        };
        Source {
            counter_step_uwh: 1_000_000,
            moduli: MODULI,
            max_power_mw,
            power_step_mw: 100,
            voltage_step_mv: 100,
            current_step_ma,
            power_factor_step_milli: 10,
            is_signed: false,
            is_simultaneous: true,
        }
    }
}

fn milliwatts(mw: u64) -> Option<i32> {
    i32::try_from(mw).ok()
}

impl Measurement {
    /// The same as a reading, taken at a time in milliseconds.
    #[must_use]
    pub fn reading(&self, at_ms: u64) -> Reading {
        Reading {
            voltage_mv: Some(self.voltage_mv()),
            current_ma: Some(self.current_ma),
            power_mw: milliwatts(self.power_mw()),
            frequency_mhz: Some(self.frequency_mhz()),
            power_factor_milli: i16::try_from(self.power_factor_milli()).ok(),
            counter: Some(CounterReading {
                import: self.energy_wh.into(),
                export: 0,
            }),
            ..Reading::at(at_ms)
        }
    }
}

impl DcMeasurement {
    /// The same as a reading, taken at a time in milliseconds.
    #[must_use]
    pub fn reading(&self, at_ms: u64) -> Reading {
        Reading {
            voltage_mv: Some(self.voltage_mv()),
            current_ma: Some(self.current_ma()),
            power_mw: milliwatts(self.power_mw()),
            counter: Some(CounterReading {
                import: self.energy_wh.into(),
                export: 0,
            }),
            ..Reading::at(at_ms)
        }
    }
}
