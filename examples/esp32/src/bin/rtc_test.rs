//! Prints the time of the DS3231 every second; a clock that lost its battery is set to the first of January 2026.
//!
//! Wiring: SDA and SCL of a DS3231, 3.3 V, GND; pins in `examples/README.md`.
#![no_std]
#![no_main]

use chrono::DateTime;
use esp_backtrace as _;
use esp_hal::delay::Delay;
use esp_hal::main;
use esp_println::println;
use esp32_examples::rtc::BatteryClock;
use esp32_examples::{board, pin};

esp_bootloader_esp_idf::esp_app_desc!();

/// 2026-01-01T00:00:00Z.
const START_S: i64 = 1_767_225_600;

#[main]
fn main() -> ! {
    let p = esp_hal::init(esp_hal::Config::default());
    let bus = board::i2c(p.I2C0.into(), pin!(p, sda).into(), pin!(p, scl).into());
    let mut clock = BatteryClock::new(bus);
    let delay = Delay::new();
    println!("rtc_test: the time, once a second");
    loop {
        match clock.utc_s().and_then(|s| DateTime::from_timestamp(s, 0)) {
            Some(time) => println!("{}Z", time.naive_utc()),
            None if clock.set_utc_s(START_S) => {
                println!("the clock had stopped: set to 2026-01-01")
            }
            None => println!("no clock: check SDA, SCL, 3.3 V and the address 0x68"),
        }
        delay.delay_millis(1_000);
    }
}
