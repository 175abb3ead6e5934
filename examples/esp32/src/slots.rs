//! The two partitions for firmware, and the boot loader's note of which one it starts.
//!
//! The note is in two sectors, each with a number, a state and the check value of the number; the larger number counts,
//! and tells the slot: ESP-IDF, `bootloader_support`, `esp_ota_select_entry_t`. A new note goes to the sector that
//! does not count, state and all, so that a power cut leaves the old one or the new one. (`OtaUpdater` of
//! `esp-bootloader-esp-idf` writes number and state one after the other.)

use embedded_storage_async::nor_flash::{NorFlash, ReadNorFlash};
use esp_bootloader_esp_idf::partitions::{self, PARTITION_TABLE_MAX_LEN};
use esp_hal::rom::crc::crc32_le;
use smart_meter::ota::{Slot, SlotError, Slots};

use crate::flash::{Flash, Partition};

const ENTRY: usize = 32;
const SECTORS: [u32; 2] = [0, 4_096];

/// States of a slot: `esp_ota_img_states_t`.
const NEW: u32 = 0;
const PENDING: u32 = 1;
const VALID: u32 = 2;

/// A note of the boot loader.
#[derive(Clone, Copy)]
struct Entry {
    number: u32,
    state: u32,
}

impl Entry {
    fn check(number: u32) -> u32 {
        crc32_le(u32::MAX, &number.to_le_bytes())
    }

    fn read(bytes: &[u8; ENTRY]) -> Option<Self> {
        let word = |at: usize| {
            let bytes = bytes.get(at..)?.first_chunk()?;
            Some(u32::from_le_bytes(*bytes))
        };
        let (number, state, check) = (word(0)?, word(24)?, word(28)?);
        (number != u32::MAX && number != 0 && check == Self::check(number))
            .then_some(Self { number, state })
    }

    fn bytes(self) -> [u8; ENTRY] {
        let mut bytes = [0xFF; ENTRY];
        let words = [
            (0, self.number),
            (24, self.state),
            (28, Self::check(self.number)),
        ];
        for (at, word) in words {
            bytes[at..at + 4].copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }

    const fn slot(self) -> Slot {
        if self.number % 2 == 1 {
            Slot::A
        } else {
            Slot::B
        }
    }
}

/// The partitions `ota_0`, `ota_1` and `otadata`.
pub struct FirmwareSlots {
    running: Slot,
    other: Partition,
    notes: Partition,
}

impl FirmwareSlots {
    /// As the partition table has them; `None` when it has other ones.
    #[must_use]
    pub fn new(flash: &'static Flash) -> Option<Self> {
        let running = running(flash);
        let name = match running {
            Slot::A => "ota_1",
            Slot::B => "ota_0",
        };
        Some(Self {
            running,
            other: Partition::named(flash, name)?,
            notes: Partition::named(flash, "otadata")?,
        })
    }

    /// The note that counts, and the sector it is in.
    async fn current(&mut self) -> Result<Option<(usize, Entry)>, SlotError> {
        let mut current: Option<(usize, Entry)> = None;
        for (sector, at) in SECTORS.into_iter().enumerate() {
            let mut bytes = [0; ENTRY];
            let read = self.notes.read(at, &mut bytes).await;
            read.map_err(|_| SlotError::Read)?;
            let Some(entry) = Entry::read(&bytes) else {
                continue;
            };
            if current.is_none_or(|(_, best)| entry.number > best.number) {
                current = Some((sector, entry));
            }
        }
        Ok(current)
    }
}

/// The slot whose flash is mapped into memory; the first where that can not be told.
fn running(flash: &'static Flash) -> Slot {
    let mut buffer = [0; PARTITION_TABLE_MAX_LEN];
    let table = partitions::read_partition_table(&mut flash.borrow_mut(), &mut buffer);
    let booted = table.ok().and_then(|table| table.booted_partition().ok()?);
    match booted {
        Some(entry) if entry.label_as_str() == "ota_1" => Slot::B,
        _ => Slot::A,
    }
}

impl Slots for FirmwareSlots {
    fn running(&self) -> Slot {
        self.running
    }

    fn room(&self) -> u32 {
        self.other.capacity() as u32
    }

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), SlotError> {
        let erased = self.other.erase(from, to).await;
        erased.map_err(|_| SlotError::Erase)
    }

    async fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), SlotError> {
        let written = self.other.write(at, bytes).await;
        written.map_err(|_| SlotError::Write)
    }

    async fn read(&mut self, at: u32, bytes: &mut [u8]) -> Result<(), SlotError> {
        let read = self.other.read(at, bytes).await;
        read.map_err(|_| SlotError::Read)
    }

    async fn active(&mut self) -> Result<Slot, SlotError> {
        // Without a note the boot loader starts the first.
        let current = self.current().await?;
        Ok(current.map_or(Slot::A, |(_, entry)| entry.slot()))
    }

    async fn activate(&mut self, slot: Slot, is_confirmed: bool) -> Result<(), SlotError> {
        let current = self.current().await?;
        let (sector, number) = match current {
            Some((sector, entry)) => {
                let step = if entry.slot() == slot { 2 } else { 1 };
                (1 - sector, entry.number + step)
            }
            None if slot == Slot::A => (0, 1),
            None => (0, 2),
        };
        let state = if is_confirmed { VALID } else { NEW };
        let at = SECTORS[sector];
        let erased = self.notes.erase(at, at + 4_096).await;
        erased.map_err(|_| SlotError::Activate)?;
        let written = self.notes.write(at, &Entry { number, state }.bytes()).await;
        written.map_err(|_| SlotError::Activate)
    }

    async fn is_confirmed(&mut self) -> Result<bool, SlotError> {
        let current = self.current().await?;
        Ok(current.is_none_or(|(_, entry)| !matches!(entry.state, NEW | PENDING)))
    }
}
