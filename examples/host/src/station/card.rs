//! The card of the device: an image of one, as `dd` makes it. The archive is on it, as on a real card.

use std::cell::RefCell;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use embedded_sdmmc::{Block, BlockCount, BlockDevice, BlockIdx};
use fatfs::{FatType, FormatVolumeOptions};
use smart_meter::archive::Card;

use crate::error::Problem;

const FILE: &str = "card.img";
const BLOCK: u64 = 512;
/// Where the partition begins, in blocks.
const START: u32 = 2_048;
/// Its length: a gigabyte, more than half a year of readings every five seconds. Only what is written takes space.
const BLOCKS: u32 = 2 << 20;
/// The largest there is with FAT16.
const CLUSTER: u32 = 32 << 10;
/// FAT16 in the table of partitions.
const KIND: u8 = 6;

/// An image of a card.
pub(super) struct Image(RefCell<File>);

impl Image {
    /// In a folder; a new one is formatted.
    pub(super) fn in_folder(folder: &Path) -> Result<Self, Problem> {
        let path = path(folder);
        let open = || {
            if !path.exists() {
                // All of it or nothing, whenever the program ends.
                let new = path.with_extension("new");
                format(&new)?;
                fs::rename(new, &path)?;
            }
            OpenOptions::new().read(true).write(true).open(&path)
        };
        let file = open().map_err(|error| {
            Problem::Refused(format!("{}: {error}: is there room?", path.display()))
        })?;
        Ok(Self(RefCell::new(file)))
    }

    fn seek(file: &mut File, start: BlockIdx) -> io::Result<()> {
        file.seek(SeekFrom::Start(u64::from(start.0) * BLOCK))?;
        Ok(())
    }
}

fn path(folder: &Path) -> PathBuf {
    folder.join(FILE)
}

fn format(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let options = options.read(true).write(true).create(true).truncate(true);
    let mut file = options.open(path)?;
    file.set_len(u64::from(START + BLOCKS) * BLOCK)?;
    let mut entry = [0; 16];
    entry[4] = KIND;
    entry[8..12].copy_from_slice(&START.to_le_bytes());
    entry[12..].copy_from_slice(&BLOCKS.to_le_bytes());
    file.seek(SeekFrom::Start(446))?;
    file.write_all(&entry)?;
    file.seek(SeekFrom::Start(510))?;
    file.write_all(&[0x55, 0xaa])?;
    let options = FormatVolumeOptions::new()
        .fat_type(FatType::Fat16)
        .bytes_per_cluster(CLUSTER)
        .volume_label(*b"METER      ");
    fatfs::format_volume(Partition { file, at: 0 }, options)
}

impl BlockDevice for Image {
    type Error = io::Error;

    fn read(&self, blocks: &mut [Block], start: BlockIdx) -> io::Result<()> {
        let mut file = self.0.borrow_mut();
        Self::seek(&mut file, start)?;
        for block in blocks {
            file.read_exact(&mut block.contents)?;
        }
        Ok(())
    }

    fn write(&self, blocks: &[Block], start: BlockIdx) -> io::Result<()> {
        let mut file = self.0.borrow_mut();
        Self::seek(&mut file, start)?;
        for block in blocks {
            file.write_all(&block.contents)?;
        }
        Ok(())
    }

    fn num_blocks(&self) -> io::Result<BlockCount> {
        let blocks = self.0.borrow().metadata()?.len() / BLOCK;
        Ok(BlockCount(u32::try_from(blocks).unwrap_or(u32::MAX)))
    }
}

impl Card for Image {}

/// The file system of an image, for the PC.
pub(super) struct Partition {
    file: File,
    at: u64,
}

impl Partition {
    /// To be read.
    pub(super) fn of(folder: &Path) -> io::Result<Self> {
        let file = File::open(path(folder))?;
        Ok(Self { file, at: 0 })
    }

    fn here(&mut self) -> io::Result<()> {
        let at = u64::from(START) * BLOCK + self.at;
        self.file.seek(SeekFrom::Start(at)).map(|_| ())
    }
}

impl Read for Partition {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.here()?;
        let count = self.file.read(buffer)?;
        self.at += count as u64;
        Ok(count)
    }
}

impl Write for Partition {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.here()?;
        let count = self.file.write(bytes)?;
        self.at += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Seek for Partition {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let end = u64::from(BLOCKS) * BLOCK;
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => end.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}
