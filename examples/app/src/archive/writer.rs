//! Files of the archive on a card.

use core::fmt::Write as _;
use core::ops::ControlFlow;

use embedded_sdmmc::{Block, Error, Mode, RawDirectory, RawFile, VolumeIdx, VolumeManager};
use heapless::String;

use super::guard::{Card, Fault, Guard, Guarded, READS};
use super::line::{self, LENGTH};
use super::slot::{Failure, Slot, Stamp};
use crate::record::Id;

/// Bytes that are written at once: two lines.
pub const SECTOR: usize = Block::LEN;
/// A file is no longer than this: a week of readings of one meter every five seconds, which a spreadsheet still takes.
pub const ROLL_BYTES: u32 = 32 << 20;
const SECTOR_LENGTH: u32 = Block::LEN_U32;
/// Damaged sectors that are looked for at the end of a file.
const TAIL: u32 = 128;
/// Blocks that may be read in one go while a card is opened: its first folder may be long.
const OPEN_READS: u32 = 4_000;
/// The number of a file has four digits.
const LAST_NUMBER: u16 = 9_999;

/// What the card had in store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Opened {
    /// The last record that is there already.
    pub last: Option<Id>,
    /// Damaged sectors at the end of the file, as a power cut leaves them; they are empty now.
    pub damaged: u32,
}

/// The last file of a card, open at its end.
pub struct Writer<'a, D: Card> {
    guard: &'a Guard<D>,
    manager: VolumeManager<Guarded<'a, D>, Stamp<'a>, 1, 1, 1>,
    root: RawDirectory,
    file: RawFile,
    number: u16,
    /// Where the next sector goes.
    position: u32,
}

impl<'a, D: Card> Writer<'a, D> {
    pub(super) async fn open(slot: &'a Slot<D>) -> Result<(Self, Opened), Failure> {
        let guard = &slot.guard;
        guard.allow(OPEN_READS);
        let failure = |error| Failure::of(guard, &error);
        let manager = VolumeManager::new_with_limits(Guarded(guard), Stamp(&slot.utc_ms), 0);
        let volume = manager.open_raw_volume(VolumeIdx(0)).map_err(failure)?;
        let root = manager.open_root_dir(volume).map_err(failure)?;
        let mut newest = 0;
        manager
            .iterate_dir(root, |entry| {
                let (name, extension) = (entry.name.base_name(), entry.name.extension());
                newest = newest.max(number(name, extension).unwrap_or(0));
                ControlFlow::Continue(())
            })
            .map_err(failure)?;
        let is_usable = match manager.find_directory_entry(root, &*name(newest)) {
            // Somebody protects it, a folder has its name, or it is broken: then it stays as it is.
            Ok(entry) => {
                !entry.attributes.is_read_only()
                    && !entry.attributes.is_directory()
                    && guard
                        .is_sound(entry.entry_block.0, entry.entry_offset)
                        .await?
            }
            Err(Error::NotFound) => true,
            Err(error) => return Err(failure(error)),
        };
        if !is_usable {
            newest += 1;
        }
        guard.allow(OPEN_READS);
        let mode = Mode::ReadWriteCreateOrAppend;
        let file = manager.open_file_in_dir(root, &*name(newest), mode);
        let file = file.map_err(failure)?;
        let mut writer = Self {
            guard,
            manager,
            root,
            file,
            number: newest,
            position: 0,
        };
        let opened = match writer.recover()? {
            Some(opened) => opened,
            None => {
                writer.begin_next()?;
                Opened::default()
            }
        };
        Ok((writer, opened))
    }

    fn failure(&self, error: &Error<Fault>) -> Failure {
        Failure::of(self.guard, error)
    }

    /// Finds the end of what is whole; `None` when the file is not one of the archive.
    fn recover(&mut self) -> Result<Option<Opened>, Failure> {
        let length = self.manager.file_length(self.file);
        let length = length.map_err(|error| self.failure(&error))?;
        if length == 0 {
            return Ok(Some(Opened::default()));
        }
        let mut sector = [0; SECTOR];
        self.read(0, &mut sector)?;
        if !sector.starts_with(&line::header()) {
            return Ok(None);
        }
        let sectors = length / SECTOR_LENGTH;
        let mut opened = Opened {
            last: None,
            damaged: u32::from(!length.is_multiple_of(SECTOR_LENGTH)),
        };
        // Back to the last record; what is not whole on the way ends the file before it.
        let (mut end, mut at) = (sectors, sectors);
        while at > 0 && opened.last.is_none() {
            if sectors - at == TAIL {
                return Ok(None);
            }
            at -= 1;
            self.read(at, &mut sector)?;
            if sector.chunks(LENGTH).all(is_ours) {
                opened.last = sector.rchunks(LENGTH).find_map(line::id);
            } else {
                opened.damaged += 1;
                end = at;
            }
        }
        for at in end..length.div_ceil(SECTOR_LENGTH) {
            self.write(at * SECTOR_LENGTH, &[b'\n'; SECTOR])?;
        }
        if opened.damaged > 0 {
            self.commit()?;
        }
        self.position = end * SECTOR_LENGTH;
        Ok(Some(opened))
    }

    /// Closes the file and begins the next one.
    fn begin_next(&mut self) -> Result<(), Failure> {
        self.guard.allow(READS);
        let next = self.number + 1;
        if next > LAST_NUMBER {
            return Err(Failure::Full);
        }
        let closed = self.manager.close_file(self.file);
        closed.map_err(|error| self.failure(&error))?;
        let mode = Mode::ReadWriteCreate;
        let file = self.manager.open_file_in_dir(self.root, &*name(next), mode);
        self.file = file.map_err(|error| self.failure(&error))?;
        self.number = next;
        self.position = 0;
        Ok(())
    }

    /// Whether the next sector begins a file, so that its first line has to be the header. A file that is long enough is
    /// followed by the next one here.
    ///
    /// # Errors
    /// [`Failure`], after which the card has to be [mounted](Slot::mount) anew.
    pub fn begins(&mut self) -> Result<bool, Failure> {
        if self.position >= ROLL_BYTES {
            self.begin_next()?;
        }
        Ok(self.position == 0)
    }

    /// Writes two lines. They are there for good after [`commit`](Self::commit).
    ///
    /// # Errors
    /// [`Failure`], after which the card has to be [mounted](Slot::mount) anew.
    pub fn put(&mut self, lines: &[u8; SECTOR]) -> Result<(), Failure> {
        self.write(self.position, lines)?;
        self.position += SECTOR_LENGTH;
        Ok(())
    }

    /// Makes what was written part of the file.
    ///
    /// # Errors
    /// [`Failure`], after which the card has to be [mounted](Slot::mount) anew.
    pub fn commit(&mut self) -> Result<(), Failure> {
        self.guard.allow(READS);
        let result = self.manager.flush_file(self.file);
        result.map_err(|error| self.failure(&error))
    }

    fn seek(&self, position: u32) -> Result<(), Failure> {
        let result = self.manager.file_seek_from_start(self.file, position);
        result.map_err(|error| self.failure(&error))
    }

    fn read(&self, sector: u32, buffer: &mut [u8; SECTOR]) -> Result<(), Failure> {
        self.guard.allow(READS);
        self.seek(sector * SECTOR_LENGTH)?;
        // The rest of a last sector that is not full stays what it was.
        let result = self.manager.read(self.file, buffer);
        result.map(|_| ()).map_err(|error| self.failure(&error))
    }

    fn write(&self, position: u32, sector: &[u8; SECTOR]) -> Result<(), Failure> {
        self.guard.allow(READS);
        self.seek(position)?;
        let result = self.manager.write(self.file, sector);
        result.map_err(|error| self.failure(&error))
    }
}

/// Whether it is a line of the archive: a record, the header, or one that was emptied.
fn is_ours(line: &[u8]) -> bool {
    line::is_whole(line) || line == line::header() || line.iter().all(|byte| *byte == b'\n')
}

/// Name of a file: `DATA.CSV`, then `DATA0001.CSV` and so on.
fn name(number: u16) -> String<12> {
    let mut name = String::new();
    // There is room for five digits.
    let _ = match number {
        0 => name.push_str("DATA.CSV").map_err(|_| core::fmt::Error),
        number => write!(name, "DATA{number:04}.CSV"),
    };
    name
}

/// The number in such a name.
fn number(name: &[u8], extension: &[u8]) -> Option<u16> {
    let digits = name.strip_prefix(b"DATA")?;
    match (digits.len(), extension) {
        (0, b"CSV") => Some(0),
        (4, b"CSV") => core::str::from_utf8(digits).ok()?.parse().ok(),
        _ => None,
    }
}
