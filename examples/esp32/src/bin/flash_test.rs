//! Counts starts in the flash: the number goes on after a reset and after the supply was gone.
//!
//! Wiring: none. It needs the partitions of `partitions.csv`, which `cargo run` flashes along.
#![no_std]
#![no_main]

use core::cell::RefCell;

use embassy_futures::block_on;
use esp_backtrace as _;
use esp_hal::delay::Delay;
use esp_hal::main;
use esp_println::println;
use esp_storage::FlashStorage;
use esp32_examples::flash::{Flash, Partition};
use sequential_storage::cache::Cache;
use sequential_storage::map::{MapConfig, MapStorage};
use static_cell::StaticCell;

esp_bootloader_esp_idf::esp_app_desc!();

/// The name the number is stored under; the application uses small ones.
const STARTS: u8 = 0xFE;

static FLASH: StaticCell<Flash> = StaticCell::new();

#[main]
fn main() -> ! {
    let p = esp_hal::init(esp_hal::Config::default());
    let flash = FLASH.init(RefCell::new(FlashStorage::new(p.FLASH)));
    let Some(region) = Partition::named(flash, "settings") else {
        panic!("there is no partition \"settings\": flash partitions.csv along");
    };
    println!(
        "flash_test: {} kB at {:#x}",
        embedded_storage_async::nor_flash::ReadNorFlash::capacity(&region) / 1024,
        region.start()
    );
    match block_on(count(region)) {
        Ok(starts) => println!("start number {starts}"),
        Err(error) => println!("the flash fails: {error:?}"),
    }
    loop {
        Delay::new().delay_millis(1_000);
    }
}

/// One start more than the flash knew of.
async fn count(
    region: Partition,
) -> Result<u32, sequential_storage::Error<esp_storage::FlashStorageError>> {
    let length = embedded_storage_async::nor_flash::ReadNorFlash::capacity(&region) as u32;
    let mut map =
        MapStorage::<u8, _, _>::new(region, MapConfig::new(0..length), Cache::new_uncached());
    let mut buffer = [0; 64];
    let starts = map
        .fetch_item::<u32>(&mut buffer, &STARTS)
        .await?
        .unwrap_or(0)
        + 1;
    map.store_item(&mut buffer, &STARTS, &starts).await?;
    Ok(starts)
}
