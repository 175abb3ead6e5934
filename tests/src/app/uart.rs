//! The port of a simulated line in the time of the device.

use std::future::poll_fn;
use std::task::Poll;

use embedded_hal_async::delay::DelayNs;
use embedded_io::ReadReady;
use embedded_io_async::{ErrorType, Read, Write};
use meter_sim::pzem::{Line, Uart, UartError};

use super::time::Time;

/// A port on a line. Bytes are delivered when all that are under way have come, as a receiver with a FIFO does.
#[derive(Clone, Debug)]
pub struct TimedUart {
    line: Line,
    uart: Uart,
    time: Time,
}

impl TimedUart {
    /// A port on this line.
    #[must_use]
    pub fn new(line: &Line, time: &Time) -> Self {
        Self {
            line: line.clone(),
            uart: line.uart(),
            time: time.clone(),
        }
    }

    fn catch_up(&self) {
        self.line.advance_to_us(self.time.now_us());
    }

    /// Waits until something has come, or nothing more goes out.
    async fn settled(&mut self, is_ready: impl Fn(&mut Uart, &Line) -> bool) {
        poll_fn(|_| {
            self.catch_up();
            if is_ready(&mut self.uart, &self.line) {
                return Poll::Ready(());
            }
            if let Some(at_us) = self.line.under_way_until_us() {
                self.time.wake_at_us(at_us);
            }
            Poll::Pending
        })
        .await;
    }
}

impl ErrorType for TimedUart {
    type Error = UartError;
}

impl Read for TimedUart {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, UartError> {
        self.settled(|uart, _| uart.read_ready().unwrap_or(true))
            .await;
        embedded_io::Read::read(&mut self.uart, buffer)
    }
}

impl Write for TimedUart {
    async fn write(&mut self, buffer: &[u8]) -> Result<usize, UartError> {
        self.catch_up();
        embedded_io::Write::write(&mut self.uart, buffer)
    }

    async fn flush(&mut self) -> Result<(), UartError> {
        self.catch_up();
        let done_us = self.line.under_way_until_us().unwrap_or_default();
        self.time.until_us(done_us).await;
        self.catch_up();
        Ok(())
    }
}

/// Delays in the time of the device.
#[derive(Clone, Debug)]
pub struct TimedDelay(pub Time);

impl DelayNs for TimedDelay {
    async fn delay_ns(&mut self, ns: u32) {
        self.0
            .until_us(self.0.now_us() + u64::from(ns.div_ceil(1_000)))
            .await;
    }

    async fn delay_us(&mut self, us: u32) {
        self.0.until_us(self.0.now_us() + u64::from(us)).await;
    }

    async fn delay_ms(&mut self, ms: u32) {
        self.0
            .until_us(self.0.now_us() + u64::from(ms) * 1_000)
            .await;
    }
}
