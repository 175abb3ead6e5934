//! Corrections from comparisons with a reference meter.

use super::correction::{Correction, Knot};

/// What the meter said and what was right, in the same thousandths of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Pair {
    /// What the meter said.
    pub measured: u32,
    /// What the reference said at the same time.
    pub reference: u32,
}

/// How many parameters are looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Model {
    /// One factor; the right choice unless many good points say otherwise.
    #[default]
    Gain,
    /// A factor and an offset.
    GainOffset,
    /// A factor at each level that was compared, straight lines between. The pairs have to be in ascending order of
    /// what the meter said; those within 2 % of each other are one level.
    Knots,
}

/// A correction, and how good it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Fit<const K: usize = 0> {
    /// What was found.
    pub correction: Correction<K>,
    /// What is left at the points themselves, rms in millionths.
    pub rms_ppm: u32,
    /// The largest of it.
    pub max_ppm: u32,
    /// What is left at each point when it is not used for the fit, rms in millionths: what to expect of the
    /// next measurement. `None` of a single pair.
    pub leave_one_out_ppm: Option<u32>,
}

/// Why pairs give no correction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum FitError {
    /// A model needs more pairs.
    TooFew {
        /// So many.
        needed: usize,
    },
    /// A value is 0.
    Zero {
        /// Which pair, from 0.
        index: usize,
    },
    /// All pairs are at about the same level: an offset or a curve can not be told from a gain.
    Spread,
    /// The meter would be off by more than 20 %.
    Implausible {
        /// By how much, in millionths.
        gain_ppm: i64,
    },
    /// One pair does not agree with the others.
    Outlier {
        /// Which, from 0.
        index: usize,
        /// How far it is off, in millionths.
        ppm: i64,
    },
    /// The pairs are not in ascending order, or there are more levels than knots.
    Levels,
    /// The model predicts left-out points no better than a gain alone.
    NotBetter {
        /// Its error in millionths.
        model_ppm: u32,
        /// That of the gain alone.
        gain_ppm: u32,
    },
}

impl core::fmt::Display for FitError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::TooFew { needed } => write!(f, "this model needs at least {needed} pairs"),
            Self::Zero { index } => write!(f, "pair {} holds a zero", index + 1),
            Self::Spread => f.write_str(
                "all pairs are at one level: measure at less than half of it too, or fit a gain alone",
            ),
            Self::Implausible { gain_ppm } => write!(
                f,
                "the meter would be {} % off: are both meters on the same load?",
                gain_ppm / 10_000
            ),
            Self::Outlier { index, ppm } => write!(
                f,
                "pair {} is {} ppm off the others: look at it again",
                index + 1,
                ppm
            ),
            Self::Levels => f.write_str("the pairs must ascend, with no more levels than knots"),
            Self::NotBetter {
                model_ppm,
                gain_ppm,
            } => write!(
                f,
                "points left out are predicted to {model_ppm} ppm, by a gain alone to {gain_ppm} ppm: use that"
            ),
        }
    }
}

impl core::error::Error for FitError {}

/// Pairs below which an offset can not be told from scatter.
const OFFSET_PAIRS: usize = 6;
const OUTLIER_PAIRS: usize = 4;
/// A pair is an outlier beyond six times the median of the others, and half a percent.
const OUTLIER_MEDIANS: i64 = 6;
const OUTLIER_NANO: i64 = 5_000_000;
const MOST_NANO: i64 = 200_000_000;
const NANO: i128 = 1_000_000_000;

/// The correction that fits pairs best by the relative error, least squares.
///
/// # Errors
/// [`FitError`] when the pairs do not support the model: a wrong correction is worse than none.
pub fn fit<const K: usize>(pairs: &[Pair], model: Model) -> Result<Fit<K>, FitError> {
    let needed = match model {
        Model::Gain => 1,
        Model::GainOffset => OFFSET_PAIRS,
        Model::Knots => 3,
    };
    if pairs.len() < needed {
        return Err(FitError::TooFew { needed });
    }
    let is_zero = |pair: &Pair| pair.measured == 0 || pair.reference == 0;
    if let Some(index) = pairs.iter().position(is_zero) {
        return Err(FitError::Zero { index });
    }
    if model != Model::Gain {
        let measured = || pairs.iter().map(|pair| pair.measured);
        let (least, most) = (measured().min(), measured().max());
        if u64::from(most.unwrap_or(0)) < 2 * u64::from(least.unwrap_or(0)) {
            return Err(FitError::Spread);
        }
    }
    let gain_ppm = mean_error(pairs, None) / 1_000;
    if gain_ppm.abs() * 1_000 > MOST_NANO {
        return Err(FitError::Implausible { gain_ppm });
    }
    let correction = solve::<K>(pairs, model, None)?;
    let residual = |pair: &Pair| error(pair) - predicted(&correction, pair.measured);
    if let Some((index, nano)) = outlier(pairs, residual) {
        return Err(FitError::Outlier {
            index,
            ppm: nano / 1_000,
        });
    }
    let leave_one_out_ppm = leave_one_out::<K>(pairs, model)?;
    if model != Model::Gain
        && let (Some(model_ppm), Some(gain_ppm)) =
            (leave_one_out_ppm, leave_one_out::<0>(pairs, Model::Gain)?)
        && model_ppm >= gain_ppm
    {
        return Err(FitError::NotBetter {
            model_ppm,
            gain_ppm,
        });
    }
    let max = pairs.iter().map(|pair| residual(pair).unsigned_abs()).max();
    Ok(Fit {
        correction,
        rms_ppm: rms_ppm(pairs.iter().map(residual)),
        max_ppm: u32::try_from(max.unwrap_or(0) / 1_000).unwrap_or(u32::MAX),
        leave_one_out_ppm,
    })
}

/// What the meter has to be corrected by at a pair, in billionths of what it said.
fn error(pair: &Pair) -> i64 {
    let difference = i128::from(pair.reference) - i128::from(pair.measured);
    let nano = (difference * NANO).checked_div(pair.measured.into());
    // At most 2^32 times 10^9.
    i64::try_from(nano.unwrap_or_default()).unwrap_or(i64::MAX)
}

/// What a correction adds at a value, in billionths of it.
fn predicted<const K: usize>(correction: &Correction<K>, measured: u32) -> i64 {
    let of_offset = (i128::from(correction.offset) * NANO).checked_div(measured.into());
    let of_offset = i64::try_from(of_offset.unwrap_or_default()).unwrap_or(i64::MAX);
    (i64::from(correction.ppm_at(measured)) * 1_000).saturating_add(of_offset)
}

/// All pairs but one.
fn others(pairs: &[Pair], left_out: Option<usize>) -> impl Iterator<Item = &Pair> + Clone {
    let pairs = pairs.iter().enumerate();
    pairs.filter_map(move |(index, pair)| (Some(index) != left_out).then_some(pair))
}

fn mean_error(pairs: &[Pair], left_out: Option<usize>) -> i64 {
    let pairs = others(pairs, left_out);
    let count = pairs.clone().count() as i128;
    let sum: i128 = pairs.map(|pair| i128::from(error(pair))).sum();
    let mean = sum.checked_div(count).unwrap_or_default();
    i64::try_from(mean).unwrap_or(i64::MAX)
}

fn solve<const K: usize>(
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

fn leave_one_out<const K: usize>(pairs: &[Pair], model: Model) -> Result<Option<u32>, FitError> {
    if pairs.len() < 2 {
        return Ok(None);
    }
    let mut squares = 0_u128;
    for (index, pair) in pairs.iter().enumerate() {
        let correction = solve::<K>(pairs, model, Some(index))?;
        let off = error(pair) - predicted(&correction, pair.measured);
        squares += u128::from(off.unsigned_abs()).pow(2);
    }
    let rms = (squares / pairs.len() as u128).isqrt() / 1_000;
    Ok(Some(u32::try_from(rms).unwrap_or(u32::MAX)))
}

fn rms_ppm(errors: impl Iterator<Item = i64> + Clone) -> u32 {
    let count = errors.clone().count().max(1) as u128;
    let squares: u128 = errors
        .map(|nano| u128::from(nano.unsigned_abs()).pow(2))
        .sum();
    u32::try_from((squares / count).isqrt() / 1_000).unwrap_or(u32::MAX)
}

/// The pair that is furthest off, when it is far beyond the median of all.
fn outlier(pairs: &[Pair], residual: impl Fn(&Pair) -> i64) -> Option<(usize, i64)> {
    if pairs.len() < OUTLIER_PAIRS {
        return None;
    }
    let size = |pair: &Pair| residual(pair).unsigned_abs();
    // Without room to sort: the one that half of the others are not larger than.
    let rank = |pair: &Pair| {
        pairs
            .iter()
            .filter(|other| size(other) <= size(pair))
            .count()
    };
    let median = pairs
        .iter()
        .filter(|pair| rank(pair) * 2 >= pairs.len())
        .map(size)
        .min()?;
    let (index, worst) = pairs
        .iter()
        .enumerate()
        .max_by_key(|(_, pair)| size(pair))?;
    let limit = (OUTLIER_MEDIANS * i64::try_from(median).ok()?).max(OUTLIER_NANO);
    (size(worst) > limit.unsigned_abs()).then(|| (index, residual(worst)))
}
