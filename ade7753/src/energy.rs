//! Energy through the registers that run freely and are read with a reset.

use crate::error::Failure;
use crate::register::Events;

/// What came in since the registers were read last, in steps of AENERGY and VAENERGY.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct EnergyDelta {
    /// Active energy, negative when it flowed back.
    pub active: i32,
    /// Apparent energy.
    pub apparent: u32,
    /// A register was more than half full: read more often.
    pub half_full: bool,
    /// A read with reset was disturbed, and what the register had held right before was taken
    /// instead: low by what came in between, a tenth of a millisecond.
    pub salvaged: bool,
}

/// Energy since the driver was made, in steps of AENERGY and VAENERGY. At full scale there are 22 372 a
/// second: these counters do not end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct EnergyTotals {
    /// Active energy that was taken in.
    pub imported: u64,
    /// Active energy that flowed back.
    pub exported: u64,
    /// Apparent energy.
    pub apparent: u64,
}

impl EnergyTotals {
    /// Adds what came in. Deltas are sorted by their own sign: what flows both ways between two reads
    /// is seen as the difference.
    pub(crate) const fn add(&mut self, delta: &EnergyDelta) {
        let steps = delta.active.unsigned_abs() as u64;
        if delta.active < 0 {
            self.exported = self.exported.saturating_add(steps);
        } else {
            self.imported = self.imported.saturating_add(steps);
        }
        self.apparent = self.apparent.saturating_add(delta.apparent as u64);
    }

    /// Imported less exported energy.
    #[must_use]
    pub const fn net(&self) -> i64 {
        self.imported.wrapping_sub(self.exported).cast_signed()
    }
}

/// Judges the flags that were up when the registers were read.
pub(crate) const fn judge(flags: Events) -> Result<bool, Failure> {
    if !flags.common(Events::AEOF.with(Events::VAEOF)).is_empty() {
        return Err(Failure::EnergyOverflow);
    }
    Ok(!flags.common(Events::AEHF.with(Events::VAEHF)).is_empty())
}
