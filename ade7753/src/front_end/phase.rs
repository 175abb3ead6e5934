//! The phase error of the parts, and how much of it the chip takes away.

use crate::register::{PHCAL, Register, Signed};

/// The phase error of a front end, and what PHCAL can do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct PhaseBudget {
    /// By how much the current leads at the chip when it is in phase on the line, in microdegrees:
    /// lead of the current sensor less lead of the voltage sensor less the difference of the filters'
    /// lags.
    pub lead_udeg: i32,
    /// The setting that comes nearest.
    pub phcal: Signed<6>,
    /// The lead that remains, in microdegrees: up to half a step of 0.04 degrees when PHCAL reaches it.
    pub residual_udeg: i32,
}

impl PhaseBudget {
    /// The budget for a known lead at a line period of `period` steps of 8/CLKIN (data sheet Rev. C, Eq.
    /// 60: PHCAL moves by the phase times PERIOD/360).
    #[must_use]
    pub const fn new(lead_udeg: i32, period: u16) -> Self {
        Self::from_present(PHCAL::RESET as i32, lead_udeg, period)
    }

    pub(crate) const fn from_present(present: i32, lead_udeg: i32, period: u16) -> Self {
        const CIRCLE_UDEG: i64 = 360_000_000;
        let wanted = lead_udeg as i64 * period as i64;
        let half = if wanted < 0 {
            -CIRCLE_UDEG / 2
        } else {
            CIRCLE_UDEG / 2
        };
        let steps = (wanted + half) / CIRCLE_UDEG;
        let target = present as i64 - steps;
        // -31 to 31: page 27 and Eq. 60.
        let reached = if target < -31 {
            -31
        } else if target > 31 {
            31
        } else {
            target
        };
        let corrected = (present as i64 - reached) * CIRCLE_UDEG;
        let corrected = match corrected.checked_div(period as i64) {
            Some(udeg) => udeg,
            None => 0,
        };
        Self {
            lead_udeg,
            phcal: match Signed::from_i64(reached) {
                Some(phcal) => phcal,
                None => Signed::ZERO,
            },
            residual_udeg: (lead_udeg as i64 - corrected) as i32,
        }
    }

    /// Whether PHCAL reaches the error. If not, give the channels unequal filters: 1 kohm with 150 nF
    /// at channel 1 and 33 nF at channel 2 take off 2.1 degrees at 50 Hz.
    #[must_use]
    pub const fn is_within_reach(&self) -> bool {
        // A step is at most 0.056 degrees, at 70 Hz; half of that remains at best.
        self.residual_udeg.unsigned_abs() <= 28_500
    }
}

impl core::fmt::Display for PhaseBudget {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let mdeg = |udeg: i32| (udeg / 1_000_000, (udeg.unsigned_abs() / 1_000) % 1_000);
        let sign = |udeg: i32| {
            if udeg < 0 && udeg > -1_000_000 {
                "-"
            } else {
                ""
            }
        };
        let (lead, residual) = (mdeg(self.lead_udeg), mdeg(self.residual_udeg));
        write!(
            f,
            "current leads by {}{}.{:03} degrees, PHCAL {} leaves {}{}.{:03}",
            sign(self.lead_udeg),
            lead.0,
            lead.1,
            self.phcal.get(),
            sign(self.residual_udeg),
            residual.0,
            residual.1
        )?;
        if self.is_within_reach() {
            return Ok(());
        }
        f.write_str(": beyond what PHCAL corrects, give the channels unequal filters")
    }
}
