//! Gains, and how chip and scale share them.

use super::CalibrationError;
use crate::factor::Factor;
use crate::register::Signed;

/// Gains that are needed, exactly; the registers take what fits into 12 bits, the scale the rest.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(super) struct Gains {
    pub(super) active: Factor,
    pub(super) apparent: Factor,
}

pub(super) fn ratio(numerator: u64, denominator: u64) -> Result<Factor, CalibrationError> {
    match Factor::ratio(numerator, denominator) {
        Some(factor) if denominator > 0 => Ok(factor),
        _ => Err(CalibrationError::NoReadings),
    }
}

/// A gain as the register that comes nearest, and the scale with what remains.
pub(super) fn split(
    gain: Factor,
    nominal: Factor,
) -> Result<(Signed<12>, Factor), CalibrationError> {
    let register =
        Signed::from_i64(gain.times(4_096, 0) - 4_096).ok_or(CalibrationError::GainOutOfRange)?;
    let in_force = (4_096 + register.get()).unsigned_abs();
    let scale = nominal
        .product(gain)
        .and_then(|scale| scale.scaled(4_096, in_force.into()))
        .ok_or(CalibrationError::GainOutOfRange)?;
    Ok((register, scale))
}
