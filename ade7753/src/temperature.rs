//! The temperature of the chip.

use crate::register::Signed;

/// A reading of TEMP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Temperature {
    /// The register: about 1.5 a kelvin.
    pub code: Signed<8>,
}

impl Temperature {
    /// Thousandths of a degree Celsius: code/1.5 - 25 (data sheet Rev. C, page 21). Chips differ by up
    /// to 25 degrees either way; compare with a thermometer once and add the difference.
    #[must_use]
    pub const fn millicelsius(self) -> i32 {
        self.code.get() * 2_000 / 3 - 25_000
    }
}
