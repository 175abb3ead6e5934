//! An SD card that comes and goes, on a bus with another device.

use core::cell::Cell;

use embedded_hal::spi::{Operation, SpiDevice};
use embedded_sdmmc::{Block, BlockCount, BlockDevice, BlockIdx, SdCard, SdCardError};
use esp_hal::delay::Delay;
use esp_hal::gpio::AnyPin;
use esp_hal::spi::Mode;
use esp_hal::spi::master::Config;
use esp_hal::time::Rate;

use crate::board;
use crate::bus::{Bus, Device};

/// No faster while a card starts: SD Physical Layer, section 4.2.1.
const START_KHZ: u32 = 400;
/// Cards take 25 MHz; the wires of a hobby board rather take this.
const RUN_KHZ: u32 = 8_000;

/// How a card wants its bus.
#[must_use]
pub fn config(khz: u32) -> Config {
    Config::default()
        .with_frequency(Rate::from_khz(khz))
        .with_mode(Mode::_0)
}

/// The device on a bus that selects the card.
#[must_use]
pub fn device(bus: &'static Bus, cs: AnyPin<'static>) -> Device {
    Device::new(bus, board::chip_select(cs), config(START_KHZ))
}

/// A card that may be there or not. After every failure it is looked for anew.
pub struct Card {
    card: SdCard<Device, Delay>,
    is_ready: Cell<bool>,
}

impl Card {
    /// The card that this device selects.
    #[must_use]
    pub fn new(device: Device) -> Self {
        Self {
            card: SdCard::new(device, Delay::new()),
            is_ready: Cell::new(false),
        }
    }

    /// Whether a card answers to a reset. `SdCard` finds out too, in seconds: nothing else would run meanwhile.
    fn is_there(&self) -> bool {
        // CMD0 with its CRC; the answer comes within eight bytes.
        let command = [0x40, 0, 0, 0, 0, 0x95];
        let mut answer = [0xFF; 10];
        let asked = self.card.spi(|device| {
            // At least 74 clocks with no card selected: SD Physical Layer, section 6.4.1.4.
            device.clocks(10)?;
            device.transaction(&mut [
                Operation::Write(&command),
                Operation::TransferInPlace(&mut answer),
            ])
        });
        asked.is_ok() && answer.contains(&0x01)
    }

    fn with<T>(
        &self,
        work: impl FnOnce(&SdCard<Device, Delay>) -> Result<T, SdCardError>,
    ) -> Result<T, SdCardError> {
        if !self.is_ready.get() {
            self.card.mark_card_uninit();
            self.card.spi(|device| device.set_config(config(START_KHZ)));
            if !self.is_there() || self.card.get_card_type().is_none() {
                return Err(SdCardError::CardNotFound);
            }
            self.card.spi(|device| device.set_config(config(RUN_KHZ)));
        }
        let result = work(&self.card);
        self.is_ready.set(result.is_ok());
        result
    }
}

impl BlockDevice for Card {
    type Error = SdCardError;

    fn read(&self, blocks: &mut [Block], start: BlockIdx) -> Result<(), SdCardError> {
        self.with(|card| card.read(blocks, start))
    }

    fn write(&self, blocks: &[Block], start: BlockIdx) -> Result<(), SdCardError> {
        self.with(|card| card.write(blocks, start))
    }

    fn num_blocks(&self) -> Result<BlockCount, SdCardError> {
        self.with(|card| card.num_blocks())
    }
}

#[cfg(feature = "app")]
impl smart_meter::archive::Card for Card {
    fn restart(&self) {
        self.is_ready.set(false);
    }
}
