//! A serial port of the PC, and the simulated one, behind the traits the driver wants.

use std::fmt;
use std::io::{self, Read as _, Write as _};
use std::time::Duration;

use embedded_hal::delay::DelayNs;
use meter_sim::pzem::{Delay as SimDelay, Uart as SimUart, UartError};
use serialport::{SerialPort, StopBits};

use crate::error::Problem;

/// Either kind of port.
pub(crate) enum Port {
    Serial(Box<dyn SerialPort>),
    Simulated(SimUart),
}

/// Opens `path` at 9600 baud, 8 data bits, no parity.
pub(crate) fn open(path: &str, stop_bits: StopBits) -> Result<Port, Problem> {
    serialport::new(path, 9_600)
        .stop_bits(stop_bits)
        // Reads are only made when bytes have arrived.
        .timeout(Duration::from_millis(20))
        .open()
        .map(Port::Serial)
        .map_err(|error| Problem::Refused(why_not_open(path, &error)))
}

fn why_not_open(path: &str, error: &serialport::Error) -> String {
    use serialport::ErrorKind::{InvalidInput, Io, NoDevice, Unknown};
    match error.kind() {
        Io(io::ErrorKind::NotFound) | NoDevice if !std::path::Path::new(path).exists() => {
            format!("{path}: no such port; {}", known_ports())
        }
        Io(io::ErrorKind::PermissionDenied) => format!(
            "{path}: no permission; add your user to the group that owns the port (often dialout) and log in again"
        ),
        NoDevice => format!(
            "{path}: the port is busy or gone; close other programs that use it, or plug the adapter in again"
        ),
        InvalidInput | Unknown => format!("{path}: this is not a serial port; {}", known_ports()),
        _ => format!(
            "{path}: not opened as a serial port ({error}); {}",
            known_ports()
        ),
    }
}

fn known_ports() -> String {
    let ports = serialport::available_ports().unwrap_or_default();
    if ports.is_empty() {
        return "no serial port was found: is the adapter plugged in?".to_owned();
    }
    let names: Vec<String> = ports.into_iter().map(|port| port.port_name).collect();
    format!("there are {}", names.join(", "))
}

/// A failure of either port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PortError {
    Serial(io::ErrorKind),
    Simulated(UartError),
}

impl fmt::Display for PortError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Serial(io::ErrorKind::BrokenPipe | io::ErrorKind::NotConnected) => {
                f.write_str("the serial port is gone: was the adapter unplugged?")
            }
            Self::Serial(kind) => write!(
                f,
                "the serial port failed ({kind}): plug the adapter in again, or try another"
            ),
            Self::Simulated(error) => write!(f, "the simulated port reports: {error}"),
        }
    }
}

impl std::error::Error for PortError {}

impl embedded_io::Error for PortError {
    fn kind(&self) -> embedded_io::ErrorKind {
        embedded_io::ErrorKind::Other
    }
}

impl From<io::Error> for PortError {
    fn from(error: io::Error) -> Self {
        Self::Serial(error.kind())
    }
}

impl From<serialport::Error> for PortError {
    fn from(error: serialport::Error) -> Self {
        Self::from(io::Error::from(error))
    }
}

impl From<UartError> for PortError {
    fn from(error: UartError) -> Self {
        Self::Simulated(error)
    }
}

impl embedded_io::ErrorType for Port {
    type Error = PortError;
}

impl embedded_io::ReadReady for Port {
    fn read_ready(&mut self) -> Result<bool, PortError> {
        match self {
            Self::Serial(port) => Ok(port.bytes_to_read()? > 0),
            Self::Simulated(uart) => Ok(embedded_io::ReadReady::read_ready(uart)?),
        }
    }
}

impl embedded_io::Read for Port {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, PortError> {
        match self {
            Self::Serial(port) => match port.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::TimedOut => Ok(0),
                result => Ok(result?),
            },
            Self::Simulated(uart) => Ok(embedded_io::Read::read(uart, buffer)?),
        }
    }
}

impl embedded_io::Write for Port {
    fn write(&mut self, buffer: &[u8]) -> Result<usize, PortError> {
        match self {
            Self::Serial(port) => Ok(port.write(buffer)?),
            Self::Simulated(uart) => Ok(embedded_io::Write::write(uart, buffer)?),
        }
    }

    fn flush(&mut self) -> Result<(), PortError> {
        match self {
            Self::Serial(port) => Ok(port.flush()?),
            Self::Simulated(uart) => Ok(embedded_io::Write::flush(uart)?),
        }
    }
}

/// Waiting in real or in simulated time.
pub(crate) enum Wait {
    Real,
    Simulated(SimDelay),
}

impl DelayNs for Wait {
    fn delay_ns(&mut self, ns: u32) {
        match self {
            Self::Real => std::thread::sleep(Duration::from_nanos(u64::from(ns))),
            Self::Simulated(delay) => delay.delay_ns(ns),
        }
    }
}
