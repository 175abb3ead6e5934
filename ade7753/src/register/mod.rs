//! The registers as types: address, width, sign and direction of each are part of its type, so that
//! a write to a register that can only be read does not compile.

mod channel;
mod flags;
mod map;
mod value;

pub use channel::{ChannelRange, Gain, OffsetCh1, OffsetCh2, Pga};
pub use flags::{Events, Mode, SampleRate, WaveformSource};
pub use map::*;
pub use value::{Kind, Signed, Unsigned, Value};

/// A register of the chip.
pub trait Register {
    /// Address, 0x01 to 0x3F.
    const ADDRESS: u8;
    /// Name in the data sheet.
    const NAME: &'static str;
    /// Directions.
    const ACCESS: Access;
    /// Contents after a reset.
    const RESET: u32;
    /// What it holds.
    type Value: Value;
    /// The same as a row of the table [`ALL`].
    const DESCRIPTION: Description = Description {
        name: Self::NAME,
        address: Self::ADDRESS,
        bits: Self::Value::BITS,
        kind: Self::Value::KIND,
        access: Self::ACCESS,
        reset: Self::RESET,
        stable: Self::Value::STABLE,
    };
}

/// A register that can be written, and read back.
pub trait Writable: Register {}

/// Directions a register works in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Access {
    /// It can be read.
    Read,
    /// It can be read, which sets it to zero.
    ReadClear,
    /// It can be read and written.
    ReadWrite,
}

/// A register as a row of the table [`ALL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Description {
    /// Name in the data sheet.
    pub name: &'static str,
    /// Address.
    pub address: u8,
    /// Bits that carry information.
    pub bits: u32,
    /// How they are to be read.
    pub kind: Kind,
    /// Directions.
    pub access: Access,
    /// Contents after a reset.
    pub reset: u32,
    /// Bits that read back as they were written.
    pub stable: u32,
}

impl Description {
    /// Bytes on the wire: the value stands at their right end.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bits.div_ceil(8) as usize
    }
}

/// The register at `address`.
#[must_use]
pub fn at(address: u8) -> Option<&'static Description> {
    ALL.iter().find(|register| register.address == address)
}

/// The name of the register at `address`, for messages.
#[must_use]
pub fn name(address: u8) -> &'static str {
    at(address).map_or("no register", |register| register.name)
}
