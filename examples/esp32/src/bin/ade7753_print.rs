//! Reads an ADE7753 and prints what it measures, one window a second, or what to check when it can not.
//!
//! Wiring: SCLK, DIN, DOUT, CS and IRQ of the chip; pins in `examples/README.md`. The chip runs on 5 V: DOUT
//! and IRQ need level shifters. Its inputs are near mains: read the safety section there first.
#![no_std]
#![no_main]

use ade7753::blocking::Ade7753;
use ade7753::{Config, CurrentSensor, Filter, FrontEnd, LineCycles, Measurement, VoltageSensor};
use esp_backtrace as _;
use esp_hal::delay::Delay;
use esp_hal::main;
use esp_hal::time::Instant;
use esp_println::println;
use esp32_examples::board::{self, SCLK_HZ};
use esp32_examples::pin;

esp_bootloader_esp_idf::esp_app_desc!();

/// The parts in front of the chip: change these to what is on your board.
const CURRENT: CurrentSensor = CurrentSensor::sct_013_000(22_000, 1);
const VOLTAGE: VoltageSensor = VoltageSensor::zmpt101b(200_000, 150);
/// Unequal filters: an SCT-013 leads by more than the chip alone can correct.
const FILTERS: (Filter, Filter) = (
    Filter {
        ohm: 1_000,
        nf: 150,
    },
    Filter::USUAL,
);

#[main]
fn main() -> ! {
    let peripherals = esp_hal::init(esp_hal::Config::default());
    let lines = [
        pin!(peripherals, sclk).into(),
        pin!(peripherals, mosi).into(),
        pin!(peripherals, miso).into(),
    ];
    let spi = match board::spi(peripherals.SPI2.into(), lines, board::chip_config()) {
        Ok(spi) => board::only_device(spi, pin!(peripherals, chip_cs).into()),
        Err(error) => panic!("the SPI controller can not run at {SCLK_HZ} Hz: {error:?}"),
    };
    let irq = board::pulled_up(pin!(peripherals, chip_irq).into());
    let front_end = match FrontEnd::new(CURRENT, VOLTAGE) {
        Ok(front_end) => front_end.with_filters(FILTERS.0, FILTERS.1),
        Err(error) => panic!("these parts make no meter: {error}"),
    };
    let config = match Config::new(&front_end).with_sclk_hz(SCLK_HZ) {
        Ok(config) => config,
        Err(error) => panic!("{error}"),
    };
    println!("ade7753_print: {}", front_end.phase_budget());
    let delay = Delay::new();
    let mut meter = Ade7753::new(spi, delay, config);
    loop {
        let started = meter.init();
        let started = started.and_then(|_| meter.start_windows(LineCycles::from_ms(1_000, 50)));
        if let Err(error) = started {
            println!("the chip does not start: {error}");
            delay.delay_millis(1_000);
            continue;
        }
        loop {
            if irq.is_low() {
                meter.interrupted(now_us());
            }
            match meter.poll_window(now_us()) {
                Ok(Some(window)) => show(&meter.config().calibration().scale.measure(&window)),
                Ok(None) => delay.delay_micros(200),
                Err(error) => {
                    println!("no reading: {error}");
                    break;
                }
            }
        }
    }
}

fn now_us() -> u32 {
    Instant::now().duration_since_epoch().as_micros() as u32
}

/// The reading as a box.
fn show(m: &Measurement) {
    let row = |name: &str, thousandths: i64, unit: &str| {
        let sign = if thousandths < 0 { "-" } else { "" };
        let (whole, rest) = (
            thousandths.unsigned_abs() / 1_000,
            thousandths.unsigned_abs() % 1_000,
        );
        println!("| {name:<12} {sign:>1}{whole:>7}.{rest:03} {unit:<4}|");
    };
    println!("+-------------------------------+");
    if let (Some(mv), Some(ua)) = (m.voltage_mv, m.current_ua) {
        row("Voltage", mv.into(), "V");
        row("Current", (i64::from(ua) + 500) / 1_000, "A");
    }
    row("Power", m.active_mw.into(), "W");
    if let Some(mvar) = m.reactive_mvar {
        row("Reactive", mvar.into(), "var");
    }
    row("Apparent", m.apparent_mva.into(), "VA");
    row("Frequency", m.frequency_mhz.into(), "Hz");
    row("Power factor", m.power_factor_milli.into(), "");
    println!("+-------------------------------+");
}
