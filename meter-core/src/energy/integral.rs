//! Integrals of power.

use super::register::Register;
use super::state::Registers;
use crate::reading::Reading;

/// Powers between which an integral runs.
///
/// Kept for every meter, so the values that are never reached stand for none: 12 bytes instead of 24.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(super) struct Powers {
    active_mw: i32,
    reactive_mvar: i32,
    apparent_mva: u32,
}

impl Powers {
    pub(super) const NONE: Self = Self {
        active_mw: i32::MIN,
        reactive_mvar: i32::MIN,
        apparent_mva: u32::MAX,
    };

    pub(super) fn of(reading: &Reading) -> Self {
        let apparent_mva = reading.apparent_mva();
        Self {
            active_mw: reading.power_mw.unwrap_or(i32::MIN),
            reactive_mvar: reading.reactive_mvar.unwrap_or(i32::MIN),
            apparent_mva: apparent_mva
                .and_then(|mva| u32::try_from(mva).ok())
                .unwrap_or(u32::MAX),
        }
    }

    const fn active_mw(&self) -> Option<i32> {
        signed(self.active_mw)
    }

    const fn reactive_mvar(&self) -> Option<i32> {
        signed(self.reactive_mvar)
    }

    const fn apparent_mva(&self) -> Option<u32> {
        match self.apparent_mva {
            u32::MAX => None,
            mva => Some(mva),
        }
    }

    /// Import and export between these and later ones, in half milliwatt-milliseconds; `None` without a
    /// power at both ends.
    pub(super) fn active(&self, later: &Self, elapsed_ms: u64) -> Option<[u64; 2]> {
        let (a, b) = (self.active_mw()?, later.active_mw()?);
        let import = halves(a, b, elapsed_ms);
        let export = halves(a.saturating_neg(), b.saturating_neg(), elapsed_ms);
        Some([import, export])
    }

    /// Adds apparent energy, and reactive or non-active energy, between these and later ones.
    pub(super) fn add_others(&self, later: &Self, elapsed_ms: u64, registers: &mut Registers) {
        if let (Some(a), Some(b)) = (self.apparent_mva(), later.apparent_mva()) {
            let sum = u64::from(a) + u64::from(b);
            registers.apparent.add(sum.saturating_mul(elapsed_ms));
        }
        for (powers, other) in [(self, later), (later, self)] {
            match (
                powers.active_mw(),
                powers.reactive_mvar(),
                other.reactive_mvar(),
            ) {
                (Some(active), Some(reactive), Some(_)) => {
                    let [q1, q2, q3, q4] = &mut registers.quadrants;
                    let quadrant: &mut Register = match (active < 0, reactive < 0) {
                        (false, false) => q1,
                        (true, false) => q2,
                        (true, true) => q3,
                        (false, true) => q4,
                    };
                    quadrant.add(u64::from(reactive.unsigned_abs()).saturating_mul(elapsed_ms));
                }
                (Some(active), None, None) => {
                    if let (Some(apparent), Some(_)) = (powers.apparent_mva(), other.apparent_mva())
                    {
                        let mvar = nonactive_mvar(apparent, active);
                        registers.nonactive.add(mvar.saturating_mul(elapsed_ms));
                    }
                }
                _ => {}
            }
        }
    }
}

const fn signed(value: i32) -> Option<i32> {
    match value {
        i32::MIN => None,
        value => Some(value),
    }
}

/// Half milliwatt-milliseconds of the positive parts of two powers, each over half the time: their
/// mean where both have one sign.
const fn halves(a_mw: i32, b_mw: i32, elapsed_ms: u64) -> u64 {
    let a = if a_mw > 0 {
        a_mw.unsigned_abs() as u64
    } else {
        0
    };
    let b = if b_mw > 0 {
        b_mw.unsigned_abs() as u64
    } else {
        0
    };
    (a + b).saturating_mul(elapsed_ms)
}

/// The root of S^2 - P^2 (IEEE 1459: non-active power N).
const fn nonactive_mvar(apparent_mva: u32, active_mw: i32) -> u64 {
    let (apparent, active) = (apparent_mva as u64, active_mw.unsigned_abs() as u64);
    (apparent * apparent)
        .saturating_sub(active * active)
        .isqrt()
}
