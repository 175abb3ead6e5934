//! No network at all: the device keeps its readings to itself.

use core::convert::Infallible;

use embedded_io_async::{ErrorType, Read, Write};
use smart_meter::platform::{ConnectError, Endpoint, Network, TimeServer};

/// Nobody is reached.
#[derive(Clone, Copy, Debug, Default)]
pub struct Offline;

/// A connection that there is none of.
pub enum Never {}

impl ErrorType for Never {
    type Error = Infallible;
}

impl Read for Never {
    async fn read(&mut self, _: &mut [u8]) -> Result<usize, Infallible> {
        match *self {}
    }
}

impl Write for Never {
    async fn write(&mut self, _: &[u8]) -> Result<usize, Infallible> {
        match *self {}
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        match *self {}
    }
}

impl Network for Offline {
    type Stream<'a> = Never;

    fn is_up(&self) -> bool {
        false
    }

    async fn connect(&mut self, _: &Endpoint<'_>) -> Result<Never, ConnectError> {
        Err(ConnectError::Offline)
    }
}

impl TimeServer for Offline {
    async fn query(&mut self, _: &str) -> Result<i64, ConnectError> {
        Err(ConnectError::Offline)
    }
}
