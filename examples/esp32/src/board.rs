//! Which pins the meter is wired to, chip by chip; the table in `examples/README.md` is the same.

use embedded_hal_bus::spi::ExclusiveDevice;
use esp_hal::Blocking;
use esp_hal::delay::Delay;
use esp_hal::gpio::{Input, InputConfig, Level, Output, OutputConfig, Pull};
use esp_hal::peripherals::Peripherals;
use esp_hal::spi::Mode;
use esp_hal::spi::master::{self, Spi};
use esp_hal::time::Rate;
use esp_hal::uart::{Config, ConfigError, Uart};

/// The UART to the module: 9600 baud, 8N1.
///
/// # Errors
/// The UART can not run at 9600 baud, which no clock setting of these chips causes.
pub fn meter_uart(peripherals: Peripherals) -> Result<Uart<'static, Blocking>, ConfigError> {
    let config = Config::default().with_baudrate(9_600);
    // UART2 on GPIO16 and GPIO17, where DevKit boards label RX2 and TX2.
    #[cfg(feature = "esp32")]
    let uart = Uart::new(peripherals.UART2, config)?
        .with_rx(peripherals.GPIO16)
        .with_tx(peripherals.GPIO17);
    #[cfg(feature = "esp32s3")]
    let uart = Uart::new(peripherals.UART2, config)?
        .with_rx(peripherals.GPIO16)
        .with_tx(peripherals.GPIO17);
    #[cfg(feature = "esp32c3")]
    let uart = Uart::new(peripherals.UART1, config)?
        .with_rx(peripherals.GPIO5)
        .with_tx(peripherals.GPIO4);
    // GPIO16 and GPIO17 of the C6 are the serial console.
    #[cfg(feature = "esp32c6")]
    let uart = Uart::new(peripherals.UART1, config)?
        .with_rx(peripherals.GPIO5)
        .with_tx(peripherals.GPIO4);
    Ok(uart)
}

/// SPI clock of the ADE7753. It takes 10 MHz; level shifters and wires of a hobby board rather take this.
pub const SCLK_HZ: u32 = 1_000_000;

/// An ADE7753 with its chip select, and its interrupt pin.
pub type MeterChip = (
    ExclusiveDevice<Spi<'static, Blocking>, Output<'static>, Delay>,
    Input<'static>,
);

/// The SPI bus to an ADE7753, in mode 1, and the pin its IRQ output is wired to.
///
/// The bus device has a delay of its own: one made with `new_no_delay` panics at the pauses that the chip
/// needs inside a transfer.
///
/// # Errors
/// The SPI controller can not run at this clock, which no clock setting of these chips causes.
pub fn meter_chip(peripherals: Peripherals) -> Result<MeterChip, master::ConfigError> {
    let config = master::Config::default()
        .with_frequency(Rate::from_hz(SCLK_HZ))
        .with_mode(Mode::_1);
    let spi = Spi::new(peripherals.SPI2, config)?;
    #[cfg(feature = "esp32")]
    let (spi, cs, irq) = (
        spi.with_sck(peripherals.GPIO18)
            .with_mosi(peripherals.GPIO23)
            .with_miso(peripherals.GPIO19),
        Output::new(peripherals.GPIO5, Level::High, OutputConfig::default()),
        Input::new(
            peripherals.GPIO4,
            InputConfig::default().with_pull(Pull::Up),
        ),
    );
    #[cfg(feature = "esp32s3")]
    let (spi, cs, irq) = (
        spi.with_sck(peripherals.GPIO12)
            .with_mosi(peripherals.GPIO11)
            .with_miso(peripherals.GPIO13),
        Output::new(peripherals.GPIO10, Level::High, OutputConfig::default()),
        Input::new(
            peripherals.GPIO9,
            InputConfig::default().with_pull(Pull::Up),
        ),
    );
    #[cfg(feature = "esp32c3")]
    let (spi, cs, irq) = (
        spi.with_sck(peripherals.GPIO6)
            .with_mosi(peripherals.GPIO7)
            .with_miso(peripherals.GPIO1),
        Output::new(peripherals.GPIO10, Level::High, OutputConfig::default()),
        Input::new(
            peripherals.GPIO3,
            InputConfig::default().with_pull(Pull::Up),
        ),
    );
    #[cfg(feature = "esp32c6")]
    let (spi, cs, irq) = (
        spi.with_sck(peripherals.GPIO6)
            .with_mosi(peripherals.GPIO7)
            .with_miso(peripherals.GPIO2),
        Output::new(peripherals.GPIO18, Level::High, OutputConfig::default()),
        Input::new(
            peripherals.GPIO19,
            InputConfig::default().with_pull(Pull::Up),
        ),
    );
    match ExclusiveDevice::new(spi, cs, Delay::new()) {
        Ok(device) => Ok((device, irq)),
        Err(never) => match never {},
    }
}
