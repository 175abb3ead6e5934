//! The smart meter with one to four PZEM-004T modules on a line.
//!
//! Wiring: module TX to RX of the chip and module RX to TX, 5 V and GND to the low-voltage side of the modules; around
//! it as much of this as there is: SSD1306 and DS3231 on SDA and SCL, an SD card on SCLK, MOSI, MISO and its chip
//! select, a light, a button. Pins, flashing and the first settings are in `examples/README.md`; the safety section
//! there comes before everything else.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use embassy_time::Delay;
use esp_backtrace as _;
use esp_hal::clock::CpuClock;
use esp_hal::timer::timg::TimerGroup;
use esp32_examples::device::Device;
use esp32_examples::{around, board, heap, pin, shared_spi};
use pzem::asynch::Pzem;
use smart_meter::source::PzemLine;

esp_bootloader_esp_idf::esp_app_desc!();

#[esp_rtos::main]
async fn main(spawner: Spawner) -> ! {
    let p = esp_hal::init(esp_hal::Config::default().with_cpu_clock(CpuClock::max()));
    heap!();
    esp_rtos::start(TimerGroup::new(p.TIMG0).timer0, p.FROM_CPU_INTR0);
    // Before anything that new firmware could fail at.
    let device = Device::start(p.FLASH).await;

    let uart = match board::meter_uart(
        pin!(p, meter_uart).into(),
        pin!(p, meter_rx).into(),
        pin!(p, meter_tx).into(),
    ) {
        Ok(uart) => uart.into_async(),
        Err(error) => panic!("the UART can not run at 9600 baud: {error:?}"),
    };
    let bus = shared_spi!(p);
    let line = PzemLine::new(Pzem::new(uart, Delay), &device.settings().addresses);
    device.run(spawner, line, around!(p, bus, led)).await
}
