//! What the DC modules PZEM-003 and PZEM-017 measure and keep.

use core::fmt;

use crate::frame::Registers;
use crate::measurement::{Alarm, scaled};

/// One block of measurements of a DC module (PZEM-003/017 manual, section 2.4).
///
/// The link is 9600 baud with *two* stop bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct DcMeasurement {
    /// Voltage in 0.01 V.
    pub voltage_cv: u16,
    /// Current in 0.01 A.
    pub current_ca: u16,
    /// Power in 0.1 W.
    pub power_dw: u32,
    /// Energy in 1 Wh, since the last reset.
    pub energy_wh: u32,
    /// Voltage above the high threshold.
    pub high_voltage: Alarm,
    /// Voltage below the low threshold.
    pub low_voltage: Alarm,
}

impl DcMeasurement {
    /// Registers of the block; asking for more is refused with exception 2.
    pub const REGISTERS: u8 = 8;

    /// Takes the values out of input registers `0x0000..=0x0007`.
    #[must_use]
    pub fn from_registers(registers: Registers<'_>) -> Option<Self> {
        Some(Self {
            voltage_cv: registers.get(0)?,
            current_ca: registers.get(1)?,
            power_dw: registers.get_u32(2)?,
            energy_wh: registers.get_u32(4)?,
            high_voltage: Alarm(registers.get(6)?),
            low_voltage: Alarm(registers.get(7)?),
        })
    }

    /// Voltage in mV.
    #[must_use]
    pub const fn voltage_mv(&self) -> u32 {
        self.voltage_cv as u32 * 10
    }

    /// Current in mA.
    #[must_use]
    pub const fn current_ma(&self) -> u32 {
        self.current_ca as u32 * 10
    }

    /// Power in mW.
    #[must_use]
    pub const fn power_mw(&self) -> u64 {
        self.power_dw as u64 * 100
    }

    /// Energy in mWh.
    #[must_use]
    pub const fn energy_mwh(&self) -> u64 {
        self.energy_wh as u64 * 1000
    }
}

impl fmt::Display for DcMeasurement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        scaled(f, u32::from(self.voltage_cv), 2, " V  ")?;
        scaled(f, u32::from(self.current_ca), 2, " A  ")?;
        scaled(f, self.power_dw, 1, " W  ")?;
        scaled(f, self.energy_wh, 3, " kWh")?;
        if self.high_voltage.is_active() {
            f.write_str("  HIGH VOLTAGE")?;
        }
        if self.low_voltage.is_active() {
            f.write_str("  LOW VOLTAGE")?;
        }
        Ok(())
    }
}

/// What a DC module keeps through a power cut (PZEM-003/017 manual, section 2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct DcSettings {
    /// High-voltage alarm threshold in 0.01 V; 300 V from the factory.
    pub high_voltage_cv: u16,
    /// Low-voltage alarm threshold in 0.01 V; 7 V from the factory.
    pub low_voltage_cv: u16,
    /// Address as stored in the module.
    pub address: u16,
    /// Shunt of the PZEM-017; a PZEM-003 has its own and ignores this.
    pub current_range: CurrentRange,
}

impl DcSettings {
    /// Takes the settings out of holding registers `0x0000..=0x0003`.
    #[must_use]
    pub fn from_registers(registers: Registers<'_>) -> Option<Self> {
        Some(Self {
            high_voltage_cv: registers.get(0)?,
            low_voltage_cv: registers.get(1)?,
            address: registers.get(2)?,
            current_range: CurrentRange::from_register(registers.get(3)?),
        })
    }
}

/// The shunt a PZEM-017 is told it has; a wrong one scales every current, power and energy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum CurrentRange {
    /// 100 A shunt (register value 0).
    A100,
    /// 50 A shunt (register value 1).
    A50,
    /// 200 A shunt (register value 2).
    A200,
    /// 300 A shunt (register value 3).
    A300,
    /// A value the manual does not name.
    Unknown(u16),
}

impl CurrentRange {
    /// The range with this register content.
    #[must_use]
    pub const fn from_register(value: u16) -> Self {
        match value {
            0 => Self::A100,
            1 => Self::A50,
            2 => Self::A200,
            3 => Self::A300,
            other => Self::Unknown(other),
        }
    }

    /// The register content for this range.
    #[must_use]
    pub const fn register(self) -> u16 {
        match self {
            Self::A100 => 0,
            Self::A50 => 1,
            Self::A200 => 2,
            Self::A300 => 3,
            Self::Unknown(value) => value,
        }
    }
}
