//! The smart meter with an ADE7753 and the parts in front of it.
//!
//! Wiring: SCLK, DIN, DOUT and CS of the chip, which runs on 5 V: DOUT needs a level shifter. An SD card may be on the
//! same lines, with a chip select of its own. Around it as much of this as there is: SSD1306 and DS3231 on SDA and
//! SCL, a light, a button. Pins, flashing and the first settings are in `examples/README.md`; the safety section there
//! comes before everything else: the inputs of the chip are near mains.
#![no_std]
#![no_main]

use ade7753::asynch::Ade7753;
use ade7753::{Config, CurrentSensor, Filter, FrontEnd, LineCycles, VoltageSensor};
use embassy_executor::Spawner;
use embassy_time::Delay;
use esp_backtrace as _;
use esp_hal::clock::CpuClock;
use esp_hal::timer::timg::TimerGroup;
use esp32_examples::board::{self, SCLK_HZ};
use esp32_examples::clock::micros;
use esp32_examples::device::Device;
use esp32_examples::{around, bus, heap, pin, shared_spi};
use smart_meter::source::Ade7753Source;

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

#[esp_rtos::main]
async fn main(spawner: Spawner) -> ! {
    let p = esp_hal::init(esp_hal::Config::default().with_cpu_clock(CpuClock::max()));
    heap!();
    esp_rtos::start(TimerGroup::new(p.TIMG0).timer0, p.FROM_CPU_INTR0);
    // Before anything that new firmware could fail at.
    let device = Device::start(p.FLASH).await;

    let front_end = match FrontEnd::new(CURRENT, VOLTAGE) {
        Ok(front_end) => front_end.with_filters(FILTERS.0, FILTERS.1),
        Err(error) => panic!("these parts make no meter: {error}"),
    };
    let config = match Config::new(&front_end).with_sclk_hz(SCLK_HZ) {
        Ok(config) => config,
        Err(error) => panic!("{error}"),
    };
    let bus = shared_spi!(p);
    let cs = board::chip_select(pin!(p, chip_cs).into());
    let spi = bus::Device::new(bus, cs, board::chip_config());
    // Ten or twelve cycles of mains.
    let window = LineCycles::from_ms(200, device.settings().nominal_hz.into());
    let chip = Ade7753Source::new(Ade7753::new(spi, Delay, config), micros, window);
    device
        .run(spawner, chip, around!(p, bus, led_beside_chip))
        .await
}
