//! The time of the PC, faster if wanted.

use std::time::{Duration, Instant};

use embedded_hal_async::delay::DelayNs;
use smart_meter::platform::Clock;
use tokio::time;

/// Time since the start of the station.
#[derive(Clone, Copy, Debug)]
pub(super) struct StationClock {
    start: Instant,
    speed: u32,
}

impl StationClock {
    /// Begins now, and goes so many times as fast as the clock on the wall.
    pub(super) fn new(speed: u32) -> Self {
        Self {
            start: Instant::now(),
            speed: speed.max(1),
        }
    }

    pub(super) fn now_us(&self) -> u64 {
        let elapsed = self.start.elapsed().saturating_mul(self.speed);
        u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX)
    }

    pub(super) async fn until_us(&self, at_us: u64) {
        let left_us = at_us.saturating_sub(self.now_us());
        if left_us > 0 {
            let left = Duration::from_micros(left_us) / self.speed;
            // Longer than a month is for ever.
            time::sleep(left.min(Duration::from_secs(31 * 86_400))).await;
        }
    }
}

impl Clock for StationClock {
    fn now_ms(&self) -> u64 {
        self.now_us() / 1_000
    }

    async fn sleep_until(&self, at_ms: u64) {
        self.until_us(at_ms.saturating_mul(1_000)).await;
    }
}

impl DelayNs for StationClock {
    async fn delay_ns(&mut self, ns: u32) {
        self.until_us(self.now_us() + u64::from(ns.div_ceil(1_000)))
            .await;
    }

    async fn delay_us(&mut self, us: u32) {
        self.until_us(self.now_us() + u64::from(us)).await;
    }

    async fn delay_ms(&mut self, ms: u32) {
        self.until_us(self.now_us() + u64::from(ms) * 1_000).await;
    }
}

/// Shows the time of the station and waits by that on the wall: those who look live no faster.
#[derive(Clone, Copy, Debug)]
pub(super) struct WallClock(pub(super) StationClock);

/// Nobody sees more pictures than that.
const GLANCE: Duration = Duration::from_millis(100);

impl Clock for WallClock {
    fn now_ms(&self) -> u64 {
        self.0.now_ms()
    }

    async fn sleep_until(&self, at_ms: u64) {
        let glance = time::sleep(if self.0.speed > 1 {
            GLANCE
        } else {
            Duration::ZERO
        });
        embassy_futures::join::join(self.0.sleep_until(at_ms), glance).await;
    }

    async fn sleep_ms(&self, ms: u64) {
        time::sleep(Duration::from_millis(ms)).await;
    }
}
