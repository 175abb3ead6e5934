//! Integrals of power.

use super::register::Register;
use super::registers::Registers;
use crate::reading::Reading;

/// Powers between which an integral runs.
///
/// Kept for every meter, in 12 bytes: values that are never reached stand for none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(super) struct Powers {
    active_mw: i32,
    /// Reactive power, or the non-active power of a meter that does not measure it.
    other_mvar: i32,
    /// With [`REACTIVE`] in its highest bit.
    apparent_mva: u32,
}

const NO_POWER: i32 = i32::MIN;
const NO_APPARENT: u32 = i32::MAX as u32;
/// What the other power is.
const REACTIVE: u32 = 1 << 31;

impl Powers {
    pub(super) const NONE: Self = Self {
        active_mw: NO_POWER,
        other_mvar: NO_POWER,
        apparent_mva: NO_APPARENT,
    };

    pub(super) fn of(reading: &Reading) -> Self {
        let apparent = reading.apparent_mva().filter(|mva| *mva < NO_APPARENT);
        let apparent_mva = apparent.unwrap_or(NO_APPARENT);
        let active_mw = reading.power_mw.unwrap_or(NO_POWER);
        let (other_mvar, tag) = match (reading.reactive_mvar, reading.power_mw, apparent) {
            (Some(mvar), ..) => (mvar, REACTIVE),
            (None, Some(mw), Some(mva)) => (nonactive_mvar(mva, mw), 0),
            _ => (NO_POWER, 0),
        };
        Self {
            active_mw,
            other_mvar,
            apparent_mva: apparent_mva | tag,
        }
    }

    /// Whether the active power is known.
    pub(super) const fn is_active(&self) -> bool {
        self.active_mw != NO_POWER
    }

    const fn apparent_mva(&self) -> Option<u32> {
        match self.apparent_mva & !REACTIVE {
            NO_APPARENT => None,
            mva => Some(mva),
        }
    }

    /// Import and export between these and later ones, in half milliwatt-milliseconds; `None` without a
    /// power at both ends.
    pub(super) const fn active(&self, later: &Self, elapsed_ms: u32) -> Option<[u64; 2]> {
        let (a, b) = (self.active_mw, later.active_mw);
        if a == NO_POWER || b == NO_POWER {
            return None;
        }
        // The positive parts of two powers, each over half the time: their mean where both have one sign.
        let (import, export) = (positive(a) + positive(b), positive(-a) + positive(-b));
        Some([times(import, elapsed_ms), times(export, elapsed_ms)])
    }

    /// Adds apparent energy, and reactive or non-active energy, between these and later ones. The time is below
    /// 2^31 milliseconds, so that no product is beyond 64 bits.
    pub(super) fn add_others(&self, later: &Self, elapsed_ms: u32, registers: &mut Registers) {
        if let (Some(a), Some(b)) = (self.apparent_mva(), later.apparent_mva()) {
            registers.apparent.add(times(a + b, elapsed_ms));
        }
        let is_reactive = self.apparent_mva & REACTIVE;
        if is_reactive != later.apparent_mva & REACTIVE
            || self.other_mvar == NO_POWER
            || later.other_mvar == NO_POWER
        {
            return;
        }
        if is_reactive == 0 {
            let sum = positive(self.other_mvar) + positive(later.other_mvar);
            registers.nonactive.add(times(sum, elapsed_ms));
            return;
        }
        for powers in [self, later] {
            if powers.active_mw != NO_POWER {
                let [q1, q2, q3, q4] = &mut registers.quadrants;
                let quadrant: &mut Register = match (powers.active_mw < 0, powers.other_mvar < 0) {
                    (false, false) => q1,
                    (true, false) => q2,
                    (true, true) => q3,
                    (false, true) => q4,
                };
                quadrant.add(times(powers.other_mvar.unsigned_abs(), elapsed_ms));
            }
        }
    }
}

const fn positive(power: i32) -> u32 {
    if power > 0 { power.unsigned_abs() } else { 0 }
}

const fn times(power: u32, elapsed_ms: u32) -> u64 {
    power as u64 * elapsed_ms as u64
}

/// The root of S^2 - P^2 (IEEE 1459: non-active power N).
const fn nonactive_mvar(apparent_mva: u32, active_mw: i32) -> i32 {
    let active = active_mw.unsigned_abs();
    let Some(difference) = apparent_mva.checked_sub(active) else {
        return 0;
    };
    // Of two numbers of 31 bits.
    let square = difference as u64 * (apparent_mva + active) as u64;
    square.isqrt() as i32
}
