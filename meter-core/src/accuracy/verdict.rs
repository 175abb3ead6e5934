//! What a measured error says, given how well it was measured.

/// What a test says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Verdict {
    /// Within the limit, whatever the uncertainty hides.
    Pass,
    /// Beyond the limit, whatever the uncertainty hides.
    Fail,
    /// The test can not tell.
    Undecided(Undecided),
}

/// Why a test can not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Undecided {
    /// The uncertainty is more than a fifth of the limit.
    Uncertainty {
        /// The most it may be, in millionths.
        most_ppm: u32,
    },
    /// The error is nearer to the limit than it is known.
    Close,
    /// Too little was measured: nothing, or less than two steps of the counter.
    TooLittle,
}

impl core::fmt::Display for Undecided {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Uncertainty { most_ppm } => write!(
                f,
                "the test is too uncertain: it takes {most_ppm} ppm or better, so measure more energy"
            ),
            Self::Close => f.write_str(
                "the error is as near to the limit as it is uncertain: measure more energy",
            ),
            Self::TooLittle => f.write_str("nothing to speak of was measured: measure more energy"),
        }
    }
}

/// Judges an error that is known to within an uncertainty (expanded, k = 2), all in millionths.
#[must_use]
pub const fn judge(error_ppm: i32, uncertainty_ppm: u32, limit_ppm: u32) -> Verdict {
    if uncertainty_ppm > limit_ppm / 5 {
        return Verdict::Undecided(Undecided::Uncertainty {
            most_ppm: limit_ppm / 5,
        });
    }
    let error = error_ppm.unsigned_abs();
    if error.saturating_add(uncertainty_ppm) <= limit_ppm {
        Verdict::Pass
    } else if error.saturating_sub(uncertainty_ppm) > limit_ppm {
        Verdict::Fail
    } else {
        Verdict::Undecided(Undecided::Close)
    }
}

/// What the steps of two counters leave open of a comparison over an energy, expanded (k = 2) in millionths; `None` below
/// two steps.
///
/// A reading lies anywhere within a step, and an energy is the difference of two: each counter adds a triangle of a
/// step to either side, of standard deviation step/√6 (GUM 4.3.9). The reference's own expanded uncertainty is added by
/// its square; the sum is rounded up.
#[must_use]
pub fn energy_uncertainty_ppm(
    energy_mwh: u64,
    step_mwh: u32,
    reference_step_mwh: u32,
    reference_ppm: u32,
) -> Option<u32> {
    if energy_mwh == 0 || energy_mwh < 2 * u64::from(step_mwh.max(reference_step_mwh)) {
        return None;
    }
    // The square of twice the deviation is two thirds of that of the share, 10^12 in millionths.
    let of_steps = u128::from(step_mwh).pow(2) + u128::from(reference_step_mwh).pow(2);
    let of_steps = (of_steps * 2_000_000_000_000 / 3).checked_div(u128::from(energy_mwh).pow(2))?;
    let squares = of_steps + u128::from(reference_ppm).pow(2);
    u32::try_from(squares.isqrt() + 1).ok()
}

/// Whether a meter has started: at its starting current it has to register something. An energy below two steps
/// within a time that should give ten leaves no doubt.
#[must_use]
pub fn judge_start(registered_steps: u64, expected_steps: u64) -> Verdict {
    if registered_steps >= 2 {
        Verdict::Pass
    } else if expected_steps >= 10 {
        Verdict::Fail
    } else {
        Verdict::Undecided(Undecided::TooLittle)
    }
}
