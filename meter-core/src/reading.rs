//! What a meter says, in units that fit every one of them.

use crate::arithmetic::divide;

/// One reading. What a meter does not measure is `None`, never 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Reading {
    /// Time of the reading in milliseconds, on a clock that never steps back while the program runs.
    pub at_ms: u64,
    /// Seconds since 1970, when a clock that knows them is right.
    pub utc_s: Option<i64>,
    /// Voltage in millivolts rms.
    pub voltage_mv: Option<u32>,
    /// Current in milliamperes rms.
    pub current_ma: Option<u32>,
    /// Active power in milliwatts; negative when it flows back, if the meter can tell.
    pub power_mw: Option<i32>,
    /// Reactive power in millivars, positive when the current lags.
    pub reactive_mvar: Option<i32>,
    /// Frequency in millihertz.
    pub frequency_mhz: Option<u32>,
    /// Power factor in thousandths.
    pub power_factor_milli: Option<i16>,
    /// Temperature of the meter in hundredths of a degree Celsius: what it measures may move with that.
    pub temperature_centi_c: Option<i16>,
    /// The meter's own energy counter.
    pub counter: Option<CounterReading>,
    /// Whether the values are corrected already, by a chip's own calibration or by
    /// [`Calibration::apply`](crate::Calibration::apply): nothing is corrected twice.
    pub is_calibrated: bool,
}

impl Reading {
    /// A reading of nothing yet.
    #[must_use]
    pub const fn at(at_ms: u64) -> Self {
        Self {
            at_ms,
            utc_s: None,
            voltage_mv: None,
            current_ma: None,
            power_mw: None,
            reactive_mvar: None,
            frequency_mhz: None,
            power_factor_milli: None,
            temperature_centi_c: None,
            counter: None,
            is_calibrated: false,
        }
    }

    /// Voltage times current in millivoltamperes; `None` also above 4.29 MVA.
    #[must_use]
    pub const fn apparent_mva(&self) -> Option<u32> {
        let (Some(mv), Some(ma)) = (self.voltage_mv, self.current_ma) else {
            return None;
        };
        let (mva, _) = divide(mv as u64 * ma as u64 + 500, 1_000);
        if mva > u32::MAX as u64 {
            return None;
        }
        Some(mva as u32)
    }
}

/// An energy counter as it was read, in steps of its [`Source`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct CounterReading {
    /// Energy taken in.
    pub import: u64,
    /// Energy that flowed back; 0 from a meter that does not count it.
    pub export: u64,
}

impl CounterReading {
    /// Nothing counted.
    pub const ZERO: Self = Self {
        import: 0,
        export: 0,
    };
}

/// What is known of the meter the readings come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Source {
    /// A step of the energy counter in microwatt-hours; 0 without a counter.
    pub counter_step_uwh: u32,
    /// Values at which the counter may start over. Several when it is not known which one is true of
    /// a specimen.
    pub moduli: &'static [u64],
    /// The largest power the meter can be exposed to, in milliwatts: what the counter can not have
    /// counted in a time, it has not counted.
    pub max_power_mw: u32,
    /// Smallest step of the power in milliwatts.
    pub power_step_mw: u32,
    /// Smallest step of the voltage in millivolts.
    pub voltage_step_mv: u32,
    /// Smallest step of the current in milliamperes.
    pub current_step_ma: u32,
    /// Smallest step of the power factor in thousandths.
    pub power_factor_step_milli: u16,
    /// Whether power and counter tell the direction.
    pub is_signed: bool,
    /// Whether all values of a reading are of the same moment.
    pub is_simultaneous: bool,
}

/// A meter that can say what it is.
pub trait ReadingSource {
    /// Steps, range and counter of the meter.
    fn describe(&self) -> Source;
}
