//! What one quantity is corrected by.

use crate::arithmetic::scaled;

/// A point of a correction curve.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Knot {
    /// What the meter says, in its thousandths of the unit.
    pub at: u32,
    /// What is to be added there, in millionths of the value.
    pub ppm: i32,
}

/// Gain, offset and a curve of up to `K` knots for one quantity.
///
/// The value `x` becomes `x + x (gain + curve(x)) / 10^6 + offset`, rounded to nearest. Between knots the curve is a
/// straight line, outside them it stays at the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Correction<const K: usize = 0> {
    /// In millionths.
    pub gain_ppm: i32,
    /// In thousandths of the unit, added to a power in either direction as it is. Nothing is added to a value of 0: a
    /// meter without load shows none.
    pub offset: i32,
    /// In ascending order of [`Knot::at`].
    pub knots: [Knot; K],
}

impl<const K: usize> Correction<K> {
    /// Nothing is changed.
    pub const NONE: Self = Self {
        gain_ppm: 0,
        offset: 0,
        knots: [Knot { at: 0, ppm: 0 }; K],
    };

    /// What is added at a value in millionths of it, offset left out.
    #[must_use]
    pub fn ppm_at(&self, value: u32) -> i32 {
        let curve_ppm = if K == 0 { 0 } else { self.curve_ppm(value) };
        self.gain_ppm.saturating_add(curve_ppm)
    }

    fn curve_ppm(&self, value: u32) -> i32 {
        let after = self.knots.iter().find(|knot| knot.at >= value);
        let before = self.knots.iter().rev().find(|knot| knot.at <= value);
        match (before, after) {
            (Some(a), Some(b)) if b.at > a.at => {
                let (span, part) = (i64::from(b.at - a.at), i64::from(value - a.at));
                let rise = i64::from(b.ppm) - i64::from(a.ppm);
                // Between the two, which are 32-bit numbers.
                (i64::from(a.ppm) + (i128::from(rise) * i128::from(part) / i128::from(span)) as i64)
                    as i32
            }
            (Some(knot), _) | (None, Some(knot)) => knot.ppm,
            (None, None) => 0,
        }
    }

    /// What is added at a value in millionths of it, offset and all.
    pub(super) fn whole_ppm_at(&self, value: i32) -> i32 {
        let ppm = self.ppm_at(value.unsigned_abs());
        if self.offset == 0 {
            return ppm;
        }
        let of_offset = (i64::from(self.offset) * 1_000_000).checked_div(value.into());
        let most = if (self.offset < 0) == (value < 0) {
            i32::MAX
        } else {
            i32::MIN
        };
        let of_offset = i32::try_from(of_offset.unwrap_or_default()).unwrap_or(most);
        ppm.saturating_add(of_offset)
    }

    /// A corrected magnitude, with what a temperature adds in millionths.
    pub(super) fn apply(&self, value: u32, temperature_ppm: i32) -> u32 {
        if value == 0 {
            return 0;
        }
        self.scale(value, temperature_ppm)
            .saturating_add_signed(self.offset)
    }

    /// A corrected value with a sign. The offset is what it is either way, and turns no sign.
    pub(super) fn apply_signed(&self, value: i32, temperature_ppm: i32) -> i32 {
        if value >= 0 {
            let corrected = self.apply(value.unsigned_abs(), temperature_ppm);
            return i32::try_from(corrected).unwrap_or(i32::MAX);
        }
        let magnitude = self.scale(value.unsigned_abs(), temperature_ppm);
        let less = magnitude.saturating_add_signed(self.offset.saturating_neg());
        i32::try_from(less).map_or(-i32::MAX, |less| -less)
    }

    /// By gain and curve alone, as is right for reactive power, which has not the offset of the active one.
    pub(super) fn scale_signed(&self, value: i32, temperature_ppm: i32) -> i32 {
        let magnitude = self.scale(value.unsigned_abs(), temperature_ppm);
        let magnitude = i32::try_from(magnitude).unwrap_or(i32::MAX);
        if value < 0 { -magnitude } else { magnitude }
    }

    fn scale(&self, value: u32, temperature_ppm: i32) -> u32 {
        match self.ppm_at(value).saturating_add(temperature_ppm) {
            0 => value,
            ppm => scaled(value, ppm),
        }
    }
}

impl<const K: usize> Default for Correction<K> {
    fn default() -> Self {
        Self::NONE
    }
}

/// How a quantity moves with the temperature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Temperature {
    /// What is added for every kelvin above the reference, in millionths.
    pub ppm_per_k: i32,
    /// The temperature of the calibration in hundredths of a degree Celsius.
    pub reference_centi_c: i16,
}

impl Temperature {
    /// What is added at a temperature, in millionths.
    #[must_use]
    pub const fn ppm_at(self, centi_c: i16) -> i32 {
        let difference = centi_c as i32 - self.reference_centi_c as i32;
        // Up to 655 K: a coefficient that does not fit then is none.
        self.ppm_per_k.saturating_mul(difference) / 100
    }
}
