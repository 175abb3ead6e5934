//! What an AC module measures, as integers in the module's own units.

use core::fmt;

use crate::frame::Registers;

/// One block of measurements of an AC module (PZEM-004T V3.0 datasheet, section 2.4).
///
/// Voltage, current, power and power factor belong to one instant; energy and frequency are
/// refreshed on their own. The module refreshes about every 1.25 s (measured on field logs), so a
/// faster poll only reads the same values again. Power and current are magnitudes: the module does
/// not tell import from export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Measurement {
    /// RMS voltage in 0.1 V.
    pub voltage_dv: u16,
    /// RMS current in 0.001 A.
    pub current_ma: u32,
    /// Active power in 0.1 W.
    pub power_dw: u32,
    /// Active energy in 1 Wh, since the last reset.
    pub energy_wh: u32,
    /// Frequency in 0.1 Hz.
    pub frequency_dhz: u16,
    /// Power factor in 0.01.
    pub power_factor_percent: u16,
    /// Power alarm; `None` when the register was not read.
    pub alarm: Option<Alarm>,
}

impl Measurement {
    /// Registers of the whole block.
    pub const REGISTERS: u8 = 10;
    /// Registers of the block without the alarm status.
    pub const REGISTERS_WITHOUT_ALARM: u8 = 9;

    /// Takes the values out of input registers `0x0000` and up: ten, or nine without the alarm.
    ///
    /// `None` when there are fewer than nine.
    #[must_use]
    pub fn from_registers(registers: Registers<'_>) -> Option<Self> {
        // All words in one loop: taking each out of the bytes by itself doubles the code.
        if registers.len() < usize::from(Self::REGISTERS_WITHOUT_ALARM) {
            return None;
        }
        let words: [u16; Self::REGISTERS as usize] =
            core::array::from_fn(|index| registers.get(index).unwrap_or_default());
        let [
            voltage,
            i0,
            i1,
            p0,
            p1,
            e0,
            e1,
            frequency,
            power_factor,
            alarm,
        ] = words;
        Some(Self {
            voltage_dv: voltage,
            current_ma: double(i0, i1),
            power_dw: double(p0, p1),
            energy_wh: double(e0, e1),
            frequency_dhz: frequency,
            power_factor_percent: power_factor,
            alarm: (registers.len() >= usize::from(Self::REGISTERS)).then_some(Alarm(alarm)),
        })
    }

    /// RMS voltage in mV.
    #[must_use]
    pub const fn voltage_mv(&self) -> u32 {
        self.voltage_dv as u32 * 100
    }

    /// Active power in mW.
    #[must_use]
    pub const fn power_mw(&self) -> u64 {
        self.power_dw as u64 * 100
    }

    /// Active energy in mWh.
    #[must_use]
    pub const fn energy_mwh(&self) -> u64 {
        self.energy_wh as u64 * 1000
    }

    /// Frequency in mHz.
    #[must_use]
    pub const fn frequency_mhz(&self) -> u32 {
        self.frequency_dhz as u32 * 100
    }

    /// Power factor in 0.001.
    #[must_use]
    pub const fn power_factor_milli(&self) -> u32 {
        self.power_factor_percent as u32 * 10
    }

    /// Apparent power in mVA: voltage times current (IEEE 1459-2010, 3.1.2.7).
    #[must_use]
    pub const fn apparent_power_mva(&self) -> u64 {
        // 0.1 V times 0.001 A is 0.1 mVA; halves round up.
        (self.voltage_dv as u64 * self.current_ma as u64 + 5) / 10
    }

    /// Non-active power in mvar, the root of S² - P² (IEEE 1459-2010, 3.1.2.9): without a sign,
    /// since the module does not tell leading from lagging.
    #[must_use]
    pub const fn nonactive_power_mvar(&self) -> u64 {
        let s = self.apparent_power_mva() as u128;
        let p = self.power_mw() as u128;
        // Rounding of the registers can make P a little larger than S.
        (s * s).saturating_sub(p * p).isqrt() as u64
    }
}

/// A 32-bit value from its registers, low word first.
const fn double(low: u16, high: u16) -> u32 {
    (high as u32) << 16 | low as u32
}

/// An alarm register as the module sent it: live value compared with the threshold set in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Alarm(pub u16);

impl Alarm {
    /// Within the threshold.
    pub const CLEAR: Self = Self(0x0000);
    /// Beyond the threshold.
    pub const ACTIVE: Self = Self(0xFFFF);

    /// Whether the module says that the value is beyond the threshold.
    #[must_use]
    pub const fn is_active(self) -> bool {
        self.0 == Self::ACTIVE.0
    }

    /// Whether this is one of the two values the datasheet names.
    #[must_use]
    pub const fn is_defined(self) -> bool {
        self.0 == Self::ACTIVE.0 || self.0 == Self::CLEAR.0
    }
}

/// One value of an AC module, for polls that need no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Quantity {
    /// RMS voltage.
    Voltage,
    /// RMS current.
    Current,
    /// Active power.
    Power,
    /// Active energy.
    Energy,
    /// Frequency.
    Frequency,
    /// Power factor.
    PowerFactor,
}

impl Quantity {
    /// Registers to read from `0x0000` on so that the value is the last of them.
    ///
    /// Starting at the value itself would be shorter on the wire, but then the late reply to a
    /// read of another value could have the same length and be taken for this one. This way each
    /// reply's length tells which value was asked for.
    #[must_use]
    pub const fn registers(self) -> u8 {
        match self {
            Self::Voltage => 1,
            Self::Current => 3,
            Self::Power => 5,
            Self::Energy => 7,
            Self::Frequency => 8,
            Self::PowerFactor => 9,
        }
    }

    /// The value in the module's own unit (0.1 V, 1 mA, 0.1 W, 1 Wh, 0.1 Hz, 0.01).
    #[must_use]
    pub fn from_registers(self, registers: Registers<'_>) -> Option<u32> {
        match self {
            Self::Voltage => registers.get(0).map(u32::from),
            Self::Current => registers.get_u32(1),
            Self::Power => registers.get_u32(3),
            Self::Energy => registers.get_u32(5),
            Self::Frequency => registers.get(7).map(u32::from),
            Self::PowerFactor => registers.get(8).map(u32::from),
        }
    }
}

/// Writes `value / 10^decimals` with its unit.
pub(crate) fn scaled(
    f: &mut fmt::Formatter<'_>,
    value: u32,
    decimals: u32,
    unit: &str,
) -> fmt::Result {
    let one = 10_u32.pow(decimals);
    let (whole, part) = (value / one, value % one);
    if decimals == 0 {
        write!(f, "{whole}{unit}")
    } else {
        let width = decimals as usize;
        write!(f, "{whole}.{part:0width$}{unit}")
    }
}

impl fmt::Display for Measurement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        scaled(f, u32::from(self.voltage_dv), 1, " V  ")?;
        scaled(f, self.current_ma, 3, " A  ")?;
        scaled(f, self.power_dw, 1, " W  ")?;
        scaled(f, self.energy_wh, 3, " kWh  ")?;
        scaled(f, u32::from(self.frequency_dhz), 1, " Hz  pf ")?;
        scaled(f, u32::from(self.power_factor_percent), 2, "")?;
        match self.alarm {
            Some(Alarm::ACTIVE) => f.write_str("  ALARM"),
            Some(Alarm::CLEAR) | None => Ok(()),
            Some(Alarm(value)) => write!(f, "  alarm register 0x{value:04X}"),
        }
    }
}
