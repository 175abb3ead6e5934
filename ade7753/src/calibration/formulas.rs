//! From measured pairs to register values: pure functions, each with its source.
//!
//! The data sheet rounds to nearest (its "INT" makes 480 of 479.86), with one exception that does not
//! fit its own numbers: the -671.43 of page 43, printed as -672.

use crate::angle::{ONE, atan_udeg};
use crate::register::{Signed, Unsigned};

/// `numerator / denominator`, rounded to nearest.
pub(super) const fn quotient(numerator: i128, denominator: i128) -> Option<i128> {
    if denominator == 0 {
        return None;
    }
    let half = denominator.abs() / 2;
    let half = if (numerator < 0) != (denominator < 0) {
        -half
    } else {
        half
    };
    let half = if denominator < 0 { -half } else { half };
    (numerator + half).checked_div(denominator)
}

const fn narrow(value: Option<i128>) -> Option<i64> {
    match value {
        Some(value) if value >= i64::MIN as i128 && value <= i64::MAX as i128 => Some(value as i64),
        _ => None,
    }
}

/// CFDEN for a pulse output of `expected_uhz` where the chip makes `nominal_uhz` (both in
/// microhertz, at the same load; page 40, Eq. 44). `None` when it does not fit.
#[must_use]
pub const fn cfden(
    nominal_uhz: u64,
    expected_uhz: u64,
    cfnum: Unsigned<12>,
) -> Option<Unsigned<12>> {
    let wanted = nominal_uhz as i128 * (cfnum.get() as i128 + 1);
    match narrow(quotient(wanted, expected_uhz as i128)) {
        Some(divider) if divider >= 1 && divider <= 4_096 => Unsigned::new(divider as u32 - 1),
        _ => None,
    }
}

/// Steps of LAENERGY in a window: `expected_uhz` pulses a second of `(CFDEN+1)/(CFNUM+1)` steps each
/// (page 41, Eq. 48, without WDIV, which this driver leaves at 0).
#[must_use]
pub const fn laenergy_expected(
    expected_uhz: u64,
    additions: u32,
    clkin_hz: u32,
    cfnum: Unsigned<12>,
    cfden: Unsigned<12>,
) -> Option<i64> {
    let steps = expected_uhz as i128 * additions as i128 * 4 * (cfden.get() as i128 + 1);
    narrow(quotient(
        steps,
        clkin_hz as i128 * 1_000_000 * (cfnum.get() as i128 + 1),
    ))
}

/// WGAIN or VAGAIN that turns `measured` into `expected`, when `present` was in force: the gain is 1 +
/// register/4096 (pages 29 and 41, Eq. 47). `None` beyond -50 % and +49.98 %.
#[must_use]
pub const fn gain(present: Signed<12>, expected: i64, measured: i64) -> Option<Signed<12>> {
    let numerator = (4_096 + present.get() as i128) * expected as i128;
    match narrow(quotient(numerator, measured as i128)) {
        Some(gain) => Signed::from_i64(gain - 4_096),
        None => None,
    }
}

/// WGAIN for a meter that reads `error_ppm` too much. The data sheet divides the error by 0.0244 %
/// (page 40, Eq. 46), which at 3 % leaves an error of 0.09 %; this is exact.
#[must_use]
pub const fn gain_from_error(present: Signed<12>, error_ppm: i32) -> Option<Signed<12>> {
    gain(present, 1_000_000, 1_000_000 + error_ppm as i64)
}

/// Steps of AENERGY a second beyond the expected ones, in thousand millionths, for an
/// error of the pulse output (page 42, Eq. 52).
#[must_use]
pub const fn error_rate(
    cf_error_nhz: i64,
    cfnum: Unsigned<12>,
    cfden: Unsigned<12>,
) -> Option<i64> {
    let rate = cf_error_nhz as i128 * (cfden.get() as i128 + 1);
    narrow(quotient(rate, cfnum.get() as i128 + 1))
}

/// The change of APOS that takes `rate` thousand millionths of an AENERGY step a second away (page 42, Eq.
/// 49: 2^35/CLKIN a step).
#[must_use]
pub const fn apos_from_rate(rate: i64, clkin_hz: u32) -> Option<Signed<16>> {
    let wanted = -(rate as i128) * (1 << 35);
    match narrow(quotient(wanted, clkin_hz as i128 * 1_000_000_000)) {
        Some(apos) => Signed::from_i64(apos),
        None => None,
    }
}

/// APOS that turns `measured` steps of LAENERGY in a window into `expected`, when `present` was in
/// force (page 43, Eq. 54 and 55; a step of APOS is 2^-8 of a code, a step of LAENERGY 2^25).
#[must_use]
pub const fn apos(
    present: Signed<16>,
    expected: i64,
    measured: i64,
    additions: u64,
) -> Option<Signed<16>> {
    let wanted = (expected as i128 - measured as i128) * (1 << 33);
    match narrow(quotient(wanted, additions as i128)) {
        Some(change) => Signed::from_i64(present.get() as i64 + change),
        None => None,
    }
}

/// The phase error in microdegrees, negative when the current leads at the chip, by the error of the
/// active power in thousand millionths at a load whose tangent of the phase angle is `tangent` (in
/// millionths, positive when it lags), after the gain was set at a power factor of 1.
///
/// Exact: setting the gain took the cosine of the phase error along, so that the power is off by
/// tan(load) * tan(error). The data sheet has an arc sine for 60 degrees only (page 44, Eq. 58).
#[must_use]
pub fn phase_error_udeg(error_billionths: i64, tangent: i64) -> Option<i32> {
    let wanted = -i128::from(error_billionths) * i128::from(ONE);
    let x = narrow(quotient(wanted, i128::from(tangent) * 1_000))?;
    Some(atan_udeg(x))
}

/// IRMSOS by two currents and what IRMS made of them, when `present` was in force: IRMS squared grows
/// by 32768 a step (page 46, Eq. 67).
#[must_use]
pub const fn irmsos(
    present: Signed<12>,
    first: (u32, u32),
    second: (u32, u32),
) -> Option<Signed<12>> {
    let (i1, i2) = ((first.0 as i128).pow(2), (second.0 as i128).pow(2));
    let (r1, r2) = ((first.1 as i128).pow(2), (second.1 as i128).pow(2));
    match narrow(quotient(i1 * r2 - i2 * r1, (i2 - i1) * 32_768)) {
        Some(change) => Signed::from_i64(present.get() as i64 + change),
        None => None,
    }
}

/// VRMSOS by two voltages and what VRMS made of them, when `present` was in force (page 46, Eq. 64).
#[must_use]
pub const fn vrmsos(
    present: Signed<12>,
    first: (u32, u32),
    second: (u32, u32),
) -> Option<Signed<12>> {
    let wanted = first.0 as i128 * second.1 as i128 - second.0 as i128 * first.1 as i128;
    match narrow(quotient(wanted, second.0 as i128 - first.0 as i128)) {
        Some(change) => Signed::from_i64(present.get() as i64 + change),
        None => None,
    }
}
