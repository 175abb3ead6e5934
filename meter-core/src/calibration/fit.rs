//! Corrections from comparisons with a reference meter.

use super::correction::Correction;
use super::outlier::outlier;
use super::refusal::FitError;
use super::solve::{error, leave_one_out, mean_error, predicted, rms_ppm, solve};

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

/// Pairs below which an offset can not be told from scatter.
const OFFSET_PAIRS: usize = 6;
const MOST_NANO: i64 = 200_000_000;

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
    if model == Model::Knots && !pairs.is_sorted_by_key(|pair| pair.measured) {
        return Err(FitError::Levels);
    }
    let correction = solve::<K>(pairs, model, None)?;
    let residual = |pair: &Pair| error(pair) - predicted(&correction, pair.measured);
    if let Some((index, nano)) = outlier(pairs, model, residual)? {
        return Err(FitError::Outlier {
            index,
            ppm: nano / 1_000,
        });
    }
    let gain_ppm = mean_error(pairs, None) / 1_000;
    if gain_ppm.abs() * 1_000 > MOST_NANO {
        return Err(FitError::Implausible { gain_ppm });
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
