//! The parts: sensors of current and voltage, and the filters behind them.

use crate::angle::atan_udeg;

/// What turns the current into a voltage at channel 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum CurrentSensor {
    /// A current transformer with a burden resistor of your own.
    Transformer {
        /// Secondary turns: 2000 makes 50 mA of 100 A.
        ratio: u32,
        /// Burden in milliohms.
        burden_mohm: u32,
        /// How often the conductor goes through the core.
        turns: u8,
        /// By how much its output leads the current, in thousandths of a degree.
        lead_mdeg: i32,
    },
    /// A current transformer with a burden inside, and a divider behind it.
    VoltageOutput {
        /// Rated current in milliamperes.
        rated_ma: u32,
        /// Output at rated current in millivolts rms.
        output_mv: u32,
        /// What the divider leaves, in thousandths: 1000 without one.
        divider_milli: u32,
        /// How often the conductor goes through the core.
        turns: u8,
        /// By how much its output leads the current, in thousandths of a degree.
        lead_mdeg: i32,
    },
    /// A resistor in the line; the chip is on mains then.
    Shunt {
        /// Its resistance in microohms.
        uohm: u32,
    },
    /// A Rogowski coil, whose output the chip's integrator turns back into the current.
    Rogowski {
        /// Output at the front end's mains frequency in microvolts rms an ampere.
        uv_per_a: u32,
    },
}

impl CurrentSensor {
    /// SCT-013-000 (100 A to 50 mA) with a burden resistor: 6.8 ohm makes 104 A full scale. It leads by
    /// 3.3 to 4.3 degrees at 22 ohm, more at small currents, and its ratio is good to 3 %
    /// (openenergymonitor's measurements): no meter with it is a 0.1 % meter.
    #[must_use]
    pub const fn sct_013_000(burden_mohm: u32, turns: u8) -> Self {
        Self::Transformer {
            ratio: 2_000,
            burden_mohm,
            turns,
            lead_mdeg: 3_750,
        }
    }

    /// SCT-013-005 to -060 and -000V: `rated_a` to 1 V rms, which is nearly three times what the chip
    /// takes. `divider_milli` is what a divider leaves: 313 for 2.2 kohm and 1 kohm.
    #[must_use]
    pub const fn sct_013_voltage(rated_a: u16, divider_milli: u32, turns: u8) -> Self {
        Self::VoltageOutput {
            rated_ma: rated_a as u32 * 1_000,
            output_mv: 1_000,
            divider_milli,
            turns,
            lead_mdeg: 3_750,
        }
    }

    /// Microvolts a milliampere, as a fraction.
    pub(super) const fn sensitivity(&self) -> (u128, u128) {
        match *self {
            Self::Transformer {
                ratio,
                burden_mohm,
                turns,
                ..
            } => (burden_mohm as u128 * turns as u128, ratio as u128),
            Self::VoltageOutput {
                rated_ma,
                output_mv,
                divider_milli,
                turns,
                ..
            } => (
                output_mv as u128 * divider_milli as u128 * turns as u128,
                rated_ma as u128,
            ),
            Self::Shunt { uohm } => (uohm as u128, 1_000),
            Self::Rogowski { uv_per_a } => (uv_per_a as u128, 1_000),
        }
    }

    pub(super) const fn lead_mdeg(&self) -> i32 {
        match *self {
            Self::Transformer { lead_mdeg, .. } | Self::VoltageOutput { lead_mdeg, .. } => {
                lead_mdeg
            }
            Self::Shunt { .. } | Self::Rogowski { .. } => 0,
        }
    }
}

/// What turns the mains voltage into one for channel 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum VoltageSensor {
    /// A 1:1 current transformer between a resistor on mains and a burden.
    Transformer {
        /// Resistor in series with the primary winding in ohms.
        resistor_ohm: u32,
        /// Burden in milliohms.
        burden_mohm: u32,
        /// By how much its output leads the voltage, in thousandths of a degree.
        lead_mdeg: i32,
    },
    /// Two resistors; the chip is on mains then.
    Divider {
        /// From mains to the input in ohms.
        upper_ohm: u32,
        /// From the input to ground in ohms.
        lower_ohm: u32,
    },
}

impl VoltageSensor {
    /// The ZMPT101B itself, without the amplifiers of the common module, whose output rides on 2.5 V and
    /// must not be connected: 200 kohm and 150 ohm make 471 V full scale. It leads by up to 0.33 degrees
    /// at 50 ohm (operating guide).
    #[must_use]
    pub const fn zmpt101b(resistor_ohm: u32, burden_ohm: u32) -> Self {
        Self::Transformer {
            resistor_ohm,
            burden_mohm: burden_ohm.saturating_mul(1_000),
            lead_mdeg: 200,
        }
    }

    /// Volts at the input a volt of mains, as a fraction.
    pub(super) const fn sensitivity(&self) -> (u128, u128) {
        match *self {
            Self::Transformer {
                resistor_ohm,
                burden_mohm,
                ..
            } => (burden_mohm as u128, resistor_ohm as u128 * 1_000),
            Self::Divider {
                upper_ohm,
                lower_ohm,
            } => (lower_ohm as u128, upper_ohm as u128 + lower_ohm as u128),
        }
    }

    pub(super) const fn lead_mdeg(&self) -> i32 {
        match *self {
            Self::Transformer { lead_mdeg, .. } => lead_mdeg,
            Self::Divider { .. } => 0,
        }
    }
}

/// The anti-alias filter of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Filter {
    /// Resistor in ohms.
    pub ohm: u32,
    /// Capacitor in nanofarads.
    pub nf: u32,
}

impl Filter {
    /// 1 kohm and 33 nF, as in the data sheet's figures.
    pub const USUAL: Self = Self { ohm: 1_000, nf: 33 };

    /// By how much it delays, in microdegrees: atan(2 pi f R C).
    pub(super) fn lag_udeg(&self, mains_hz: u8) -> i32 {
        // 2 pi * 2^32 / 10^9 is 26.986.
        let product = u64::from(self.ohm) * u64::from(self.nf) * u64::from(mains_hz);
        let tangent = product.min(1 << 40) * 26_986 / 1_000;
        atan_udeg(i64::try_from(tangent).unwrap_or(i64::MAX))
    }
}
