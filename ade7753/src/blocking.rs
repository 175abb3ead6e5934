//! The driver for blocking buses.

use embedded_hal::delay::DelayNs;
use embedded_hal::spi::SpiDevice;

use crate::commands::names::*;
use crate::commands::{measure, setup, transfer, waveform};

/// An ADE7753 on an [`SpiDevice`] in mode 1.
#[derive(Debug)]
pub struct Ade7753<SPI, D> {
    spi: SPI,
    delay: D,
    state: State,
}

impl<SPI: SpiDevice, D: DelayNs> Ade7753<SPI, D> {
    transfer!();
    setup!();
    measure!();
    waveform!();
}
