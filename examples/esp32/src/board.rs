//! Puts the units of the chip on their pins. The pins themselves are in `pins`.

use embedded_hal_bus::spi::ExclusiveDevice;
use esp_hal::Blocking;
use esp_hal::delay::Delay;
use esp_hal::gpio::{AnyPin, Input, InputConfig, Level, Output, OutputConfig, Pull};
use esp_hal::spi::Mode;
use esp_hal::spi::master::{self, AnySpi, Spi};
use esp_hal::time::Rate;
use esp_hal::uart::{AnyUart, Config, ConfigError, Uart};

/// The UART to the module: 9600 baud, 8N1.
///
/// # Errors
/// The UART can not run at 9600 baud, which no clock setting of these chips causes.
pub fn meter_uart(
    uart: AnyUart<'static>,
    rx: AnyPin<'static>,
    tx: AnyPin<'static>,
) -> Result<Uart<'static, Blocking>, ConfigError> {
    let config = Config::default().with_baudrate(9_600);
    Ok(Uart::new(uart, config)?.with_rx(rx).with_tx(tx))
}

/// SPI clock of the ADE7753. It takes 10 MHz; level shifters and wires of a hobby board rather take this.
pub const SCLK_HZ: u32 = 1_000_000;

/// How the ADE7753 wants its bus.
#[must_use]
pub fn chip_config() -> master::Config {
    master::Config::default()
        .with_frequency(Rate::from_hz(SCLK_HZ))
        .with_mode(Mode::_1)
}

/// The SPI bus.
///
/// # Errors
/// The SPI controller can not run at this clock, which no clock setting of these chips causes.
pub fn spi(
    spi: AnySpi<'static>,
    [sclk, mosi, miso]: [AnyPin<'static>; 3],
    config: master::Config,
) -> Result<Spi<'static, Blocking>, master::ConfigError> {
    let spi = Spi::new(spi, config)?;
    Ok(spi.with_sck(sclk).with_mosi(mosi).with_miso(miso))
}

/// A device that has the bus to itself.
pub type OnlyDevice = ExclusiveDevice<Spi<'static, Blocking>, Output<'static>, Delay>;

/// The only device of a bus.
///
/// It has a delay of its own: one made with `new_no_delay` panics at the pauses that an ADE7753 needs inside
/// a transfer.
#[must_use]
pub fn only_device(spi: Spi<'static, Blocking>, cs: AnyPin<'static>) -> OnlyDevice {
    match ExclusiveDevice::new(spi, chip_select(cs), Delay::new()) {
        Ok(device) => device,
        Err(never) => match never {},
    }
}

/// A chip select: high, until somebody is meant.
#[must_use]
pub fn chip_select(pin: AnyPin<'static>) -> Output<'static> {
    Output::new(pin, Level::High, OutputConfig::default())
}

/// A pin that something pulls down: an interrupt output, a button.
#[must_use]
pub fn pulled_up(pin: AnyPin<'static>) -> Input<'static> {
    Input::new(pin, InputConfig::default().with_pull(Pull::Up))
}

/// A light that is off.
#[must_use]
pub fn led(pin: AnyPin<'static>) -> Output<'static> {
    Output::new(pin, Level::Low, OutputConfig::default())
}

/// The bus of display and clock.
///
/// # Panics
/// When the I2C controller can not run at 400 kHz, which no clock setting of these chips causes.
#[cfg(feature = "parts")]
#[must_use]
pub fn i2c(
    unit: esp_hal::i2c::master::AnyI2c<'static>,
    sda: AnyPin<'static>,
    scl: AnyPin<'static>,
) -> esp_hal::i2c::master::I2c<'static, Blocking> {
    use esp_hal::i2c::master::{Config, I2c};
    // Both take 400 kHz.
    let config = Config::default().with_frequency(Rate::from_khz(400));
    match I2c::new(unit, config) {
        Ok(bus) => bus.with_sda(sda).with_scl(scl),
        Err(error) => panic!("the I2C controller can not run at 400 kHz: {error:?}"),
    }
}

/// Memory for the radio and for TLS, where they are; the first part is what the boot loader has left.
#[macro_export]
macro_rules! heap {
    () => {
        #[cfg(feature = "heap")]
        {
            esp_alloc::heap_allocator!(#[esp_hal::ram(reclaimed)] size: $crate::board::HEAP[0]);
            esp_alloc::heap_allocator!(size: $crate::board::HEAP[1]);
        }
    };
}

/// Bytes of heap, in what the boot loader has left and elsewhere: 60 kB for the radio at most, 34 kB for each of two
/// TLS sessions, since new firmware is loaded while records are sent.
pub const HEAP: [usize; 2] = [60 * 1024, 72 * 1024];
