//! The seven-byte protocol of PZEM-004 and PZEM-004T v1/v2 (the green boards).
//!
//! 9600 8N1, no Modbus. A module answers only after it was given an address once
//! ([`SetAddress`]); replies carry no address, so one module per line. Energy is reset by the
//! button on the board only. At most about two reads a second.
//!
//! Every operation here runs in the same shells as the others: `pzem.run(legacy::ReadAll::new(address))`.

mod operation;

pub use operation::{LegacyMeasurement, Read, ReadAll, SetAddress, SetAlarm};

use core::fmt;

use crate::measurement::scaled;

/// The four-byte address of a module, written like an IP address; any value works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct LegacyAddress(pub [u8; 4]);

impl LegacyAddress {
    /// 192.168.1.1, the address of the manual and of most software.
    pub const USUAL: Self = Self([192, 168, 1, 1]);
}

impl fmt::Display for LegacyAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self([a, b, c, d]) = self;
        write!(f, "{a}.{b}.{c}.{d}")
    }
}

/// A command (PZEM-004 manual, protocol table).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Command {
    /// `0xB0`: read the voltage.
    Voltage,
    /// `0xB1`: read the current.
    Current,
    /// `0xB2`: read the power.
    Power,
    /// `0xB3`: read the energy.
    Energy,
    /// `0xB4`: take this address.
    SetAddress,
    /// `0xB5`: set the alarm threshold in kW.
    SetAlarm,
}

impl Command {
    const ALL: [Self; 6] = [
        Self::Voltage,
        Self::Current,
        Self::Power,
        Self::Energy,
        Self::SetAddress,
        Self::SetAlarm,
    ];

    /// The first byte of the request.
    #[must_use]
    pub const fn opcode(self) -> u8 {
        match self {
            Self::Voltage => 0xB0,
            Self::Current => 0xB1,
            Self::Power => 0xB2,
            Self::Energy => 0xB3,
            Self::SetAddress => 0xB4,
            Self::SetAlarm => 0xB5,
        }
    }

    /// The first byte of the reply.
    #[must_use]
    pub const fn reply_opcode(self) -> u8 {
        self.opcode() - 0x10
    }
}

/// A value of a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Value {
    /// RMS voltage in 0.1 V.
    VoltageDv(u32),
    /// RMS current in 0.01 A.
    CurrentCa(u32),
    /// Active power in W.
    PowerW(u32),
    /// Active energy in Wh, 24 bits.
    EnergyWh(u32),
    /// The address was taken.
    AddressSet,
    /// The alarm threshold was taken.
    AlarmSet,
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::VoltageDv(value) => scaled(f, value, 1, " V"),
            Self::CurrentCa(value) => scaled(f, value, 2, " A"),
            Self::PowerW(value) => scaled(f, value, 0, " W"),
            Self::EnergyWh(value) => scaled(f, value, 3, " kWh"),
            Self::AddressSet => f.write_str("address set"),
            Self::AlarmSet => f.write_str("alarm threshold set"),
        }
    }
}

/// One whole frame with a right checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum LegacyFrame {
    /// A request.
    Request {
        /// What is asked.
        command: Command,
        /// Whom.
        address: LegacyAddress,
        /// The threshold in kW for [`Command::SetAlarm`], else 0.
        data: u8,
    },
    /// A reply.
    Reply(Value),
}

impl LegacyFrame {
    /// Checks `bytes` as exactly one frame: seven bytes, a known opcode, the checksum, and zeros
    /// where the manual has no data.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let [opcode, a, b, c, d, data, sum] = *bytes else {
            return None;
        };
        if checksum(&[opcode, a, b, c, d, data]) != sum {
            return None;
        }
        if let Some(command) = Command::ALL.iter().find(|c| c.opcode() == opcode) {
            return Some(Self::Request {
                command: *command,
                address: LegacyAddress([a, b, c, d]),
                data,
            });
        }
        value(opcode, [a, b, c, d, data]).map(Self::Reply)
    }
}

/// The low byte of the sum of the first six bytes.
pub(crate) fn checksum(bytes: &[u8; 6]) -> u8 {
    bytes.iter().fold(0, |sum, byte| sum.wrapping_add(*byte))
}

/// What the payload of a reply says.
///
/// An eight-bit sum misses one corrupted window in 256, so the zeros the manual prescribes and the
/// range of decimal digits are part of the check.
fn value(opcode: u8, payload: [u8; 5]) -> Option<Value> {
    let [a, b, c, d, e] = payload.map(u32::from);
    match (opcode, payload) {
        (0xA0, [_, _, 0..=9, 0, 0]) => Some(Value::VoltageDv((a * 256 + b) * 10 + c)),
        (0xA1, [_, _, 0..=99, 0, 0]) => Some(Value::CurrentCa((a * 256 + b) * 100 + c)),
        (0xA2, [_, _, 0, 0, 0]) => Some(Value::PowerW(a * 256 + b)),
        (0xA3, [_, _, _, 0, 0]) => Some(Value::EnergyWh((a * 256 + b) * 256 + c)),
        (0xA4, _) if a + b + c + d + e == 0 => Some(Value::AddressSet),
        (0xA5, _) if a + b + c + d + e == 0 => Some(Value::AlarmSet),
        _ => None,
    }
}

/// Length of the frame at the front of `bytes` when a reply with `opcode` is awaited: 0 when none
/// starts like this.
pub(crate) fn length(bytes: &[u8], opcode: u8) -> usize {
    match bytes.first() {
        None => 1,
        Some(first) if *first == opcode => 7,
        Some(_) => 0,
    }
}

/// Whether `frame` is a whole reply with `opcode`.
pub(crate) fn fits(frame: &[u8], opcode: u8) -> bool {
    frame.first() == Some(&opcode)
        && matches!(LegacyFrame::parse(frame), Some(LegacyFrame::Reply(_)))
}
