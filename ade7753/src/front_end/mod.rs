//! What stands between the mains and the chip's inputs: from the parts on the board to a nominal scale
//! and to the phase error they make.

mod phase;
mod sensor;

pub use phase::PhaseBudget;
pub use sensor::{CurrentSensor, Filter, VoltageSensor};

use crate::calibration::{Calibration, Registers};
use crate::register::{ChannelRange, Gain, Pga};
use crate::scale::Scale;

/// A full-scale value that is of no use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum FrontEndError {
    /// The current sensor has no output, or one for currents no mains has.
    Current,
    /// The voltage sensor has no output, or one for voltages no mains has.
    Voltage,
    /// The mains frequency is not between 40 and 70 Hz, or CLKIN not between 1 and 4 MHz.
    Frequency,
}

impl core::fmt::Display for FrontEndError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Current => {
                "full scale of the current is not within 1 mA and 4 kA: check burden and ratio"
            }
            Self::Voltage => {
                "full scale of the voltage is not within 1 V and 4 kV: check the resistors"
            }
            Self::Frequency => "mains frequency must be 40 to 70 Hz, CLKIN 1 to 4 MHz",
        })
    }
}

impl core::error::Error for FrontEndError {}

/// The parts in front of the chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct FrontEnd {
    current: CurrentSensor,
    voltage: VoltageSensor,
    gain: Gain,
    filters: (Filter, Filter),
    mains_hz: u8,
    clkin_hz: u32,
    scale: Scale,
}

impl FrontEnd {
    /// A board with the usual crystal, on 50 Hz mains, gains of 1 and equal filters.
    ///
    /// # Errors
    /// [`FrontEndError`] when the parts do not make a meter.
    pub const fn new(
        current: CurrentSensor,
        voltage: VoltageSensor,
    ) -> Result<Self, FrontEndError> {
        Self::with(
            current,
            voltage,
            Gain {
                ch1: Pga::X1,
                range: ChannelRange::V0_5,
                ch2: Pga::X1,
            },
            50,
            crate::CLKIN_HZ,
        )
    }

    /// As [`new`](Self::new), with the gains, the mains frequency and the crystal.
    ///
    /// # Errors
    /// As for [`new`](Self::new).
    pub const fn with(
        current: CurrentSensor,
        voltage: VoltageSensor,
        gain: Gain,
        mains_hz: u8,
        clkin_hz: u32,
    ) -> Result<Self, FrontEndError> {
        if mains_hz < 40 || mains_hz > 70 || clkin_hz < 1_000_000 || clkin_hz > 4_000_000 {
            return Err(FrontEndError::Frequency);
        }
        let current_ma = full_scale(gain.full_scale_ch1_uv(), current.sensitivity(), 1);
        let voltage_mv = full_scale(gain.full_scale_ch2_uv(), voltage.sensitivity(), 1_000);
        let Some(current_ma) = current_ma else {
            return Err(FrontEndError::Current);
        };
        let Some(voltage_mv) = voltage_mv else {
            return Err(FrontEndError::Voltage);
        };
        if voltage_mv < 1_000 {
            return Err(FrontEndError::Voltage);
        }
        let integrator = matches!(current, CurrentSensor::Rogowski { .. });
        // The integrator has a gain of 38.4/f (from the codes at 50 and 60 Hz on page 24), which makes
        // full scale of the input less than full scale of the code.
        let coded_ma = if integrator {
            (current_ma as u64 * mains_hz as u64 * 10 / 384) as u32
        } else {
            current_ma
        };
        match Scale::nominal(clkin_hz, voltage_mv, coded_ma, mains_hz, integrator) {
            Some(scale) => Ok(Self {
                current,
                voltage,
                gain,
                filters: (Filter::USUAL, Filter::USUAL),
                mains_hz,
                clkin_hz,
                scale,
            }),
            None => Err(FrontEndError::Current),
        }
    }

    /// Other filters for channel 1 and channel 2.
    #[must_use]
    pub const fn with_filters(mut self, ch1: Filter, ch2: Filter) -> Self {
        self.filters = (ch1, ch2);
        self
    }

    /// Gains.
    #[must_use]
    pub const fn gain(&self) -> Gain {
        self.gain
    }

    /// Frequency at CLKIN in hertz.
    #[must_use]
    pub const fn clkin_hz(&self) -> u32 {
        self.clkin_hz
    }

    /// Nominal mains frequency in hertz.
    #[must_use]
    pub const fn mains_hz(&self) -> u8 {
        self.mains_hz
    }

    /// The current that is full scale at the input, in milliamperes rms. Plan half of it for what the
    /// meter is to carry: crests of distorted currents have to fit too.
    #[must_use]
    pub const fn full_scale_ma(&self) -> u32 {
        match full_scale(self.gain.full_scale_ch1_uv(), self.current.sensitivity(), 1) {
            Some(ma) => ma,
            None => 0,
        }
    }

    /// The voltage that is full scale at the input, in millivolts rms.
    #[must_use]
    pub const fn full_scale_mv(&self) -> u32 {
        match full_scale(
            self.gain.full_scale_ch2_uv(),
            self.voltage.sensitivity(),
            1_000,
        ) {
            Some(mv) => mv,
            None => 0,
        }
    }

    /// The scale by the parts' nominal values: good to a few percent, of which the chip has 4 and an
    /// SCT-013 3.
    #[must_use]
    pub const fn scale(&self) -> Scale {
        self.scale
    }

    /// What the parts do to the angle between current and voltage.
    #[must_use]
    pub fn phase_budget(&self) -> PhaseBudget {
        let lag = |filter: Filter| filter.lag_udeg(self.mains_hz);
        let leads = (self.current.lead_mdeg(), self.voltage.lead_mdeg());
        let sensors = leads.0.saturating_sub(leads.1).saturating_mul(1_000);
        let lead_udeg = sensors
            .saturating_sub(lag(self.filters.0))
            .saturating_add(lag(self.filters.1));
        PhaseBudget::new(lead_udeg, self.scale.period)
    }

    /// The nominal scale, and the phase correction by the parts' nominal leads and lags.
    #[must_use]
    pub fn nominal_calibration(&self) -> Calibration {
        let registers = Registers {
            phcal: self.phase_budget().phcal,
            ..Registers::default()
        };
        Calibration {
            registers,
            scale: self.scale,
        }
    }
}

/// Rms of a sine whose peak is `peak_uv` at the input, in what the sensitivity's microvolt belongs to
/// (times `unit`).
const fn full_scale(
    peak_uv: u32,
    (numerator, denominator): (u128, u128),
    unit: u128,
) -> Option<u32> {
    // 1/sqrt(2) is 0.70710678.
    let rms_nv = peak_uv as u128 * 70_710_678 / 100_000;
    let Some(value) = (rms_nv * denominator).checked_div(numerator * unit * 1_000) else {
        return None;
    };
    if value == 0 || value > 4_000_000 {
        return None;
    }
    Some(value as u32)
}
