//! Virtual time, and an executor of one future that lets it pass when there is nothing else to do.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use smart_meter::platform::Clock;

#[derive(Default)]
struct Inner {
    now_ms: Cell<u64>,
    /// Deadlines of futures that wait; those of dropped futures stay and do no harm.
    deadlines: RefCell<Vec<u64>>,
}

/// A clock that moves only in [`run`].
#[derive(Clone, Default)]
pub(crate) struct VirtualClock(Rc<Inner>);

impl Clock for VirtualClock {
    fn now_ms(&self) -> u64 {
        self.0.now_ms.get()
    }

    async fn sleep_until(&self, at_ms: u64) {
        poll_fn(|_| {
            if self.now_ms() >= at_ms {
                return Poll::Ready(());
            }
            self.0.deadlines.borrow_mut().push(at_ms);
            Poll::Pending
        })
        .await;
    }
}

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Runs a future until it is done or the clock shows `until_ms`.
pub(crate) fn run<F: Future>(clock: &VirtualClock, until_ms: u64, future: F) -> Option<F::Output> {
    let flag = Arc::new(Flag(AtomicBool::new(false)));
    let waker = Waker::from(flag.clone());
    let mut future = pin!(future);
    loop {
        flag.0.store(false, Ordering::Relaxed);
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return Some(output);
        }
        if flag.0.load(Ordering::Relaxed) {
            continue;
        }
        let mut deadlines = clock.0.deadlines.borrow_mut();
        let now_ms = clock.now_ms();
        deadlines.retain(|at_ms| *at_ms > now_ms);
        match deadlines.iter().min() {
            Some(next_ms) if *next_ms <= until_ms => clock.0.now_ms.set(*next_ms),
            _ => return None,
        }
        // Every future that still waits says so again.
        deadlines.clear();
    }
}
