//! The watchdog of the always-on part, which restarts even a chip that hangs with its clock stopped.

use esp_hal::peripherals::RTC_TIMER;
use esp_hal::rtc_cntl::{Rtc, RwdtStage};
use esp_hal::time::Duration;
use smart_meter::platform::Watchdog;

/// Restarts the chip unless it is fed.
pub struct Guard(Rtc<'static>);

impl Guard {
    /// Starts it.
    #[must_use]
    pub fn new(timer: RTC_TIMER<'static>, patience_s: u32) -> Self {
        let mut rtc = Rtc::new(timer);
        let patience = Duration::from_secs(u64::from(patience_s));
        rtc.rwdt.set_timeout(RwdtStage::Stage0, patience);
        rtc.rwdt.enable();
        Self(rtc)
    }
}

impl Watchdog for Guard {
    fn feed(&mut self) {
        self.0.rwdt.feed();
    }
}
