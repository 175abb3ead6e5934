//! A port and a delay that exist for the linker only, and the reading that is weighed.

use core::convert::Infallible;

use embedded_hal::delay::DelayNs;
use embedded_io::{ErrorType, Read, ReadReady, Write};

unsafe extern "C" {
    fn port_read_ready() -> bool;
    fn port_read(buffer: *mut u8, length: usize) -> usize;
    fn port_write(bytes: *const u8, length: usize) -> usize;
    fn port_flush();
    fn wait(us: u32);
}

/// A port of the linker.
pub struct Port;

impl ErrorType for Port {
    type Error = Infallible;
}

impl ReadReady for Port {
    fn read_ready(&mut self) -> Result<bool, Infallible> {
        Ok(unsafe { port_read_ready() })
    }
}

impl Read for Port {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        Ok(unsafe { port_read(buffer.as_mut_ptr(), buffer.len()) })
    }
}

impl Write for Port {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        Ok(unsafe { port_write(bytes.as_ptr(), bytes.len()) })
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        unsafe { port_flush() };
        Ok(())
    }
}

/// A delay of the linker.
pub struct Delay;

impl DelayNs for Delay {
    fn delay_ns(&mut self, ns: u32) {
        unsafe { wait(ns / 1_000) }
    }

    fn delay_us(&mut self, us: u32) {
        unsafe { wait(us) }
    }
}

/// The driver as firmware holds it.
pub type Pzem = pzem::blocking::Pzem<Port, Delay>;

unsafe extern "C" {
    /// Has no address: linking fails when it is referred to.
    pub fn a_panic_is_reachable() -> !;
}
