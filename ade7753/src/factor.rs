//! A positive factor without a float.

/// A factor of 32 significant bits: `mantissa / 2^shift`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Factor {
    mantissa: u32,
    shift: i8,
}

/// Shifts that a product with any 64-bit number can be made with.
const MIN_SHIFT: i32 = -60;
const MAX_SHIFT: i32 = 122;

impl Factor {
    /// Nothing comes of anything.
    pub const ZERO: Self = Self {
        mantissa: 0,
        shift: 0,
    };

    /// `numerator / denominator`, to a part in 2^31; `None` without a denominator, and when the
    /// factor is below 2^-90 or above 2^60.
    #[must_use]
    pub const fn ratio(numerator: u64, denominator: u64) -> Option<Self> {
        if denominator == 0 {
            return None;
        }
        if numerator == 0 {
            return Some(Self::ZERO);
        }
        // The numerator gets its top bit at 63, the denominator at 31: the quotient has 32 or 33 bits.
        let up = numerator.leading_zeros() as i32;
        let down = 32 - denominator.leading_zeros() as i32;
        let narrow = if down > 0 {
            denominator >> down
        } else {
            denominator << -down
        };
        let Some(quotient) = (numerator << up).checked_div(narrow) else {
            return None;
        };
        let excess = 32 - quotient.leading_zeros() as i32;
        let shift = up + down - excess;
        if shift < MIN_SHIFT || shift > MAX_SHIFT {
            return None;
        }
        Some(Self {
            mantissa: (quotient >> excess) as u32,
            shift: shift as i8,
        })
    }

    /// The parts, to be stored: value is the first over two to the power of the second.
    #[must_use]
    pub const fn parts(self) -> (u32, i8) {
        (self.mantissa, self.shift)
    }

    /// From [`parts`](Self::parts); `None` for parts that no factor has.
    #[must_use]
    pub const fn from_parts(mantissa: u32, shift: i8) -> Option<Self> {
        if shift < MIN_SHIFT as i8 || shift > MAX_SHIFT as i8 {
            return None;
        }
        Some(Self { mantissa, shift })
    }

    /// The product with `value / 2^fraction_bits`, rounded; held at the ends of its range.
    #[must_use]
    pub const fn times(self, value: i64, fraction_bits: u32) -> i64 {
        let product = value.unsigned_abs() as u128 * self.mantissa as u128;
        let shift = self.shift as i32 + fraction_bits as i32;
        let magnitude = if shift > 0 {
            let half = match 1u128.checked_shl(shift as u32 - 1) {
                Some(half) => half,
                None => return 0,
            };
            match (product + half).checked_shr(shift as u32) {
                Some(magnitude) => magnitude,
                None => 0,
            }
        } else if product.leading_zeros() as i32 > -shift {
            product << -shift
        } else {
            u128::MAX
        };
        let magnitude = if magnitude > i64::MAX as u128 {
            i64::MAX
        } else {
            magnitude as i64
        };
        if value < 0 { -magnitude } else { magnitude }
    }

    /// The product with `numerator / denominator`; `None` as for [`ratio`](Self::ratio).
    #[must_use]
    pub const fn scaled(self, numerator: u64, denominator: u64) -> Option<Self> {
        let Some(other) = Self::ratio(numerator, denominator) else {
            return None;
        };
        self.product(other)
    }

    /// The product of two factors.
    #[must_use]
    pub const fn product(self, other: Self) -> Option<Self> {
        let Some(Self { mantissa, shift }) =
            Self::ratio(self.mantissa as u64 * other.mantissa as u64, 1)
        else {
            return None;
        };
        if mantissa == 0 {
            return Some(Self::ZERO);
        }
        let shift = shift as i32 + self.shift as i32 + other.shift as i32;
        if shift < MIN_SHIFT || shift > MAX_SHIFT {
            return None;
        }
        Some(Self {
            mantissa,
            shift: shift as i8,
        })
    }
}
