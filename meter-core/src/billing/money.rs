//! Money that can be added up.

/// An amount in millionths of the currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Money(pub i64);

impl Money {
    /// None.
    pub const ZERO: Self = Self(0);

    /// The sum; at the end of what 64 bits hold it stays there.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The difference.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// Rounded to so many decimals, 0 to 6, half away from zero: as it is paid.
    #[must_use]
    pub const fn rounded(self, decimals: u8) -> Self {
        let unit = match decimals {
            0 => 1_000_000,
            1 => 100_000,
            2 => 10_000,
            3 => 1_000,
            4 => 100,
            5 => 10,
            _ => return self,
        };
        let half = if self.0 < 0 { -(unit / 2) } else { unit / 2 };
        Self(self.0.saturating_add(half) / unit * unit)
    }

    /// An energy times a price: milliwatt-hours by millionths for a kilowatt-hour.
    #[must_use]
    pub(super) fn of_energy(mwh: u64, micro_per_kwh: i64) -> Self {
        Self::nearest(i128::from(mwh) * i128::from(micro_per_kwh), 1_000_000)
    }

    /// A share in millionths.
    #[must_use]
    pub(super) fn share(self, ppm: u32) -> Self {
        Self::nearest(i128::from(self.0) * i128::from(ppm), 1_000_000)
    }

    /// A quotient, rounded half away from zero.
    pub(super) fn nearest(amount: i128, by: i128) -> Self {
        let half = if amount < 0 { -by / 2 } else { by / 2 };
        let quotient = amount.saturating_add(half).checked_div(by);
        let limited = quotient.unwrap_or_default();
        Self(i64::try_from(limited).unwrap_or(if amount < 0 { i64::MIN } else { i64::MAX }))
    }
}
