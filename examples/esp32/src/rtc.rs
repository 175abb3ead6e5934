//! The DS3231 as the clock that goes on without mains.

use ds323x::ic::DS3231;
use ds323x::interface::I2cInterface;
use ds323x::{DateTimeAccess, Ds323x};
use embedded_hal::i2c::I2c;

/// A DS3231 on the bus.
pub struct BatteryClock<I> {
    chip: Ds323x<I2cInterface<I>, DS3231>,
}

impl<I: I2c> BatteryClock<I> {
    /// A clock that may be there or not.
    #[must_use]
    pub fn new(bus: I) -> Self {
        Self {
            chip: Ds323x::new_ds3231(bus),
        }
    }

    /// Seconds since 1970; `None` when there is no answer, or the battery was empty and the time is nonsense.
    pub fn utc_s(&mut self) -> Option<i64> {
        if self.chip.has_been_stopped().ok()? {
            return None;
        }
        Some(self.chip.datetime().ok()?.and_utc().timestamp())
    }

    /// Sets it, and takes back that it was stopped; whether it answered.
    pub fn set_utc_s(&mut self, utc_s: i64) -> bool {
        let Some(time) = chrono::DateTime::from_timestamp(utc_s, 0) else {
            return false;
        };
        self.chip.set_datetime(&time.naive_utc()).is_ok()
            && self.chip.clear_has_been_stopped_flag().is_ok()
    }
}

#[cfg(feature = "app")]
impl<I: I2c> smart_meter::platform::Rtc for BatteryClock<I> {
    fn read(&mut self) -> Option<i64> {
        self.utc_s()
    }

    fn set(&mut self, utc_s: i64) -> bool {
        self.set_utc_s(utc_s)
    }
}
