//! A port with a driver-enable pin.
//!
//! RS485 transceivers whose hardware does not switch direction need a pin held high while the
//! request is sent. [`Rs485`] does that around any port, for all three shells.

use core::fmt;

use embedded_hal::digital::OutputPin;

/// A port that raises `pin` from the first byte written until [`flush`](embedded_io::Write::flush)
/// has seen the last one off.
///
/// The port's `flush` has to wait until the last stop bit has left; one that returns earlier would
/// cut the request short. Reading lowers the pin too, so a dropped future does not keep the line.
#[derive(Clone, Copy, Debug)]
pub struct Rs485<U, P> {
    uart: U,
    pin: P,
}

impl<U, P: OutputPin> Rs485<U, P> {
    /// Wraps `uart`; `pin` is high to send (DE, or DE and /RE joined).
    ///
    /// # Errors
    /// The pin's own, when it can not be lowered.
    pub fn new(uart: U, mut pin: P) -> Result<Self, P::Error> {
        pin.set_low()?;
        Ok(Self { uart, pin })
    }

    /// Gives the port and the pin back.
    pub fn release(self) -> (U, P) {
        (self.uart, self.pin)
    }

    fn drive<E>(&mut self) -> Result<(), Rs485Error<E, P::Error>> {
        self.pin.set_high().map_err(Rs485Error::Pin)
    }

    fn listen<E>(&mut self) -> Result<(), Rs485Error<E, P::Error>> {
        self.pin.set_low().map_err(Rs485Error::Pin)
    }
}

/// The error of a port with a driver-enable pin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Rs485Error<E, P> {
    /// The port failed.
    Uart(E),
    /// The pin failed.
    Pin(P),
}

impl<E: fmt::Debug, P: fmt::Debug> fmt::Display for Rs485Error<E, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uart(error) => write!(f, "serial port: {error:?}"),
            Self::Pin(error) => write!(f, "driver-enable pin: {error:?}"),
        }
    }
}

impl<E: fmt::Debug, P: fmt::Debug> core::error::Error for Rs485Error<E, P> {}

impl<E: embedded_io::Error, P: fmt::Debug> embedded_io::Error for Rs485Error<E, P> {
    fn kind(&self) -> embedded_io::ErrorKind {
        match self {
            Self::Uart(error) => error.kind(),
            Self::Pin(_) => embedded_io::ErrorKind::Other,
        }
    }
}

impl<U: embedded_io::ErrorType, P: OutputPin> embedded_io::ErrorType for Rs485<U, P> {
    type Error = Rs485Error<U::Error, P::Error>;
}

impl<U: embedded_io::Read, P: OutputPin> embedded_io::Read for Rs485<U, P> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Self::Error> {
        self.listen()?;
        self.uart.read(buffer).map_err(Rs485Error::Uart)
    }
}

impl<U: embedded_io::ReadReady, P: OutputPin> embedded_io::ReadReady for Rs485<U, P> {
    fn read_ready(&mut self) -> Result<bool, Self::Error> {
        self.uart.read_ready().map_err(Rs485Error::Uart)
    }
}

impl<U: embedded_io::Write, P: OutputPin> embedded_io::Write for Rs485<U, P> {
    fn write(&mut self, buffer: &[u8]) -> Result<usize, Self::Error> {
        self.drive()?;
        self.uart.write(buffer).map_err(Rs485Error::Uart)
    }

    fn flush(&mut self) -> Result<(), Self::Error> {
        let flushed = self.uart.flush().map_err(Rs485Error::Uart);
        // Whatever happened, the line is given free.
        let listening = self.listen();
        flushed.and(listening)
    }
}

#[cfg(feature = "async")]
impl<U: embedded_io_async::Read, P: OutputPin> embedded_io_async::Read for Rs485<U, P> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Self::Error> {
        self.listen()?;
        self.uart.read(buffer).await.map_err(Rs485Error::Uart)
    }
}

#[cfg(feature = "async")]
impl<U: embedded_io_async::Write, P: OutputPin> embedded_io_async::Write for Rs485<U, P> {
    async fn write(&mut self, buffer: &[u8]) -> Result<usize, Self::Error> {
        self.drive()?;
        self.uart.write(buffer).await.map_err(Rs485Error::Uart)
    }

    async fn flush(&mut self) -> Result<(), Self::Error> {
        let flushed = self.uart.flush().await.map_err(Rs485Error::Uart);
        let listening = self.listen();
        flushed.and(listening)
    }
}

#[cfg(feature = "nb")]
mod nb_impl {
    use embedded_hal::digital::OutputPin;
    use embedded_hal_nb::serial;

    use super::{Rs485, Rs485Error};

    impl<E: serial::Error, P: core::fmt::Debug> serial::Error for Rs485Error<E, P> {
        fn kind(&self) -> serial::ErrorKind {
            match self {
                Self::Uart(error) => error.kind(),
                Self::Pin(_) => serial::ErrorKind::Other,
            }
        }
    }

    /// A port for [`Rs485`] in the `nb` shell.
    impl<U: serial::ErrorType, P: OutputPin> serial::ErrorType for Rs485<U, P> {
        type Error = Rs485Error<U::Error, P::Error>;
    }

    impl<U: serial::Read, P: OutputPin> serial::Read for Rs485<U, P> {
        fn read(&mut self) -> nb::Result<u8, Self::Error> {
            self.listen().map_err(nb::Error::Other)?;
            self.uart.read().map_err(|e| e.map(Rs485Error::Uart))
        }
    }

    impl<U: serial::Write, P: OutputPin> serial::Write for Rs485<U, P> {
        fn write(&mut self, byte: u8) -> nb::Result<(), Self::Error> {
            self.drive().map_err(nb::Error::Other)?;
            self.uart.write(byte).map_err(|e| e.map(Rs485Error::Uart))
        }

        fn flush(&mut self) -> nb::Result<(), Self::Error> {
            match self.uart.flush() {
                Err(nb::Error::WouldBlock) => Err(nb::Error::WouldBlock),
                flushed => {
                    let listening = self.listen().map_err(nb::Error::Other);
                    flushed.map_err(|e| e.map(Rs485Error::Uart)).and(listening)
                }
            }
        }
    }
}
