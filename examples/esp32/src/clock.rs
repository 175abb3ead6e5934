//! The timer of the chip as the clock of the application.

use embassy_time::{Instant, Timer};
use smart_meter::platform::Clock;

/// Time since the start, by the timer that the executor runs on.
#[derive(Clone, Copy, Debug, Default)]
pub struct ChipClock;

impl Clock for ChipClock {
    fn now_ms(&self) -> u64 {
        Instant::now().as_millis()
    }

    async fn sleep_until(&self, at_ms: u64) {
        Timer::at(Instant::from_millis(at_ms)).await;
    }
}

/// Microseconds since the start; they wrap.
#[must_use]
pub fn micros() -> u32 {
    Instant::now().as_micros() as u32
}
