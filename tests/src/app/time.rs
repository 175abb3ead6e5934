//! Time that passes when everybody waits, and an executor that makes it pass.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use smart_meter::platform::Clock;

/// Time of the whole world in microseconds; clones are handles to the same.
#[derive(Clone, Debug, Default)]
pub struct Time {
    state: Rc<State>,
}

#[derive(Debug, Default)]
struct State {
    now_us: Cell<u64>,
    /// What the futures wait for that are not done.
    timers: RefCell<Vec<u64>>,
    /// The device lost its supply: nothing of it goes on.
    is_dark: Cell<bool>,
}

/// Notes that something is to be looked at again before time passes.
#[derive(Debug, Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Time {
    /// At 0.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Now.
    #[must_use]
    pub fn now_us(&self) -> u64 {
        self.state.now_us.get()
    }

    /// Time passes while the processor does nothing else, as when it erases the flash it runs from.
    pub fn stall_us(&self, us: u64) {
        self.state.now_us.set(self.now_us() + us);
    }

    /// Waits for a moment.
    pub async fn until_us(&self, at_us: u64) {
        poll_fn(|_| {
            if self.now_us() >= at_us {
                return Poll::Ready(());
            }
            self.wake_at_us(at_us);
            Poll::Pending
        })
        .await;
    }

    /// Whoever is being polled is to be polled again then.
    pub fn wake_at_us(&self, at_us: u64) {
        self.state.timers.borrow_mut().push(at_us);
    }

    /// The supply goes: [`run`](Self::run) ends at once.
    pub fn go_dark(&self) {
        self.state.is_dark.set(true);
    }

    /// Whether the supply went in the last [`run`](Self::run).
    #[must_use]
    pub fn is_dark(&self) -> bool {
        self.state.is_dark.get()
    }

    /// Runs a future until it ends (then gives what it gave), the supply goes, or a moment has come.
    ///
    /// # Panics
    /// When everybody waits for something that never comes: on hardware it would hang.
    #[allow(clippy::panic, reason = "a test that would hang has to fail instead")]
    pub fn run<T>(&self, mut future: Pin<&mut impl Future<Output = T>>, end_us: u64) -> Option<T> {
        self.state.is_dark.set(false);
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(woken.clone());
        let mut context = Context::from_waker(&waker);
        let mut rounds = 0;
        loop {
            self.state.timers.borrow_mut().clear();
            let polled = future.as_mut().poll(&mut context);
            if self.state.is_dark.get() {
                return None;
            }
            if let Poll::Ready(value) = polled {
                return Some(value);
            }
            if woken.0.swap(false, Ordering::Relaxed) {
                rounds += 1;
                if rounds > 10_000 {
                    panic!("somebody wakes itself for ever");
                }
                continue;
            }
            rounds = 0;
            let next = self.state.timers.borrow().iter().min().copied();
            match next {
                Some(next_us) if next_us < end_us => {
                    self.state.now_us.set(self.now_us().max(next_us));
                }
                Some(_) => {
                    self.state.now_us.set(self.now_us().max(end_us));
                    return None;
                }
                None => panic!("everybody waits for something that never comes"),
            }
        }
    }

    /// Runs a future to its end, which has to come within a virtual day.
    ///
    /// # Panics
    /// When it does not.
    #[allow(
        clippy::expect_used,
        reason = "a test that would hang has to fail instead"
    )]
    pub fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        let mut future = std::pin::pin!(future);
        self.run(future.as_mut(), self.now_us() + 86_400_000_000)
            .expect("an end within a day")
    }
}

/// The clock of a device: milliseconds since its start.
#[derive(Clone, Debug)]
pub struct DeviceClock {
    time: Time,
    start_us: u64,
}

impl DeviceClock {
    /// Of a device that starts now.
    #[must_use]
    pub fn new(time: &Time) -> Self {
        Self {
            time: time.clone(),
            start_us: time.now_us(),
        }
    }
}

impl Clock for DeviceClock {
    fn now_ms(&self) -> u64 {
        (self.time.now_us() - self.start_us) / 1_000
    }

    async fn sleep_until(&self, at_ms: u64) {
        let at_us = self.start_us.saturating_add(at_ms.saturating_mul(1_000));
        self.time.until_us(at_us).await;
    }
}
