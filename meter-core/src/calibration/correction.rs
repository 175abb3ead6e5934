//! What one quantity is corrected by.

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
    /// In thousandths of the unit. Nothing is added to a value of 0: a meter without load shows none.
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
    pub fn ppm_at(&self, value: u32) -> i64 {
        i64::from(self.gain_ppm) + self.curve_ppm(value)
    }

    fn curve_ppm(&self, value: u32) -> i64 {
        let after = self.knots.iter().find(|knot| knot.at >= value);
        let before = self.knots.iter().rev().find(|knot| knot.at <= value);
        match (before, after) {
            (Some(a), Some(b)) if b.at > a.at => {
                let (span, part) = (i64::from(b.at - a.at), i64::from(value - a.at));
                i64::from(a.ppm) + (i64::from(b.ppm) - i64::from(a.ppm)) * part / span
            }
            (Some(knot), _) | (None, Some(knot)) => knot.ppm.into(),
            (None, None) => 0,
        }
    }

    /// A corrected magnitude, with what a temperature adds in millionths.
    pub(super) fn apply(&self, value: u32, temperature_ppm: i64) -> u32 {
        if value == 0 {
            return 0;
        }
        let ppm = self.ppm_at(value).saturating_add(temperature_ppm);
        let product = i128::from(value) * i128::from(ppm);
        let added = (product + 500_000).div_euclid(1_000_000) + i128::from(self.offset);
        let corrected = (i128::from(value) + added).max(0);
        u32::try_from(corrected).unwrap_or(u32::MAX)
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
    pub const fn ppm_at(self, centi_c: i16) -> i64 {
        let difference = centi_c as i64 - self.reference_centi_c as i64;
        self.ppm_per_k as i64 * difference / 100
    }
}
