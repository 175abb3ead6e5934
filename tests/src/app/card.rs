//! An SD card in memory: it is taken out, put back, replaced, and loses its supply in the middle of a block.

use std::cell::RefCell;
use std::fmt;
use std::io::{Cursor, Read as _};
use std::rc::Rc;

use crc::{CRC_32_ISO_HDLC, Crc};
use embedded_sdmmc::{Block, BlockCount, BlockDevice, BlockIdx};
use smart_meter::archive::{Card, Inbox, line};
use smart_meter::live::Witness;
use smart_meter::record::{Id, Record};

use super::time::Time;

/// Of each line: as of zlib.
const CHECK: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);
/// Records that wait for the card.
pub type Room = Inbox<96>;

/// Where the partition begins, and its length, in blocks.
const START: usize = 64;
const BLOCKS: usize = 131_072;
/// Bytes of a block.
const BLOCK: usize = 512;

struct State {
    bytes: Vec<u8>,
    is_out: bool,
    /// It was put in, and nobody has begun with it.
    is_new: bool,
    /// Blocks that can be written until something ends the next one.
    blocks_left: Option<u64>,
    end: CardEnd,
    cuts: u64,
    /// Bytes of that block that are written.
    torn: usize,
}

/// What ends the writing of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardEnd {
    /// The supply goes.
    Dark,
    /// The card is taken out.
    Out,
}

/// A slot with a card, or without; clones are handles to the same.
#[derive(Clone)]
pub struct CardSlot {
    state: Rc<RefCell<State>>,
    time: Time,
}

/// The card does not do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gone;

impl fmt::Display for Gone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no card")
    }
}

impl std::error::Error for Gone {}

/// A card with one partition of FAT16, 64 MiB.
#[allow(clippy::expect_used, reason = "a test that can not begin has to fail")]
fn formatted() -> Vec<u8> {
    let mut bytes = vec![0; (START + BLOCKS) * BLOCK];
    let (table, partition) = bytes.split_at_mut(START * BLOCK);
    let number = |value: usize| u32::try_from(value).expect("few blocks").to_le_bytes();
    let entry = [[0, 0, 0, 0], [0x06, 0, 0, 0], number(START), number(BLOCKS)].concat();
    table[446..462].copy_from_slice(&entry);
    table[510..512].copy_from_slice(&[0x55, 0xAA]);
    let options = fatfs::FormatVolumeOptions::new()
        .fat_type(fatfs::FatType::Fat16)
        .bytes_per_cluster(2_048);
    fatfs::format_volume(Cursor::new(partition), options).expect("a file system");
    bytes
}

impl CardSlot {
    /// With an empty card.
    #[must_use]
    pub fn new(time: &Time) -> Self {
        Self {
            state: Rc::new(RefCell::new(State {
                bytes: formatted(),
                is_out: false,
                is_new: true,
                blocks_left: None,
                end: CardEnd::Dark,
                cuts: 0,
                torn: 0,
            })),
            time: time.clone(),
        }
    }

    /// Takes the card out, or puts it back.
    pub fn set_out(&self, is_out: bool) {
        let mut state = self.state.borrow_mut();
        state.is_new |= state.is_out && !is_out;
        state.is_out = is_out;
    }

    /// Puts an empty card in.
    pub fn replace(&self) {
        let mut state = self.state.borrow_mut();
        state.bytes = formatted();
        state.is_new = true;
        state.is_out = false;
    }

    /// Something happens in the middle of a block after so many more, so many bytes of which are written.
    pub fn end_after(&self, end: CardEnd, blocks: u64, torn: usize) {
        let mut state = self.state.borrow_mut();
        state.blocks_left = Some(blocks);
        state.end = end;
        state.torn = torn;
    }

    /// Nothing happens in the middle of a block.
    pub fn end_never(&self) {
        self.state.borrow_mut().blocks_left = None;
    }

    /// The supply is there again: cards begin anew.
    pub fn power_up(&self) {
        let mut state = self.state.borrow_mut();
        state.is_new = true;
        state.blocks_left = None;
    }

    /// Times the supply went in the middle of a block.
    #[must_use]
    pub fn cuts(&self) -> u64 {
        self.state.borrow().cuts
    }

    /// Names of the records on the card, in the order in which they are there; every line is looked at.
    ///
    /// # Panics
    /// With lines that can not be.
    #[must_use]
    #[allow(clippy::expect_used, reason = "a card that can not be read")]
    pub fn records(&self) -> Vec<Id> {
        let mut state = self.state.borrow_mut();
        let partition = Cursor::new(state.bytes.split_at_mut(START * BLOCK).1);
        let system = fatfs::FileSystem::new(partition, fatfs::FsOptions::new()).expect("FAT");
        let mut names: Vec<_> = system
            .root_dir()
            .iter()
            .map(|entry| entry.expect("a whole folder").file_name())
            .collect();
        // `data.csv`, then `data0001.csv`: the first is the shortest.
        names.sort_by_key(|name| (name.len(), name.clone()));
        let mut records = Vec::new();
        for name in names {
            let mut text = Vec::new();
            let mut file = system.root_dir().open_file(&name).expect("a file");
            file.read_to_end(&mut text).expect("a whole file");
            let (lines, rest) = text.as_chunks::<{ line::LENGTH }>();
            assert!(rest.is_empty(), "a part of a line in {name}");
            let (header, lines) = lines.split_first().expect("a header");
            assert_eq!(*header, line::header(), "{name}");
            records.extend(lines.iter().filter_map(record));
        }
        records
    }
}

/// The record of a line; `None` for one that was emptied.
#[allow(clippy::expect_used, reason = "a line that can not be")]
fn record(bytes: &[u8; line::LENGTH]) -> Option<Id> {
    if bytes.iter().all(|byte| *byte == b'\n') {
        return None;
    }
    let text = std::str::from_utf8(bytes).expect("text");
    let (before, check) = text.trim_end().rsplit_once(',').expect("columns");
    let sum = CHECK.checksum(bytes.get(..=before.len()).unwrap_or_default());
    assert_eq!(u32::from_str_radix(check.trim(), 16), Ok(sum), "{text}");
    let mut columns = text
        .split(',')
        .skip(10)
        .map(|text| text.trim().parse().ok());
    let (boot, seq) = (columns.next().flatten(), columns.next().flatten());
    Some(Id {
        boot: boot.expect("a start"),
        seq: seq.expect("a number"),
    })
}

thread_local! {
    /// What the device that runs in this thread offers its records to.
    static OFFERED: RefCell<Option<Rc<Room>>> = const { RefCell::new(None) };
}

static OFFER: fn(&Record) = |record| {
    OFFERED.with_borrow(|room| {
        if let Some(room) = room {
            room.offer(record);
        }
    });
};

/// Offers every record of the device that runs in this thread to what waits for its card.
pub fn offer_to(room: &Rc<Room>) -> Witness {
    OFFERED.set(Some(room.clone()));
    &OFFER
}

impl State {
    fn is_there(&self) -> Result<(), Gone> {
        if self.is_out || self.is_new {
            return Err(Gone);
        }
        Ok(())
    }
}

impl BlockDevice for CardSlot {
    type Error = Gone;

    fn read(&self, blocks: &mut [Block], start: BlockIdx) -> Result<(), Gone> {
        let state = self.state.borrow();
        state.is_there()?;
        for (block, at) in blocks.iter_mut().zip(start.0 as usize..) {
            let bytes = state.bytes.get(at * BLOCK..(at + 1) * BLOCK).ok_or(Gone)?;
            block.contents.copy_from_slice(bytes);
        }
        Ok(())
    }

    fn write(&self, blocks: &[Block], start: BlockIdx) -> Result<(), Gone> {
        let mut state = self.state.borrow_mut();
        state.is_there()?;
        for (block, at) in blocks.iter().zip(start.0 as usize..) {
            let mut length = BLOCK;
            match state.blocks_left.as_mut().map(|left| left.checked_sub(1)) {
                Some(Some(left)) => state.blocks_left = Some(left),
                Some(None) => {
                    length = state.torn;
                    state.blocks_left = None;
                    if state.end == CardEnd::Out {
                        state.is_out = true;
                    } else {
                        state.cuts += 1;
                        // Whatever it is that goes on until the device stops does nothing here.
                        state.is_new = true;
                        self.time.go_dark();
                    }
                }
                None => {}
            }
            let bytes = state.bytes.get_mut(at * BLOCK..at * BLOCK + length);
            bytes
                .ok_or(Gone)?
                .copy_from_slice(&block.contents[..length]);
            state.is_there()?;
        }
        Ok(())
    }

    fn num_blocks(&self) -> Result<BlockCount, Gone> {
        self.state.borrow().is_there()?;
        Ok(BlockCount((START + BLOCKS) as u32))
    }
}

impl Card for CardSlot {
    fn restart(&self) {
        self.state.borrow_mut().is_new = false;
    }
}
