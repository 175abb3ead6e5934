//! What the chip is and can do with itself.

use esp_hal::efuse;
use esp_hal::rng::Rng;
use esp_hal::system;
use meter_core::health::ResetCause;
use smart_meter::platform::Machine;

/// The chip.
#[derive(Clone, Copy, Debug, Default)]
pub struct Chip;

impl Machine for Chip {
    fn random(&mut self) -> u32 {
        Rng::new().random()
    }

    fn mac(&self) -> [u8; 6] {
        let mut mac = [0; 6];
        let address = efuse::base_mac_address();
        for (to, from) in mac.iter_mut().zip(address.as_bytes()) {
            *to = *from;
        }
        mac
    }

    #[cfg(feature = "heap")]
    fn heap(&self) -> Option<(u32, u32)> {
        let free = esp_alloc::HEAP.free();
        let size = free + esp_alloc::HEAP.used();
        let least = size - esp_alloc::HEAP.stats().max_usage;
        Some((free as u32, least as u32))
    }

    fn reset_cause(&self) -> ResetCause {
        // The numbers mean the same on all of these chips: ESP-IDF, `soc/reset_reasons.h` of each.
        match system::reset_reason().map(|reason| reason as u32) {
            Some(0x01) => ResetCause::PowerOn,
            Some(0x03 | 0x0C) => ResetCause::Software,
            Some(0x05) => ResetCause::Wake,
            Some(0x07..=0x09 | 0x0B | 0x0D | 0x10 | 0x12) => ResetCause::Watchdog,
            Some(0x0F) => ResetCause::BrownOut,
            _ => ResetCause::Unknown,
        }
    }

    fn restart(&mut self) -> ! {
        system::software_reset()
    }
}
