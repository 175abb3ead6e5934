//! An energy register that loses nothing.

use crate::arithmetic::divide;

/// Half milliwatt-milliseconds in a milliwatt-hour. Halves, since the mean of two powers over a time
/// is a sum of halves.
pub(crate) const PER_MWH: u64 = 7_200_000;
/// The same in a microwatt-hour.
pub(crate) const PER_UWH: u64 = PER_MWH / 1_000;

/// A sum of energy: whole milliwatt-hours, and exactly what is left of the next one.
///
/// It only grows. 2^64 milliwatt-hours are 80 000 years at 25 MW.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Register {
    /// The halves of a 64-bit number: 12 bytes in all instead of 16, and a meter has eleven registers.
    high: u32,
    low: u32,
    /// In half milliwatt-milliseconds, below [`PER_MWH`].
    rest: u32,
}

impl Register {
    /// Nothing yet.
    pub const ZERO: Self = Self {
        high: 0,
        low: 0,
        rest: 0,
    };

    /// Whole milliwatt-hours.
    #[must_use]
    pub const fn mwh(self) -> u64 {
        (self.high as u64) << 32 | self.low as u64
    }

    /// What is left of the next milliwatt-hour, in half milliwatt-milliseconds: 7 200 000 are one.
    #[must_use]
    pub const fn rest(self) -> u32 {
        self.rest
    }

    /// From stored parts; `None` when the rest is a whole milliwatt-hour.
    #[must_use]
    pub const fn from_parts(mwh: u64, rest: u32) -> Option<Self> {
        if rest as u64 >= PER_MWH {
            return None;
        }
        Some(Self {
            high: (mwh >> 32) as u32,
            low: mwh as u32,
            rest,
        })
    }

    /// Adds energy in half milliwatt-milliseconds.
    pub(crate) const fn add(&mut self, halves: u64) {
        // The usual second adds less than a milliwatt-hour's worth, which needs no division.
        let sum = halves.saturating_add(self.rest as u64);
        if sum < PER_MWH {
            self.rest = sum as u32;
            return;
        }
        // 7 200 000 is 28 125 times 256.
        let (mwh, _) = divide(sum >> 8, 28_125);
        self.add_mwh(mwh);
        self.rest = (sum - mwh * PER_MWH) as u32;
    }

    /// Adds microwatt-hours.
    pub(crate) const fn add_uwh(&mut self, uwh: u64) {
        if uwh == 0 {
            return;
        }
        let (mwh, uwh) = divide(uwh, 1_000);
        self.add_mwh(mwh);
        self.add(uwh as u64 * PER_UWH);
    }

    pub(crate) const fn add_mwh(&mut self, mwh: u64) {
        let sum = self.mwh().saturating_add(mwh);
        self.high = (sum >> 32) as u32;
        self.low = sum as u32;
    }
}
