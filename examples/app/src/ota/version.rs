//! Versions of firmware.

use core::fmt;

use serde::{Deserialize, Serialize};

/// A version, such as 1.4.0; the later one is the larger.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Version {
    /// Counts up when something has to be done by hand.
    pub major: u16,
    /// Counts up with what is new.
    pub minor: u16,
    /// Counts up with what is repaired.
    pub patch: u16,
}

impl Version {
    /// A version.
    #[must_use]
    pub const fn new(major: u16, minor: u16, patch: u16) -> Self {
        Self {
            major,
            minor,
            patch,
        }
    }

    /// Reads `1.4.0`. Nothing may stand before or behind it: what a pre-release is later than is not for a meter to
    /// decide.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.').map(|part| {
            let is_number = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then(|| part.parse().ok()).flatten()
        });
        let (major, minor, patch) = (parts.next()??, parts.next()??, parts.next()??);
        parts
            .next()
            .is_none()
            .then_some(Self::new(major, minor, patch))
    }

    /// As one number, in whose order they are: 16 bits for each part.
    #[must_use]
    pub const fn number(self) -> i64 {
        (self.major as i64) << 32 | (self.minor as i64) << 16 | self.patch as i64
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}
