//! Calibration: what makes a meter of a chip.
//!
//! [`formulas`] turns measured pairs into register values. [`Procedure`] asks for the loads it needs and
//! ends in a [`Calibration`], a value to be stored and given to the driver at every start.

pub mod formulas;

mod average;
mod error;
mod gains;
mod point;
mod procedure;
mod steps;
mod stored;

pub use average::Average;
pub use error::CalibrationError;
pub use point::{Point, Reference, Step};
pub use procedure::Procedure;
pub use stored::StoreError;

use crate::register::{APOS, IRMSOS, PHCAL, Register, Signed, VAGAIN, VRMSOS, Value, WGAIN};
use crate::scale::Scale;

/// Registers that correct the chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Registers {
    /// Gain of the active power.
    pub wgain: Signed<12>,
    /// Offset of the active power.
    pub apos: Signed<16>,
    /// Phase between the channels.
    pub phcal: Signed<6>,
    /// Offset of the current.
    pub irmsos: Signed<12>,
    /// Offset of the voltage.
    pub vrmsos: Signed<12>,
    /// Gain of the apparent power.
    pub vagain: Signed<12>,
}

impl Default for Registers {
    fn default() -> Self {
        Self {
            wgain: Signed::ZERO,
            apos: Signed::ZERO,
            phcal: Signed::new(PHCAL::RESET as i32).unwrap_or(Signed::ZERO),
            irmsos: Signed::ZERO,
            vrmsos: Signed::ZERO,
            vagain: Signed::ZERO,
        }
    }
}

impl Registers {
    /// Addresses and contents.
    pub(crate) fn entries(&self) -> [(u8, u16); 6] {
        [
            (WGAIN::ADDRESS, self.wgain.to_raw()),
            (APOS::ADDRESS, self.apos.to_raw()),
            (PHCAL::ADDRESS, self.phcal.to_raw()),
            (IRMSOS::ADDRESS, self.irmsos.to_raw()),
            (VRMSOS::ADDRESS, self.vrmsos.to_raw()),
            (VAGAIN::ADDRESS, self.vagain.to_raw()),
        ]
        .map(|(address, raw)| (address, raw as u16))
    }
}

/// All that is known about one meter: the registers that correct it, and the scale that is right with
/// them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Calibration {
    /// Registers.
    pub registers: Registers,
    /// Scale.
    pub scale: Scale,
}
