//! Ports and a delay that exist for the linker only.

use core::convert::Infallible;

use embedded_hal::delay::DelayNs;
use embedded_hal::spi::{self, Operation, SpiDevice};
use embedded_io::{ErrorType, Read, ReadReady, Write};

unsafe extern "C" {
    fn port_read_ready() -> bool;
    fn port_read(buffer: *mut u8, length: usize) -> usize;
    fn port_write(bytes: *const u8, length: usize) -> usize;
    fn port_flush();
    fn wait(us: u32);
    fn spi_select(level: bool);
    fn spi_read(buffer: *mut u8, length: usize);
    fn spi_write(bytes: *const u8, length: usize);
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

/// An SPI device of the linker.
pub struct Device;

impl spi::ErrorType for Device {
    type Error = Infallible;
}

impl SpiDevice for Device {
    fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), Infallible> {
        unsafe { spi_select(false) };
        for operation in operations {
            match operation {
                Operation::Write(bytes) => unsafe { spi_write(bytes.as_ptr(), bytes.len()) },
                Operation::Read(bytes) => unsafe { spi_read(bytes.as_mut_ptr(), bytes.len()) },
                Operation::DelayNs(ns) => Delay.delay_ns(*ns),
                _ => {}
            }
        }
        unsafe { spi_select(true) };
        Ok(())
    }
}

/// The drivers as firmware holds them.
pub type Pzem = pzem::blocking::Pzem<Port, Delay>;
/// See [`Pzem`].
pub type Ade7753 = ade7753::blocking::Ade7753<Device, Delay>;

unsafe extern "C" {
    /// Has no address: linking fails when it is referred to.
    pub fn a_panic_is_reachable() -> !;
}
