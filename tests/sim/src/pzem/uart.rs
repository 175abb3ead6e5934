//! The master's port and delay: `embedded-io`, `embedded-io-async`, `embedded-hal-nb`.

use core::fmt;
use core::future::poll_fn;
use core::task::Poll;

use super::line::Line;

/// What a simulated receiver reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UartError {
    /// Bytes came faster than they were read.
    Overrun,
    /// A byte without a stop bit.
    Framing,
    /// A blocking read while nothing is on its way: on hardware it would never return.
    WouldBlockForever,
}

impl fmt::Display for UartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Overrun => "receiver overrun",
            Self::Framing => "framing error",
            Self::WouldBlockForever => "a blocking read of a silent line",
        })
    }
}

impl core::error::Error for UartError {}

impl embedded_io::Error for UartError {
    fn kind(&self) -> embedded_io::ErrorKind {
        embedded_io::ErrorKind::Other
    }
}

impl embedded_hal_nb::serial::Error for UartError {
    fn kind(&self) -> embedded_hal_nb::serial::ErrorKind {
        match self {
            Self::Overrun => embedded_hal_nb::serial::ErrorKind::Overrun,
            Self::Framing => embedded_hal_nb::serial::ErrorKind::FrameFormat,
            Self::WouldBlockForever => embedded_hal_nb::serial::ErrorKind::Other,
        }
    }
}

/// A port on a [`Line`].
#[derive(Clone, Debug)]
pub struct Uart(pub(crate) Line);

impl Uart {
    fn take(&self, buffer: &mut [u8]) -> Result<usize, UartError> {
        let mut state = self.0.state();
        if let Some(error) = state.pending_error.take().or_else(|| state.overflow()) {
            return Err(error);
        }
        let limit = state.chunk;
        let mut count = 0;
        for slot in buffer.iter_mut().take(limit) {
            match state.take_arrived() {
                Some(byte) => *slot = byte,
                None => break,
            }
            count += 1;
        }
        Ok(count)
    }
}

impl embedded_io::ErrorType for Uart {
    type Error = UartError;
}

impl embedded_io::ReadReady for Uart {
    fn read_ready(&mut self) -> Result<bool, UartError> {
        Ok(self.0.state().has_arrived())
    }
}

impl embedded_io::Read for Uart {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, UartError> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            {
                let mut state = self.0.state();
                if !state.has_arrived() {
                    let next = state.next_event_ns().ok_or(UartError::WouldBlockForever)?;
                    state.advance_to(next);
                    continue;
                }
            }
            return self.take(buffer);
        }
    }
}

impl embedded_io::Write for Uart {
    fn write(&mut self, buffer: &[u8]) -> Result<usize, UartError> {
        self.0.transmit(buffer);
        Ok(buffer.len())
    }

    fn flush(&mut self) -> Result<(), UartError> {
        let mut state = self.0.state();
        let end = state.sent_until_ns;
        state.advance_to(end);
        Ok(())
    }
}

impl embedded_io::WriteReady for Uart {
    fn write_ready(&mut self) -> Result<bool, UartError> {
        Ok(true)
    }
}

impl embedded_io_async::Read for Uart {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, UartError> {
        if buffer.is_empty() {
            return Ok(0);
        }
        poll_fn(|_| match self.0.state().has_arrived() {
            true => Poll::Ready(()),
            false => Poll::Pending,
        })
        .await;
        self.take(buffer)
    }
}

impl embedded_io_async::Write for Uart {
    async fn write(&mut self, buffer: &[u8]) -> Result<usize, UartError> {
        self.0.transmit(buffer);
        Ok(buffer.len())
    }

    async fn flush(&mut self) -> Result<(), UartError> {
        poll_fn(|_| {
            let state = self.0.state();
            match state.now_ns >= state.sent_until_ns {
                true => Poll::Ready(Ok(())),
                // The last byte wakes the executor by itself.
                false => Poll::Pending,
            }
        })
        .await
    }
}

impl embedded_hal_nb::serial::ErrorType for Uart {
    type Error = UartError;
}

impl embedded_hal_nb::serial::Read for Uart {
    fn read(&mut self) -> nb::Result<u8, UartError> {
        let mut byte = [0];
        match self.take(&mut byte) {
            Ok(0) => Err(nb::Error::WouldBlock),
            Ok(_) => Ok(u8::from_be_bytes(byte)),
            Err(error) => Err(nb::Error::Other(error)),
        }
    }
}

impl embedded_hal_nb::serial::Write for Uart {
    fn write(&mut self, byte: u8) -> nb::Result<(), UartError> {
        self.0.transmit(&[byte]);
        Ok(())
    }

    fn flush(&mut self) -> nb::Result<(), UartError> {
        let state = self.0.state();
        match state.now_ns >= state.sent_until_ns {
            true => Ok(()),
            false => Err(nb::Error::WouldBlock),
        }
    }
}

/// A delay in the time of a [`Line`].
#[derive(Clone, Debug)]
pub struct Delay(pub(crate) Line);

impl embedded_hal::delay::DelayNs for Delay {
    fn delay_ns(&mut self, ns: u32) {
        let mut state = self.0.state();
        let to = state.now_ns + u64::from(ns);
        state.advance_to(to);
    }

    fn delay_us(&mut self, us: u32) {
        self.0.advance_us(u64::from(us));
    }

    fn delay_ms(&mut self, ms: u32) {
        self.0.advance_us(u64::from(ms) * 1_000);
    }
}

impl embedded_hal_async::delay::DelayNs for Delay {
    async fn delay_ns(&mut self, ns: u32) {
        self.0.sleep_ns(u64::from(ns)).await;
    }

    async fn delay_us(&mut self, us: u32) {
        self.0.sleep_ns(u64::from(us) * 1_000).await;
    }

    async fn delay_ms(&mut self, ms: u32) {
        self.0.sleep_ns(u64::from(ms) * 1_000_000).await;
    }
}
