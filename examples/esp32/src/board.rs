//! Which pins the meter is wired to, chip by chip; the table in `examples/README.md` is the same.

use esp_hal::Blocking;
use esp_hal::peripherals::Peripherals;
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
