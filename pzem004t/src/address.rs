//! Who a request is for.

use core::fmt;

/// The address of one module: `0x01..=0xF7` (PZEM-004T V3.0 datasheet, section 2.1).
///
/// `0x00` is the broadcast and `0xF8` the general address; both are [`Target`]s, never addresses,
/// so a module can not be given one of them by mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Address(u8);

impl Address {
    /// The lowest address, `0x01`; most modules leave the factory with it.
    pub const FIRST: Self = Self(0x01);
    /// The highest address, `0xF7`.
    pub const LAST: Self = Self(0xF7);

    /// Checks `value`; `None` outside `0x01..=0xF7`.
    #[must_use]
    pub const fn new(value: u8) -> Option<Self> {
        if value >= Self::FIRST.0 && value <= Self::LAST.0 {
            Some(Self(value))
        } else {
            None
        }
    }

    /// The address as the byte that goes over the wire.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }

    /// All 247 addresses in ascending order, to scan a line at the caller's own pace.
    pub fn all() -> impl DoubleEndedIterator<Item = Self> + ExactSizeIterator + Clone {
        // `u8` ranges that end below 255 count exactly; every value is in range.
        (Self::FIRST.0..Self::LAST.0 + 1).map(Self)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A number that is not a module address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct InvalidAddress(pub u8);

impl fmt::Display for InvalidAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.0 {
            0x00 => "the broadcast address",
            0xF8 => "the general address",
            _ => "reserved",
        };
        write!(
            f,
            "address {} is {what}: a module's own address is 1 to 247",
            self.0
        )
    }
}

impl core::error::Error for InvalidAddress {}

impl TryFrom<u8> for Address {
    type Error = InvalidAddress;

    fn try_from(value: u8) -> Result<Self, Self::Error> {
        Self::new(value).ok_or(InvalidAddress(value))
    }
}

/// The module or modules a request is sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Target {
    /// The module with this address.
    Unit(Address),
    /// The general address `0xF8`: every module answers, so exactly one may be on the line.
    ///
    /// The reply carries `0xF8` too and does not tell the module's own address; read that with
    /// `address` (holding register 2).
    General,
}

impl Target {
    /// The first byte of the request and of its reply.
    #[must_use]
    pub const fn byte(self) -> u8 {
        match self {
            Self::Unit(address) => address.0,
            Self::General => 0xF8,
        }
    }
}

impl From<Address> for Target {
    fn from(address: Address) -> Self {
        Self::Unit(address)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unit(address) => address.fmt(f),
            Self::General => f.write_str("general address 248"),
        }
    }
}
