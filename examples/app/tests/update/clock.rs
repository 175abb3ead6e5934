//! A clock that a test moves.

use std::cell::Cell;

use smart_meter::platform::Clock;

/// Time that stands until somebody moves it.
#[derive(Default)]
pub(crate) struct StepClock(Cell<u64>);

impl Clock for StepClock {
    fn now_ms(&self) -> u64 {
        self.0.get()
    }

    async fn sleep_until(&self, at_ms: u64) {
        while self.0.get() < at_ms {
            embassy_futures::yield_now().await;
        }
    }
}

impl StepClock {
    pub(crate) async fn pass(&self, ms: u64, mut each: impl FnMut(u64)) {
        for _ in 0..ms / 500 {
            self.0.set(self.0.get() + 500);
            each(self.0.get());
            for _ in 0..4 {
                embassy_futures::yield_now().await;
            }
        }
    }
}
