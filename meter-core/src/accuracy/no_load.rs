//! The no-load test: a meter must not creep.

use super::limits::AccuracyClass;
use super::verdict::{Undecided, Verdict};

/// Which edition's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum NoLoadEdition {
    /// IEC 62053-21:2003, by the largest current.
    By2003,
    /// IEC 62053-21:2020, by the starting current.
    By2020,
}

/// A test at 115 % (2020: 110 %) of the nominal voltage with the current path open.
///
/// The constants of the times (600 and 480 million by the largest current, 240 thousand by the starting current) are
/// the usual ones and could not be checked against the texts of the standards. A longer test is a stricter one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct NoLoad {
    /// The edition.
    pub edition: NoLoadEdition,
    /// The class.
    pub class: AccuracyClass,
    /// Pulses, or steps of the counter, in a kilowatt-hour.
    pub pulses_per_kwh: u32,
    /// Phases that are measured.
    pub phases: u8,
    /// Nominal voltage in millivolts; of the 2020 edition the voltage of the test.
    pub voltage_mv: u32,
    /// Largest current in milliamperes; of the 2020 edition the starting current.
    pub current_ma: u32,
}

impl NoLoad {
    /// The least time of the test in seconds; `None` when a value is 0.
    #[must_use]
    pub fn least_s(&self) -> Option<u64> {
        let constant: u128 = match (self.edition, self.class) {
            (NoLoadEdition::By2003, AccuracyClass::One) => 600_000_000,
            (NoLoadEdition::By2003, AccuracyClass::Two) => 480_000_000,
            (NoLoadEdition::By2020, _) => 240_000,
        };
        let power_uw = u128::from(self.voltage_mv) * u128::from(self.current_ma);
        let rate = u128::from(self.pulses_per_kwh) * u128::from(self.phases) * power_uw;
        // Minutes by watts, seconds by microwatts.
        if rate == 0 {
            return None;
        }
        u64::try_from((constant * 60 * 1_000_000).div_ceil(rate)).ok()
    }

    /// Judges so many pulses in a time: one is allowed.
    #[must_use]
    pub fn judge(&self, pulses: u32, elapsed_s: u64) -> Verdict {
        if pulses > 1 {
            return Verdict::Fail;
        }
        match self.least_s() {
            Some(least_s) if elapsed_s >= least_s => Verdict::Pass,
            _ => Verdict::Undecided(Undecided::TooLittle),
        }
    }
}
