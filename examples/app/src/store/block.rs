//! Blocks of records, as they are stored: each stands alone. It begins with its version, the start of the device and
//! the number of records, of which each is told by its [difference](super::difference) to those before.

use super::difference::State;
use super::varint::{Reader, Writer};
use crate::record::{Id, Record};

/// Version of the stored form.
const VERSION: u8 = 1;
/// Bytes of a block: several to a page of flash, so that little of a page stays empty.
pub(super) const BLOCK: usize = 512;
/// No record takes more.
const MOST: usize = 96;
/// Most records in a block.
const RECORDS: u8 = u8::MAX;

/// Bytes for flash, which some drivers want at addresses that are multiples of four.
#[derive(Clone, Copy)]
#[repr(align(4))]
pub(super) struct Aligned<const N: usize>(pub(super) [u8; N]);

/// A block being made. All its records are of one start.
pub(super) struct BlockWriter {
    bytes: Aligned<BLOCK>,
    length: usize,
    state: State,
    first: Option<Id>,
}

/// Where the number of records is, behind the version.
const COUNT: usize = 1;

impl BlockWriter {
    pub(super) const fn new() -> Self {
        Self {
            bytes: Aligned([0; BLOCK]),
            length: 0,
            state: State::new(),
            first: None,
        }
    }

    /// Begins a new one.
    pub(super) const fn clear(&mut self) {
        self.length = 0;
        self.state = State::new();
        self.first = None;
    }

    /// Adds a record; `false` when it belongs into another block: this one is full, or of another start.
    pub(super) fn push(&mut self, record: &Record) -> bool {
        let Some(first) = self.first else {
            let mut writer = Writer::new(&mut self.bytes.0);
            writer.byte(VERSION);
            writer.byte(0);
            writer.unsigned(record.id.boot.into());
            self.length = writer.finish().unwrap_or_default();
            self.first = Some(record.id);
            return self.append(record);
        };
        first.boot == record.id.boot && self.append(record)
    }

    fn append(&mut self, record: &Record) -> bool {
        let mut scratch = [0; MOST];
        let mut writer = Writer::new(&mut scratch);
        let mut state = self.state;
        state.write(record, &mut writer);
        let Some(bytes) = writer.finish().and_then(|length| scratch.get(..length)) else {
            return false;
        };
        let end = self.length + bytes.len();
        let count = self.bytes_count();
        let Some(place) = self.bytes.0.get_mut(self.length..end) else {
            return false;
        };
        if count == RECORDS {
            return false;
        }
        place.copy_from_slice(bytes);
        if let Some(slot) = self.bytes.0.get_mut(COUNT) {
            *slot = count + 1;
        }
        self.length = end;
        self.state = state;
        true
    }

    fn bytes_count(&self) -> u8 {
        self.bytes.0.get(COUNT).copied().unwrap_or_default()
    }

    /// What is to be stored; nothing without records.
    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.0.get(..self.length).unwrap_or_default()
    }

    /// The last record's name.
    pub(super) fn last(&self) -> Option<Id> {
        let boot = self.first?.boot;
        Some(Id {
            boot,
            seq: self.state.seq,
        })
    }
}

/// The records of a stored block, oldest first.
pub(super) struct BlockReader<'a> {
    reader: Reader<'a>,
    state: State,
    boot: u32,
    left: u8,
}

impl<'a> BlockReader<'a> {
    /// `None` for bytes that this version did not write.
    pub(super) fn new(bytes: &'a [u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        if reader.byte()? != VERSION {
            return None;
        }
        let left = reader.byte()?;
        let boot = u32::try_from(reader.unsigned()?).ok()?;
        Some(Self {
            reader,
            state: State::new(),
            boot,
            left,
        })
    }
}

impl Iterator for BlockReader<'_> {
    type Item = Record;

    fn next(&mut self) -> Option<Record> {
        if self.reader.is_empty() {
            return None;
        }
        self.left = self.left.checked_sub(1)?;
        self.state.read(self.boot, &mut self.reader)
    }
}
