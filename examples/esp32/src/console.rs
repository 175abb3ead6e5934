//! The serial console: UART0, and the USB of the chips that have a serial port of their own in it. Text goes where
//! `esp-println` sends it; what somebody types may come from either.

use core::convert::Infallible;

use embedded_io_async::{ErrorType, Read, Write};
use esp_hal::Async;
use esp_hal::gpio::AnyPin;
use esp_hal::peripherals::UART0;
#[cfg(not(feature = "esp32"))]
use esp_hal::peripherals::USB_DEVICE;
use esp_hal::uart::{Config, UartRx};
#[cfg(not(feature = "esp32"))]
use esp_hal::usb::usb_serial_jtag::{UsbSerialJtag, UsbSerialJtagRx};
use esp_println::Printer;

/// What is typed, and what is answered.
pub struct Serial {
    uart: UartRx<'static, Async>,
    #[cfg(not(feature = "esp32"))]
    usb: UsbSerialJtagRx<'static, Async>,
}

/// The console, taken out of the peripherals of the chip.
#[macro_export]
macro_rules! serial {
    ($p:ident) => {
        $crate::console::Serial::new(
            $p.UART0,
            $crate::pin!($p, console_rx).into(),
            #[cfg(not(feature = "esp32"))]
            $p.USB_DEVICE,
        )
    };
}

impl Serial {
    /// The console at 115200 baud.
    ///
    /// # Panics
    /// When the UART can not run at that rate, which no clock setting of these chips causes.
    #[must_use]
    pub fn new(
        uart: UART0<'static>,
        rx: AnyPin<'static>,
        #[cfg(not(feature = "esp32"))] usb: USB_DEVICE<'static>,
    ) -> Self {
        let uart = match UartRx::new(uart, Config::default()) {
            Ok(uart) => uart.with_rx(rx).into_async(),
            Err(error) => panic!("the console can not run at 115200 baud: {error:?}"),
        };
        Self {
            uart,
            #[cfg(not(feature = "esp32"))]
            usb: UsbSerialJtag::new(usb).into_async().split().0,
        }
    }
}

impl ErrorType for Serial {
    type Error = Infallible;
}

impl Read for Serial {
    /// Noise on the line is nothing that was typed.
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        loop {
            #[cfg(feature = "esp32")]
            if let Ok(count) = self.uart.read_async(buffer).await {
                return Ok(count);
            }
            #[cfg(not(feature = "esp32"))]
            {
                use embassy_futures::select::{Either, select};
                let mut typed = [0; 16];
                let from_usb = Read::read(&mut self.usb, &mut typed);
                match select(self.uart.read_async(buffer), from_usb).await {
                    Either::First(Ok(count)) => return Ok(count),
                    Either::First(Err(_)) => {}
                    Either::Second(Ok(count)) => {
                        let count = count.min(buffer.len());
                        buffer[..count].copy_from_slice(&typed[..count]);
                        return Ok(count);
                    }
                    Either::Second(Err(never)) => match never {},
                }
            }
        }
    }
}

impl Write for Serial {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        Printer::write_bytes(bytes);
        Ok(bytes.len())
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}
