//! What makes a reading useless for calibration.

use crate::register::name;

/// Why a reading was refused; the procedure stays where it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum CalibrationError {
    /// No window, or none with rms values.
    NoReadings,
    /// The reference has no voltage, current or power where one is needed.
    NoReference,
    /// Power flows back: the current transformer sits the wrong way round.
    Reversed,
    /// The chip would need a gain it can not have.
    GainOutOfRange,
    /// The load of the phase step is not inductive or capacitive enough.
    AngleTooSmall,
    /// The phase error is beyond what PHCAL corrects.
    PhaseOutOfReach {
        /// What would remain, in microdegrees.
        residual_udeg: i32,
    },
    /// The two points of an offset are less than a factor of two apart.
    PointsTooClose,
    /// An offset does not fit into its register.
    OffsetOutOfRange {
        /// Address of the register.
        register: u8,
    },
    /// The procedure has ended.
    Finished,
}

impl core::fmt::Display for CalibrationError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::NoReadings => f.write_str("no window with rms values was recorded"),
            Self::NoReference => f.write_str("the reference needs a voltage, a current and a power"),
            Self::Reversed => {
                f.write_str("power flows back: turn the current transformer or exchange its wires")
            }
            Self::GainOutOfRange => f.write_str(
                "the reading is off by more than the chip can correct: check burden, turns and divider of the front end",
            ),
            Self::AngleTooSmall => f.write_str(
                "the phase step needs a power factor below 0.9: use an inductive or capacitive load",
            ),
            Self::PhaseOutOfReach { residual_udeg } => write!(
                f,
                "{} thousandths of a degree remain beyond what PHCAL corrects: give the channels unequal filters",
                residual_udeg / 1_000
            ),
            Self::PointsTooClose => {
                f.write_str("the offset step needs less than half of what the gain step had")
            }
            Self::OffsetOutOfRange { register } => write!(
                f,
                "the offset does not fit into {}: check the wiring of the inputs",
                name(*register)
            ),
            Self::Finished => f.write_str("the calibration is finished"),
        }
    }
}

impl core::error::Error for CalibrationError {}
