//! Connects to the wireless network of the settings, gets an address and asks a time server, and says how far it came.
//!
//! Wiring: none. Name and password of the network come from the flash: set them over the console of `smart_meter`
//! first.
#![no_std]
#![no_main]

use core::cell::{Cell, RefCell};

use embassy_executor::Spawner;
use embassy_time::{Duration, Timer, with_timeout};
use esp_backtrace as _;
use esp_hal::clock::CpuClock;
use esp_hal::timer::timg::TimerGroup;
use esp_println::println;
use esp_storage::FlashStorage;
use esp32_examples::flash::{Flash, Partition};
use esp32_examples::sntp::Sntp;
use esp32_examples::{heap, network, wifi};
use smart_meter::blobs::FlashBlobs;
use smart_meter::platform::TimeServer;
use smart_meter::settings::stored;
use static_cell::StaticCell;

esp_bootloader_esp_idf::esp_app_desc!();

static FLASH: StaticCell<Flash> = StaticCell::new();
static RSSI: StaticCell<Cell<Option<i8>>> = StaticCell::new();

#[esp_rtos::main]
async fn main(spawner: Spawner) -> ! {
    let p = esp_hal::init(esp_hal::Config::default().with_cpu_clock(CpuClock::max()));
    heap!();
    esp_rtos::start(TimerGroup::new(p.TIMG0).timer0, p.FROM_CPU_INTR0);

    let flash = FLASH.init(RefCell::new(FlashStorage::new(p.FLASH)));
    let Some(mut blobs) = Partition::named(flash, "settings").and_then(FlashBlobs::<_, 2_048>::new)
    else {
        panic!("there is no partition \"settings\": flash partitions.csv along");
    };
    let mut buffer = [0; stored::MAX_STORED];
    let settings = stored::load(&mut blobs, &mut buffer).await.settings;
    println!("wifi_test: the network \"{}\"", settings.wifi_ssid);
    let password = settings.wifi_password.reveal();
    let (radio, interface) = match wifi::start(p.WIFI, &settings.wifi_ssid, password) {
        Ok(started) => started,
        Err(error) => panic!("the radio does not start: {error:?}"),
    };
    let (stack, runner) = network::stack(interface, network::dynamic());
    let rssi = &*RSSI.init(Cell::new(None));
    let (Ok(keeper), Ok(runner)) = (wifi::keep_connected(radio, rssi), wifi::run(runner)) else {
        unreachable!("each task is started once");
    };
    spawner.spawn(keeper);
    spawner.spawn(runner);
    loop {
        let waited = with_timeout(Duration::from_secs(30), stack.wait_config_up()).await;
        match (waited, stack.config_v4()) {
            (Ok(()), Some(config)) => {
                println!("address {}, {:?} dBm", config.address, rssi.get());
                match Sntp::new(stack).query(&settings.ntp_servers[0]).await {
                    Ok(utc_ms) => println!("time: {} s since 1970", utc_ms / 1_000),
                    Err(error) => println!("no time: {error}"),
                }
            }
            _ => println!("no address: check the name, the password, 2.4 GHz and the distance"),
        }
        Timer::after(Duration::from_secs(10)).await;
    }
}
