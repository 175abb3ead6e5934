//! A device in memory: a flash chip with two slots, what the boot loader reads, settings and registers; and the boot
//! loader.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use embassy_futures::block_on;
use embedded_storage_async::nor_flash::{NorFlash, ReadNorFlash};
use smart_meter::blobs::{Blobs, FlashBlobs, Key};
use smart_meter::ota::{Slot, SlotError, Slots, Version, guard};
use smart_meter::platform::Clock;

use crate::flash::{Chip, Region, SECTOR};

/// Sectors of the slots.
pub(crate) const SLOT_SECTORS: usize = 6;
const OTADATA: usize = 0;
const BLOBS: usize = 2;
const REGISTERS: usize = 4;
const SLOT_A: usize = 6;
const SLOT_B: usize = SLOT_A + SLOT_SECTORS;

pub(crate) type Store = FlashBlobs<Region, 256>;

/// Time that passes when somebody waits for it.
#[derive(Default)]
pub(crate) struct FastClock(pub(crate) Cell<u64>);

impl Clock for FastClock {
    fn now_ms(&self) -> u64 {
        self.0.get()
    }

    async fn sleep_until(&self, at_ms: u64) {
        self.0.set(self.0.get().max(at_ms));
    }
}

pub(crate) struct Device {
    pub(crate) chip: Rc<RefCell<Chip>>,
    pub(crate) clock: FastClock,
}

impl Device {
    /// One that came with firmware in its first slot.
    pub(crate) fn new(body: &[u8]) -> Self {
        let chip = Chip::new(SLOT_B + SLOT_SECTORS);
        {
            let mut chip = chip.borrow_mut();
            chip.bytes[SLOT_A * SECTOR..][..body.len()].copy_from_slice(body);
            for (at, byte) in chip.bytes[REGISTERS * SECTOR..SLOT_A * SECTOR]
                .iter_mut()
                .enumerate()
            {
                *byte = (at % 251) as u8;
            }
        }
        let device = Self {
            chip,
            clock: FastClock::default(),
        };
        block_on(
            device
                .blobs()
                .write(Key::Settings, b"settings of this device"),
        )
        .unwrap();
        device
    }

    /// Whether the power has not gone.
    pub(crate) fn has_power(&self) -> bool {
        self.chip.borrow().budget != Some(0)
    }

    /// Words written and sectors erased so far.
    pub(crate) fn steps(&self) -> u32 {
        self.chip.borrow().steps
    }

    fn region(&self, sector: usize, sectors: usize) -> Region {
        Region {
            chip: self.chip.clone(),
            start: sector * SECTOR,
            length: sectors * SECTOR,
        }
    }

    pub(crate) fn blobs(&self) -> Store {
        Store::new(self.region(BLOBS, 2)).unwrap()
    }

    /// What the boot loader starts, as ESP-IDF has it: the record with the higher number whose check value fits, and
    /// the first slot if there is none.
    pub(crate) fn boot(&self) -> Slot {
        block_on(self.table().newest())
            .unwrap()
            .map_or(Slot::A, |(_, record)| record.slot())
    }

    fn table(&self) -> Table {
        Table(self.region(OTADATA, 2))
    }

    /// The slots as the firmware sees them that runs from one of them.
    pub(crate) fn slots(&self, running: Slot) -> MemorySlots {
        let sector = match running {
            Slot::A => SLOT_B,
            Slot::B => SLOT_A,
        };
        MemorySlots {
            running,
            other: self.region(sector, SLOT_SECTORS),
            table: self.table(),
        }
    }

    /// What firmware of this version finds out first, in the slot the boot loader chose.
    pub(crate) fn start(&self, version: Version) -> guard::Start {
        let (mut blobs, mut slots) = (self.blobs(), self.slots(self.boot()));
        block_on(guard::start(&mut blobs, &mut slots, version))
    }

    /// What is in a slot.
    pub(crate) fn body(&self, slot: Slot, length: usize) -> Vec<u8> {
        let sector = match slot {
            Slot::A => SLOT_A,
            Slot::B => SLOT_B,
        };
        self.chip.borrow().bytes[sector * SECTOR..][..length].to_vec()
    }

    /// Puts something into a slot with a cable.
    pub(crate) fn flash_by_cable(&self, slot: Slot, body: &[u8]) {
        let sector = match slot {
            Slot::A => SLOT_A,
            Slot::B => SLOT_B,
        };
        self.chip.borrow_mut().bytes[sector * SECTOR..][..body.len()].copy_from_slice(body);
    }

    /// Energy registers and settings are what they were.
    pub(crate) fn assert_rest_untouched(&self, context: &str) {
        {
            let chip = self.chip.borrow();
            for (at, byte) in chip.bytes[REGISTERS * SECTOR..SLOT_A * SECTOR]
                .iter()
                .enumerate()
            {
                assert_eq!(*byte, (at % 251) as u8, "{context}: register byte {at}");
            }
        }
        let mut buffer = [0; 64];
        let settings = block_on(self.blobs().read(Key::Settings, &mut buffer));
        assert_eq!(
            settings,
            Ok(Some(&b"settings of this device"[..])),
            "{context}"
        );
    }
}

/// The two records the boot loader reads.
#[derive(Clone)]
pub(crate) struct Table(Region);

#[derive(Clone, Copy)]
struct Record {
    number: u32,
    state: u32,
}

const NEW: u32 = 0;
const VALID: u32 = 2;
const UNDEFINED: u32 = 0xFFFF_FFFF;

impl Record {
    const fn slot(self) -> Slot {
        if self.number % 2 == 1 {
            Slot::A
        } else {
            Slot::B
        }
    }

    /// Number, label, state, check value of the number.
    fn bytes(self) -> [u8; 32] {
        let mut bytes = [0xFF; 32];
        bytes[..4].copy_from_slice(&self.number.to_le_bytes());
        bytes[24..28].copy_from_slice(&self.state.to_le_bytes());
        bytes[28..].copy_from_slice(&check(self.number).to_le_bytes());
        bytes
    }
}

fn check(number: u32) -> u32 {
    number.wrapping_mul(0x9E37_79B9) ^ 0x5A5A_5A5A
}

impl Table {
    async fn newest(&self) -> Result<Option<(u32, Record)>, crate::flash::Fault> {
        let mut newest: Option<(u32, Record)> = None;
        for sector in 0..2 {
            let mut bytes = [0; 32];
            self.0
                .clone()
                .read(sector * SECTOR as u32, &mut bytes)
                .await?;
            let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
            let record = Record {
                number: word(0),
                state: word(24),
            };
            let is_valid = record.number != UNDEFINED && word(28) == check(record.number);
            if is_valid && newest.is_none_or(|(_, other)| record.number > other.number) {
                newest = Some((sector, record));
            }
        }
        Ok(newest)
    }

    async fn write(&mut self, slot: Slot, state: u32) -> Result<(), crate::flash::Fault> {
        let (sector, number) = match self.newest().await? {
            Some((sector, record)) => (
                1 - sector,
                record.number + if record.slot() == slot { 2 } else { 1 },
            ),
            None => (0, if slot == Slot::A { 1 } else { 2 }),
        };
        let at = sector * SECTOR as u32;
        self.0.erase(at, at + SECTOR as u32).await?;
        self.0.write(at, &Record { number, state }.bytes()).await
    }
}

pub(crate) struct MemorySlots {
    running: Slot,
    other: Region,
    table: Table,
}

impl Slots for MemorySlots {
    fn running(&self) -> Slot {
        self.running
    }

    fn room(&self) -> u32 {
        self.other.length as u32
    }

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), SlotError> {
        self.other
            .erase(from, to)
            .await
            .map_err(|_| SlotError::Erase)
    }

    async fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), SlotError> {
        self.other
            .write(at, bytes)
            .await
            .map_err(|_| SlotError::Write)
    }

    async fn read(&mut self, at: u32, bytes: &mut [u8]) -> Result<(), SlotError> {
        assert!(at.is_multiple_of(4) && bytes.len().is_multiple_of(4));
        self.other
            .read(at, bytes)
            .await
            .map_err(|_| SlotError::Read)
    }

    async fn active(&mut self) -> Result<Slot, SlotError> {
        let newest = self.table.newest().await.map_err(|_| SlotError::Read)?;
        Ok(newest.map_or(Slot::A, |(_, record)| record.slot()))
    }

    async fn activate(&mut self, slot: Slot, is_confirmed: bool) -> Result<(), SlotError> {
        let state = if is_confirmed { VALID } else { NEW };
        self.table
            .write(slot, state)
            .await
            .map_err(|_| SlotError::Activate)
    }

    async fn is_confirmed(&mut self) -> Result<bool, SlotError> {
        let newest = self.table.newest().await.map_err(|_| SlotError::Read)?;
        Ok(newest.is_none_or(|(_, record)| record.state != NEW))
    }
}

/// Bodies that tell their version apart: what a firmware would be.
pub(crate) fn body_of(version: Version, length: usize) -> Vec<u8> {
    let name = format!("firmware {version};");
    name.bytes().cycle().take(length).collect()
}
