//! Least squares over pairs.

use super::correction::{Correction, Knot};
use super::fit::{Model, Pair};
use super::refusal::FitError;

const NANO: i128 = 1_000_000_000;

/// What the meter has to be corrected by at a pair, in billionths of what it said.
pub(super) fn error(pair: &Pair) -> i64 {
    let difference = i128::from(pair.reference) - i128::from(pair.measured);
    let nano = (difference * NANO).checked_div(pair.measured.into());
    // What is off a thousandfold is refused whatever it is exactly, and no sum overflows.
    let limited = nano.unwrap_or_default().min(1_000 * NANO);
    i64::try_from(limited).unwrap_or(i64::MAX)
}

/// What a correction adds at a value, in billionths of it.
pub(super) fn predicted<const K: usize>(correction: &Correction<K>, measured: u32) -> i64 {
    let of_offset = (i128::from(correction.offset) * NANO).checked_div(measured.into());
    let of_offset = i64::try_from(of_offset.unwrap_or_default()).unwrap_or(i64::MAX);
    (i64::from(correction.ppm_at(measured)) * 1_000).saturating_add(of_offset)
}

/// All pairs but one.
pub(super) fn others(
    pairs: &[Pair],
    left_out: Option<usize>,
) -> impl Iterator<Item = &Pair> + Clone {
    let pairs = pairs.iter().enumerate();
    pairs.filter_map(move |(index, pair)| (Some(index) != left_out).then_some(pair))
}

pub(super) fn mean_error(pairs: &[Pair], left_out: Option<usize>) -> i64 {
    let pairs = others(pairs, left_out);
    let count = pairs.clone().count() as i128;
    let sum: i128 = pairs.map(|pair| i128::from(error(pair))).sum();
    let mean = sum.checked_div(count).unwrap_or_default();
    i64::try_from(mean).unwrap_or(i64::MAX)
}

pub(super) fn solve<const K: usize>(
    pairs: &[Pair],
    model: Model,
    left_out: Option<usize>,
) -> Result<Correction<K>, FitError> {
    let mut correction = Correction::NONE;
    match model {
        Model::Gain => correction.gain_ppm = ppm(mean_error(pairs, left_out)),
        Model::GainOffset => {
            let (gain_nano, offset) = line(pairs, left_out);
            correction.gain_ppm = ppm(gain_nano);
            correction.offset = offset;
        }
        Model::Knots => correction.knots = knots(pairs, left_out)?,
    }
    Ok(correction)
}

fn ppm(nano: i64) -> i32 {
    i32::try_from((nano + 500).div_euclid(1_000)).unwrap_or(i32::MAX)
}

/// The straight line through the errors over the reciprocal of the value: its level is the gain, its slope the
/// offset.
fn line(pairs: &[Pair], left_out: Option<usize>) -> (i64, i32) {
    // Reciprocals in 10^-15: those of thousandths of volts and amperes have some nine digits.
    let reciprocal = |pair: &Pair| 10_i128.pow(15) / i128::from(pair.measured.max(1));
    let pairs = others(pairs, left_out);
    let count = (pairs.clone().count() as i128).max(1);
    let mean_x = pairs.clone().map(reciprocal).sum::<i128>() / count;
    let mean_y = pairs
        .clone()
        .map(|pair| i128::from(error(pair)))
        .sum::<i128>()
        / count;
    let (mut xx, mut xy) = (0_i128, 0_i128);
    for pair in pairs {
        let x = reciprocal(pair) - mean_x;
        xx += x * x;
        xy += x * (i128::from(error(pair)) - mean_y);
    }
    // An error in billionths over a reciprocal in 10^-15 is a millionth of the offset.
    let offset = (xy * 1_000_000).checked_div(xx).unwrap_or_default();
    let gain = mean_y - offset * mean_x / 1_000_000;
    (
        i64::try_from(gain).unwrap_or(i64::MAX),
        i32::try_from(offset).unwrap_or(i32::MAX),
    )
}

/// A knot for each level: the mean of its values and of their errors.
fn knots<const K: usize>(pairs: &[Pair], left_out: Option<usize>) -> Result<[Knot; K], FitError> {
    let mut knots = [Knot::default(); K];
    let mut slots = knots.iter_mut();
    let mut pairs = others(pairs, left_out).peekable();
    let mut last = Knot::default();
    while let Some(first) = pairs.next() {
        let (mut sum, mut errors, mut count) = (u64::from(first.measured), error(first), 1);
        let near = u64::from(first.measured) * 102 / 100;
        while let Some(pair) = pairs.next_if(|pair| u64::from(pair.measured) <= near) {
            sum += u64::from(pair.measured);
            errors = errors.saturating_add(error(pair));
            count += 1;
        }
        let at = u32::try_from(sum / count).unwrap_or(u32::MAX);
        let mean = errors / count.cast_signed();
        if at <= last.at {
            return Err(FitError::Levels);
        }
        last = Knot { at, ppm: ppm(mean) };
        *slots.next().ok_or(FitError::Levels)? = last;
    }
    // Knots that are left over repeat the last one, and change nothing.
    slots.for_each(|slot| *slot = last);
    Ok(knots)
}

pub(super) fn leave_one_out<const K: usize>(
    pairs: &[Pair],
    model: Model,
) -> Result<Option<u32>, FitError> {
    if pairs.len() < 2 {
        return Ok(None);
    }
    let mut squares = 0_u128;
    for (index, pair) in pairs.iter().enumerate() {
        let correction = solve::<K>(pairs, model, Some(index))?;
        let off = error(pair) - predicted(&correction, pair.measured);
        squares = squares.saturating_add(u128::from(off.unsigned_abs()).pow(2));
    }
    let rms = (squares / pairs.len() as u128).isqrt() / 1_000;
    Ok(Some(u32::try_from(rms).unwrap_or(u32::MAX)))
}

pub(super) fn rms_ppm(errors: impl Iterator<Item = i64> + Clone) -> u32 {
    let count = errors.clone().count().max(1) as u128;
    let squares: u128 = errors
        .map(|nano| u128::from(nano.unsigned_abs()).pow(2))
        .fold(0, u128::saturating_add);
    u32::try_from((squares / count).isqrt() / 1_000).unwrap_or(u32::MAX)
}
