//! The async shell: `embedded-io-async` and an async delay.

use core::future::{Future, poll_fn};
use core::pin::{Pin, pin};
use core::task::Poll;

use embedded_hal_async::delay::DelayNs;
use embedded_io_async::{Read, Write};

use crate::commands::commands;
use crate::commands::names::*;

pub use embedded_hal_async;
pub use embedded_io_async;

/// A line with one or more modules on it, driven by futures.
///
/// # Cancellation safety
/// Any call may be dropped at any point. What was sent stays sent, so after dropping a *write* ask
/// the module for the value; the next call waits for silence and discards what is still coming.
#[derive(Debug)]
pub struct Pzem<U, D> {
    uart: U,
    delay: D,
    config: Config,
    stats: Stats,
    transaction: Transaction,
}

impl<U, D> Pzem<U, D>
where
    U: Read + Write,
    D: DelayNs,
{
    commands!(async await);

    /// Brings one transaction to its end; the first error of the receiver, if any.
    async fn exchange(&mut self, request: Request) -> Result<Option<U::Error>, U::Error> {
        let mut now_us = 0_u32;
        let mut disturbance = None;
        self.transaction.start(request, &self.config, now_us);
        loop {
            match self.transaction.step(now_us) {
                Step::Send => {
                    let written = self.write().await;
                    // The line is left idle before the first error is reported.
                    let flushed = self.uart.flush().await;
                    written.and(flushed)?;
                    self.transaction.sent(now_us);
                }
                Step::Listen { us } => {
                    let mut alarm = pin!(self.delay.delay_us(us));
                    loop {
                        let read = self.uart.read(self.transaction.buffer());
                        match first(read, alarm.as_mut()).await {
                            // A closed port has nothing to say: wait the time out.
                            Some(Ok(0)) => {
                                alarm.as_mut().await;
                                now_us = now_us.wrapping_add(us);
                                break;
                            }
                            Some(Ok(count)) => {
                                if self.transaction.received(count, now_us) {
                                    break;
                                }
                            }
                            Some(Err(error)) => {
                                self.stats.uart_errors = self.stats.uart_errors.wrapping_add(1);
                                self.transaction.disturbed(now_us);
                                disturbance = disturbance.or(Some(error));
                                if self.transaction.step(now_us) == Step::Done {
                                    break;
                                }
                            }
                            None => {
                                now_us = now_us.wrapping_add(us);
                                break;
                            }
                        }
                    }
                }
                Step::Done => return Ok(disturbance),
            }
        }
    }

    /// Writes the request. A port that takes no byte breaks its own contract; the module then
    /// stays silent, which is reported as such.
    async fn write(&mut self) -> Result<(), U::Error> {
        let mut bytes = self.transaction.bytes();
        while !bytes.is_empty() {
            let count = self.uart.write(bytes).await?;
            bytes = match bytes.get(count..) {
                Some(rest) if count > 0 => rest,
                _ => break,
            };
        }
        Ok(())
    }
}

/// What `work` yields, or `None` when `alarm` is first. Work is looked at first, so bytes that
/// arrived in time are never lost to the alarm.
async fn first<T>(
    work: impl Future<Output = T>,
    mut alarm: Pin<&mut impl Future<Output = ()>>,
) -> Option<T> {
    let mut work = pin!(work);
    poll_fn(|context| {
        if let Poll::Ready(value) = work.as_mut().poll(context) {
            return Poll::Ready(Some(value));
        }
        alarm.as_mut().poll(context).map(|()| None)
    })
    .await
}
