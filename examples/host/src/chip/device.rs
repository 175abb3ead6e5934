//! The bus the chip is on: Linux spidev, or a simulated board.

use std::fmt;
use std::path::Path;
use std::time::{Duration, Instant};

use embedded_hal::delay::DelayNs;
use embedded_hal::spi::{ErrorKind, ErrorType, Operation, SpiDevice};
#[cfg(target_os = "linux")]
use linux_embedded_hal::SpidevDevice;
#[cfg(target_os = "linux")]
use linux_embedded_hal::spidev::{SpiModeFlags, SpidevOptions};
use meter_sim::ade7753::{Board, Delay, Spi};

use crate::error::Problem;

/// A bus device.
pub(crate) enum Device {
    #[cfg(target_os = "linux")]
    Linux(SpidevDevice),
    Simulated(Spi),
}

/// Why the bus failed.
#[derive(Debug)]
pub(crate) struct DeviceError(String);

impl fmt::Display for DeviceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl embedded_hal::spi::Error for DeviceError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

impl ErrorType for Device {
    type Error = DeviceError;
}

impl SpiDevice for Device {
    fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), DeviceError> {
        match self {
            #[cfg(target_os = "linux")]
            Self::Linux(device) => device
                .transaction(operations)
                .map_err(|error| DeviceError(error.to_string())),
            Self::Simulated(device) => device
                .transaction(operations)
                .map_err(|never| match never {}),
        }
    }
}

#[cfg(target_os = "linux")]
pub(crate) fn open(path: &Path, sclk_hz: u32) -> Result<Device, Problem> {
    let shown = path.display();
    let mut device = SpidevDevice::open(path).map_err(|error| {
        Problem::Refused(format!(
            "{shown} can not be opened ({error}): enable SPI on this machine, check the permissions"
        ))
    })?;
    let options = SpidevOptions::new()
        .max_speed_hz(sclk_hz)
        .mode(SpiModeFlags::SPI_MODE_1)
        .build();
    device
        .configure(&options)
        .map_err(|error| Problem::Refused(format!("{shown} does not take SPI mode 1: {error}")))?;
    Ok(Device::Linux(device))
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn open(_: &Path, _: u32) -> Result<Device, Problem> {
    Err(Problem::Usage("--spi needs Linux with spidev".to_owned()))
}

/// Time that goes by for real, or that of the board.
#[derive(Clone)]
pub(crate) enum Clock {
    Real(Instant),
    Simulated(Board),
}

impl Clock {
    pub(crate) fn now_us(&self) -> u32 {
        match self {
            Self::Real(start) => start.elapsed().as_micros() as u32,
            Self::Simulated(board) => board.now_us(),
        }
    }
}

/// A delay in either time.
pub(crate) enum Wait {
    Real,
    Simulated(Delay),
}

impl DelayNs for Wait {
    fn delay_ns(&mut self, ns: u32) {
        match self {
            Self::Real => std::thread::sleep(Duration::from_nanos(ns.into())),
            Self::Simulated(delay) => delay.delay_ns(ns),
        }
    }
}
