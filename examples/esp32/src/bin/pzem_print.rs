//! Reads a PZEM-004T once a second and prints what it measures, or what to check when it does not
//! answer.
//!
//! Wiring: module TX to RX of the chip and module RX to TX, 5 V and GND to the module's low-voltage
//! side; pins in `examples/README.md`. The other side of the module is on mains: read the safety
//! section there first.
#![no_std]
#![no_main]

use esp_backtrace as _;
use esp_hal::delay::Delay;
use esp_hal::main;
use esp_println::println;
use esp32_examples::board::meter_uart;
use esp32_examples::pin;
use pzem::blocking::Pzem;
use pzem::{Measurement, Target};

esp_bootloader_esp_idf::esp_app_desc!();

#[main]
fn main() -> ! {
    let peripherals = esp_hal::init(esp_hal::Config::default());
    let uart = match meter_uart(
        pin!(peripherals, meter_uart).into(),
        pin!(peripherals, meter_rx).into(),
        pin!(peripherals, meter_tx).into(),
    ) {
        Ok(uart) => uart,
        Err(error) => panic!("the UART can not run at 9600 baud: {error:?}"),
    };
    let delay = Delay::new();
    let mut pzem = Pzem::new(uart, delay);
    println!("pzem_print: one reading a second from the only module on the line");
    loop {
        // The general address: one module, whatever address it has.
        match pzem.read(Target::General) {
            Ok(measurement) => show(&measurement),
            Err(error) => println!("no reading: {error}"),
        }
        delay.delay_millis(1_000);
    }
}

/// The reading as a box, two decimals each.
fn show(m: &Measurement) {
    let row = |name: &str, value: u64, one: u64, unit: &str| {
        // Hundredths, rounded half up.
        let hundredths = (value * 100 + one / 2) / one;
        let (whole, rest) = (hundredths / 100, hundredths % 100);
        println!("| {name:<12} {whole:>8}.{rest:02} {unit:<3} |");
    };
    println!("+------------------------------+");
    row("Voltage", u64::from(m.voltage_mv()), 1_000, "V");
    row("Current", u64::from(m.current_ma), 1_000, "A");
    row("Power", m.power_mw(), 1_000, "W");
    row("Energy", m.energy_mwh(), 1_000_000, "kWh");
    row("Frequency", u64::from(m.frequency_mhz()), 1_000, "Hz");
    row("Power factor", u64::from(m.power_factor_milli()), 1_000, "");
    println!("+------------------------------+");
}
