//! Numbers of a register's width.

/// A value as a register holds it.
pub trait Value: Copy {
    /// Bits that carry information, 1 to 24.
    const BITS: u32;
    /// How the bits are to be read.
    const KIND: Kind;
    /// Bits that read back as they were written: those that are in use and that the chip does not
    /// change by itself.
    const STABLE: u32 = mask(Self::BITS);

    /// The value of the bits of a register; bits beyond [`BITS`](Self::BITS) are ignored.
    fn from_raw(raw: u32) -> Self;

    /// The bits for a register; nothing beyond [`BITS`](Self::BITS) is set.
    fn to_raw(self) -> u32;
}

/// How the bits of a register are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Kind {
    /// A number without sign.
    Unsigned,
    /// A two's complement number.
    Signed,
    /// A magnitude beside a sign bit.
    SignMagnitude,
    /// Bits with meanings of their own.
    Flags,
}

/// The lowest `bits` bits.
pub(crate) const fn mask(bits: u32) -> u32 {
    match 1u32.checked_shl(bits) {
        Some(bit) => bit - 1,
        None => u32::MAX,
    }
}

/// A two's complement number of `BITS` bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Signed<const BITS: u32>(i32);

impl<const BITS: u32> Signed<BITS> {
    /// The smallest number.
    pub const MIN: Self = Self(-(1 << (BITS - 1)));
    /// The largest number.
    pub const MAX: Self = Self((1 << (BITS - 1)) - 1);
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// `None` when the number does not fit.
    #[must_use]
    pub const fn new(value: i32) -> Option<Self> {
        if value < Self::MIN.0 || value > Self::MAX.0 {
            return None;
        }
        Some(Self(value))
    }

    /// `None` when the number does not fit.
    pub(crate) const fn from_i64(value: i64) -> Option<Self> {
        if value < Self::MIN.0 as i64 || value > Self::MAX.0 as i64 {
            return None;
        }
        Some(Self(value as i32))
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> i32 {
        self.0
    }
}

impl<const BITS: u32> Value for Signed<BITS> {
    const BITS: u32 = BITS;
    const KIND: Kind = Kind::Signed;

    fn from_raw(raw: u32) -> Self {
        // The sign bit goes to the top and back, which copies it into every bit above.
        let unused = 32 - BITS;
        Self((raw << unused).cast_signed() >> unused)
    }

    fn to_raw(self) -> u32 {
        self.0.cast_unsigned() & mask(BITS)
    }
}

/// A number of `BITS` bits without sign.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Unsigned<const BITS: u32>(u32);

impl<const BITS: u32> Unsigned<BITS> {
    /// The largest number.
    pub const MAX: Self = Self(mask(BITS));
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// `None` when the number does not fit.
    #[must_use]
    pub const fn new(value: u32) -> Option<Self> {
        if value > mask(BITS) {
            return None;
        }
        Some(Self(value))
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl<const BITS: u32> Value for Unsigned<BITS> {
    const BITS: u32 = BITS;
    const KIND: Kind = Kind::Unsigned;

    fn from_raw(raw: u32) -> Self {
        Self(raw & mask(BITS))
    }

    fn to_raw(self) -> u32 {
        self.0
    }
}
