//! Appends a line to `TEST.CSV` on the card and reads the file back.
//!
//! Wiring: an SD card in SPI mode on SCLK, MOSI, MISO and a chip select of its own, 3.3 V, GND; pins in
//! `examples/README.md`. The card has one partition with FAT16 or FAT32.
#![no_std]
#![no_main]

use embedded_sdmmc::{Error, Mode, SdCardError, TimeSource, Timestamp, VolumeIdx, VolumeManager};
use esp_backtrace as _;
use esp_hal::delay::Delay;
use esp_hal::main;
use esp_println::println;
use esp32_examples::card::{self, Card};
use esp32_examples::{pin, shared_spi};

esp_bootloader_esp_idf::esp_app_desc!();

const LINE: &[u8] = b"sd_test;230.1;0.52;118.3\n";

#[main]
fn main() -> ! {
    let p = esp_hal::init(esp_hal::Config::default());
    let bus = shared_spi!(p);
    let card = Card::new(card::device(bus, pin!(p, card_cs).into()));
    let volumes: VolumeManager<_, _> = VolumeManager::new(card, NoClock);
    println!("sd_test: a line in TEST.CSV every five seconds");
    loop {
        match append(&volumes) {
            Ok((length, is_whole)) => println!(
                "TEST.CSV: {length} bytes, {}",
                if is_whole {
                    "read back well"
                } else {
                    "NOT what was written"
                }
            ),
            Err(error) => println!("no file: {error:?}: check the card, its format, MISO and CS"),
        }
        Delay::new().delay_millis(5_000);
    }
}

/// Appends the line; the length of the file, and whether all of it consists of that line.
fn append<D, T>(volumes: &VolumeManager<D, T>) -> Result<(u32, bool), Error<SdCardError>>
where
    D: embedded_sdmmc::BlockDevice<Error = SdCardError>,
    T: TimeSource,
{
    let volume = volumes.open_volume(VolumeIdx(0))?;
    let folder = volume.open_root_dir()?;
    let file = folder.open_file_in_dir("TEST.CSV", Mode::ReadWriteCreateOrAppend)?;
    file.write(LINE)?;
    file.flush()?;
    file.seek_from_start(0)?;
    let mut is_whole = true;
    while !file.is_eof() {
        let mut line = [0; LINE.len()];
        is_whole &= file.read(&mut line)? == LINE.len() && line == LINE;
    }
    Ok((file.length(), is_whole))
}

/// Files get the first of January 2026.
struct NoClock;

impl TimeSource for NoClock {
    fn get_timestamp(&self) -> Timestamp {
        Timestamp {
            year_since_1970: 56,
            zero_indexed_month: 0,
            zero_indexed_day: 0,
            hours: 0,
            minutes: 0,
            seconds: 0,
        }
    }
}
