//! Futures in virtual time.

use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::{Context, Poll, Waker};

use super::line::Line;

impl Line {
    /// Runs `future` to its end. Whenever it has to wait, time jumps to the next thing that
    /// happens: a byte, the end of a request, a delay.
    ///
    /// # Panics
    /// When the future waits for something that never happens, such as a read of a silent line
    /// without a timeout: on hardware it would hang.
    #[allow(clippy::panic, reason = "a test that would hang has to fail instead")]
    pub fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        let mut future = pin!(future);
        let mut context = Context::from_waker(Waker::noop());
        loop {
            self.state().timers.clear();
            if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
                return value;
            }
            let mut state = self.state();
            match state.next_event_ns() {
                Some(next) => state.advance_to(next),
                None => panic!("the future waits for something that never happens"),
            }
        }
    }

    pub(crate) async fn sleep_ns(&self, ns: u64) {
        let end = self.state().now_ns + ns;
        poll_fn(|_| {
            let mut state = self.state();
            if state.now_ns >= end {
                return Poll::Ready(());
            }
            state.timers.push(end);
            Poll::Pending
        })
        .await;
    }
}
