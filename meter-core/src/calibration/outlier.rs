//! The one pair that does not agree with the others.

use super::fit::{Model, Pair};
use super::refusal::FitError;
use super::solve::{error, others, predicted, solve};

/// Pairs below which nobody can say which one is wrong.
const LEAST_PAIRS: usize = 4;
/// A pair is an outlier beyond six times the median of what the others are off, and half a percent.
const MEDIANS: u64 = 6;
const LEAST_NANO: u64 = 5_000_000;

/// The pair that is far off, and by how much in billionths.
///
/// A mean follows an outlier, and so do the others' distances from it: a gain is judged from the median of the errors,
/// a line from the one that fits best when one pair is left out. Knots follow their levels, so that there only the pairs
/// of one level can be judged.
pub(super) fn outlier(
    pairs: &[Pair],
    model: Model,
    residual: impl Fn(&Pair) -> i64 + Clone,
) -> Result<Option<(usize, i64)>, FitError> {
    if pairs.len() < LEAST_PAIRS {
        return Ok(None);
    }
    Ok(match model {
        Model::Gain => {
            let middle = median(pairs.iter().map(error)).unwrap_or_default();
            worst(pairs, move |pair| error(pair).saturating_sub(middle))
        }
        Model::GainOffset => without_one(pairs)?,
        Model::Knots => worst(pairs, residual),
    })
}

/// The pair that is furthest off, when it is far beyond the median of all.
fn worst(pairs: &[Pair], off: impl Fn(&Pair) -> i64 + Clone) -> Option<(usize, i64)> {
    let size = |pair: &Pair| off(pair).unsigned_abs();
    let usual = median(pairs.iter().map(size))?;
    let (index, pair) = pairs.iter().enumerate().max_by_key(|(_, it)| size(it))?;
    is_far(size(pair), usual).then(|| (index, off(pair)))
}

/// The pair without which the others fit best, when it is far from where they put it.
fn without_one(pairs: &[Pair]) -> Result<Option<(usize, i64)>, FitError> {
    let mut best: Option<(u128, usize, i64, u64)> = None;
    for (index, pair) in pairs.iter().enumerate() {
        let correction = solve::<0>(pairs, Model::GainOffset, Some(index))?;
        let off = |pair: &Pair| error(pair).saturating_sub(predicted(&correction, pair.measured));
        let rest = others(pairs, Some(index)).map(|pair| off(pair).unsigned_abs());
        let squares = rest.clone().fold(0_u128, |sum, size| {
            sum.saturating_add(u128::from(size).pow(2))
        });
        if best.is_none_or(|(least, ..)| squares < least) {
            let usual = median(rest).unwrap_or_default();
            best = Some((squares, index, off(pair), usual));
        }
    }
    Ok(best.and_then(|(_, index, off, usual)| {
        is_far(off.unsigned_abs(), usual).then_some((index, off))
    }))
}

const fn is_far(size: u64, usual: u64) -> bool {
    let limit = usual.saturating_mul(MEDIANS);
    size > if limit > LEAST_NANO {
        limit
    } else {
        LEAST_NANO
    }
}

/// The lower of the values in the middle. Without room to sort: the smallest that half of all are not larger than.
fn median<T: Ord + Copy>(values: impl Iterator<Item = T> + Clone) -> Option<T> {
    let count = values.clone().count();
    let rank = |value: T| values.clone().filter(|other| *other <= value).count();
    values
        .clone()
        .filter(|value| rank(*value) * 2 >= count)
        .min()
}
