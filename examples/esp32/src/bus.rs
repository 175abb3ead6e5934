//! One SPI bus for devices that want different modes and clocks of it.
//!
//! `embedded-hal-bus` can not change either, and `embassy-embedded-hal` rounds the pauses inside a transfer to ticks
//! of a clock, which may make the 4 us that an ADE7753 needs shorter.

use core::cell::RefCell;

use embedded_hal::delay::DelayNs;
use embedded_hal::spi::{ErrorKind, ErrorType, Operation, SpiDevice};
use esp_hal::Blocking;
use esp_hal::delay::Delay;
use esp_hal::gpio::Output;
use esp_hal::spi::master::{Config, Spi};
use static_cell::StaticCell;

/// The bus; a device has it for a whole transfer, which nothing interrupts.
pub type Bus = RefCell<Spi<'static, Blocking>>;

/// A bus for several devices.
///
/// # Panics
/// When there is one already: these chips have one for all.
pub fn shared(spi: Spi<'static, Blocking>) -> &'static Bus {
    static BUS: StaticCell<Bus> = StaticCell::new();
    BUS.init(RefCell::new(spi))
}

/// The bus for several devices on its pins, taken out of the peripherals of the chip.
#[macro_export]
macro_rules! shared_spi {
    ($p:ident) => {{
        let lines = [
            $crate::pin!($p, sclk).into(),
            $crate::pin!($p, mosi).into(),
            $crate::pin!($p, miso).into(),
        ];
        match $crate::board::spi($p.SPI2.into(), lines, $crate::card::config(400)) {
            Ok(spi) => $crate::bus::shared(spi),
            Err(error) => panic!("the SPI controller can not run at 400 kHz: {error:?}"),
        }
    }};
}

/// A device on the bus, with a mode and a clock of its own.
pub struct Device {
    bus: &'static Bus,
    cs: Output<'static>,
    config: Config,
}

impl Device {
    /// The device that this pin selects.
    #[must_use]
    pub const fn new(bus: &'static Bus, cs: Output<'static>, config: Config) -> Self {
        Self { bus, cs, config }
    }

    /// From now on with another clock.
    pub fn set_config(&mut self, config: Config) {
        self.config = config;
    }

    /// Clocks, and nobody selected.
    ///
    /// # Errors
    /// The controller refuses.
    pub fn clocks(&mut self, bytes: usize) -> Result<(), ErrorKind> {
        let mut bus = self.bus.borrow_mut();
        bus.apply_config(&self.config)
            .map_err(|_| ErrorKind::Other)?;
        for _ in 0..bytes {
            bus.write(&[0xFF]).map_err(|_| ErrorKind::Other)?;
        }
        Ok(())
    }
}

impl ErrorType for Device {
    type Error = ErrorKind;
}

impl SpiDevice for Device {
    fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), ErrorKind> {
        let mut bus = self.bus.borrow_mut();
        bus.apply_config(&self.config)
            .map_err(|_| ErrorKind::Other)?;
        self.cs.set_low();
        let done = operations.iter_mut().try_for_each(|operation| {
            use embedded_hal::spi::SpiBus;
            match operation {
                Operation::Read(words) => SpiBus::read(&mut *bus, words),
                Operation::Write(words) => SpiBus::write(&mut *bus, words),
                Operation::Transfer(read, write) => SpiBus::transfer(&mut *bus, read, write),
                Operation::TransferInPlace(words) => SpiBus::transfer_in_place(&mut *bus, words),
                Operation::DelayNs(ns) => {
                    // What was written has to be on its way before a pause begins.
                    SpiBus::flush(&mut *bus)?;
                    Delay::new().delay_ns(*ns);
                    Ok(())
                }
            }
        });
        let flushed = embedded_hal::spi::SpiBus::flush(&mut *bus);
        self.cs.set_high();
        done.and(flushed).map_err(|_| ErrorKind::Other)
    }
}

/// For the drivers that wait: a transfer takes less time than a switch to another task would be worth.
#[cfg(feature = "app")]
impl embedded_hal_async::spi::SpiDevice for Device {
    async fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), ErrorKind> {
        SpiDevice::transaction(self, operations)
    }
}
