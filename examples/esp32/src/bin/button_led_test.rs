//! The light is on while the button is down; the time it was down is printed.
//!
//! Wiring: a light with its resistor from the pin to GND, a button from the pin to GND; pins in
//! `examples/README.md`. Most boards have the button (BOOT), some the light.
#![no_std]
#![no_main]

use esp_backtrace as _;
use esp_hal::delay::Delay;
use esp_hal::main;
use esp_hal::time::{Duration, Instant};
use esp_println::println;
use esp32_examples::{board, pin};

esp_bootloader_esp_idf::esp_app_desc!();

/// A contact that bounces shorter than this is not a press.
const BOUNCE: Duration = Duration::from_millis(20);

#[main]
fn main() -> ! {
    let p = esp_hal::init(esp_hal::Config::default());
    let mut led = board::led(pin!(p, led).into());
    let button = board::pulled_up(pin!(p, button).into());
    let delay = Delay::new();
    println!("button_led_test: press the button");
    loop {
        while button.is_high() {
            delay.delay_millis(1);
        }
        let since = Instant::now();
        led.set_high();
        while button.is_low() {
            delay.delay_millis(1);
        }
        led.set_low();
        let held = since.elapsed();
        if held >= BOUNCE {
            println!("held for {} ms", held.as_millis());
        }
    }
}
