//! What runs, and whose updates it takes.

use smart_meter::ota::{Chip, Device, Version};

/// The version of this package.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Public keys that updates may be signed with: `build.rs` puts them here.
const KEYS: &[[u8; 32]] = include!(concat!(env!("OUT_DIR"), "/keys.rs"));

#[cfg(feature = "esp32")]
const CHIP: Chip = Chip::Esp32;
#[cfg(feature = "esp32c3")]
const CHIP: Chip = Chip::Esp32c3;
#[cfg(feature = "esp32c6")]
const CHIP: Chip = Chip::Esp32c6;
#[cfg(feature = "esp32s3")]
const CHIP: Chip = Chip::Esp32s3;

/// This firmware.
#[must_use]
pub fn this() -> Device<'static> {
    Device {
        keys: KEYS,
        chip: CHIP,
        version: Version::parse(VERSION).unwrap_or_default(),
    }
}
