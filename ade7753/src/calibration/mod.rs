//! Calibration: what makes a meter of a chip.
//!
//! [`formulas`] turns measured pairs into register values. [`Procedure`] asks for the loads it needs and
//! ends in a [`Calibration`], a value to be stored and given to the driver at every start.

pub mod formulas;

mod average;
mod error;
mod point;
mod procedure;
mod stored;

pub use average::Average;
pub use error::CalibrationError;
pub use point::{Point, Reference, Step};
pub use procedure::Procedure;
pub use stored::StoreError;

use crate::register::{PHCAL, Register, Signed};
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
