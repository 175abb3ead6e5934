//! A card in memory: it can be taken out, fail, or lose its supply in the middle of a block.

use std::cell::RefCell;
use std::fmt;
use std::io::{Cursor, Read as _, Write as _};
use std::rc::Rc;

use embedded_sdmmc::{Block, BlockCount, BlockDevice, BlockIdx};
use smart_meter::archive::Card;

/// Where the partition begins, in blocks.
const START: usize = 64;

/// What happens to the writes of a card.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cut {
    /// Writes that still go well.
    pub(crate) writes: usize,
    /// Bytes of the one after them that get there.
    pub(crate) bytes: usize,
}

#[derive(Default)]
struct State {
    bytes: Vec<u8>,
    is_out: bool,
    /// Fails on writes only.
    is_protected: bool,
    cut: Option<Cut>,
    writes: usize,
    written: Vec<usize>,
    reads: usize,
    restarts: usize,
}

/// A card; its copies are the same card.
#[derive(Clone, Default)]
pub(crate) struct Disk(Rc<RefCell<State>>);

#[derive(Debug)]
pub(crate) struct Gone;

impl fmt::Display for Gone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no card")
    }
}

impl std::error::Error for Gone {}

impl BlockDevice for Disk {
    type Error = Gone;

    fn read(&self, blocks: &mut [Block], start: BlockIdx) -> Result<(), Gone> {
        let mut state = self.0.borrow_mut();
        for (n, block) in blocks.iter_mut().enumerate() {
            state.reads += 1;
            let at = (start.0 as usize + n) * 512;
            if state.is_out {
                return Err(Gone);
            }
            let bytes = state.bytes.get(at..at + 512).ok_or(Gone)?;
            block.contents.copy_from_slice(bytes);
        }
        Ok(())
    }

    fn write(&self, blocks: &[Block], start: BlockIdx) -> Result<(), Gone> {
        let mut state = self.0.borrow_mut();
        for (n, block) in blocks.iter().enumerate() {
            let at = (start.0 as usize + n) * 512;
            if state.is_out || state.is_protected {
                return Err(Gone);
            }
            state.writes += 1;
            if at + 512 <= state.bytes.len() {
                state.written.push(at);
            }
            let mut length = 512;
            if let Some(cut) = &mut state.cut {
                match cut.writes.checked_sub(1) {
                    Some(left) => cut.writes = left,
                    None => {
                        length = cut.bytes;
                        state.is_out = true;
                    }
                }
            }
            let target = state.bytes.get_mut(at..at + length).ok_or(Gone)?;
            target.copy_from_slice(&block.contents[..length]);
            if state.is_out {
                return Err(Gone);
            }
        }
        Ok(())
    }

    fn num_blocks(&self) -> Result<BlockCount, Gone> {
        Ok(BlockCount(
            u32::try_from(self.0.borrow().bytes.len() / 512).unwrap(),
        ))
    }
}

impl Card for Disk {
    fn restart(&self) {
        self.0.borrow_mut().restarts += 1;
    }
}

impl Disk {
    /// All zeros.
    pub(crate) fn blank(blocks: usize) -> Self {
        let disk = Self::default();
        disk.0.borrow_mut().bytes = vec![0; blocks * 512];
        disk
    }

    /// With one partition, formatted.
    pub(crate) fn formatted(blocks: usize, fat: fatfs::FatType, cluster: u32) -> Self {
        let disk = Self::blank(START + blocks);
        disk.edit(|bytes| {
            let kind = match fat {
                fatfs::FatType::Fat12 => 0x01,
                fatfs::FatType::Fat16 => 0x06,
                fatfs::FatType::Fat32 => 0x0c,
            };
            bytes[446 + 4] = kind;
            bytes[446 + 8..][..4].copy_from_slice(&u32::try_from(START).unwrap().to_le_bytes());
            bytes[446 + 12..][..4].copy_from_slice(&u32::try_from(blocks).unwrap().to_le_bytes());
            bytes[510..512].copy_from_slice(&[0x55, 0xaa]);
            let options = fatfs::FormatVolumeOptions::new()
                .fat_type(fat)
                .bytes_per_cluster(cluster);
            fatfs::format_volume(Cursor::new(&mut bytes[START * 512..]), options).unwrap();
        });
        disk
    }

    /// The smallest FAT16 there is, in clusters of a block: each sector written needs another.
    pub(crate) fn small() -> Self {
        Self::formatted(4_600, fatfs::FatType::Fat16, 512)
    }

    /// The smallest FAT32 there is.
    pub(crate) fn large() -> Self {
        Self::formatted(67_600, fatfs::FatType::Fat32, 512)
    }

    /// Another card with the same content.
    pub(crate) fn copy(&self) -> Self {
        let disk = Self::default();
        disk.0.borrow_mut().bytes.clone_from(&self.0.borrow().bytes);
        disk
    }

    /// Makes a copy the same as the card again that it was made of.
    pub(crate) fn reset(&self, original: &Self) {
        let mut state = self.0.borrow_mut();
        for at in std::mem::take(&mut state.written) {
            state.bytes[at..at + 512].copy_from_slice(&original.0.borrow().bytes[at..at + 512]);
        }
    }

    /// Changes a byte, until [`reset`](Self::reset).
    pub(crate) fn poke(&self, at: usize, value: u8) {
        let mut state = self.0.borrow_mut();
        state.written.push(at / 512 * 512);
        state.bytes[at] = value;
    }

    pub(crate) fn edit<R>(&self, edit: impl FnOnce(&mut [u8]) -> R) -> R {
        edit(&mut self.0.borrow_mut().bytes)
    }

    /// Uses the card in a PC.
    pub(crate) fn on_pc<R>(&self, work: impl FnOnce(fatfs::Dir<'_, Cursor<&mut [u8]>>) -> R) -> R {
        self.edit(|bytes| {
            let volume = Cursor::new(&mut bytes[START * 512..]);
            let system = fatfs::FileSystem::new(volume, fatfs::FsOptions::new()).unwrap();
            work(system.root_dir())
        })
    }

    pub(crate) fn clusters_free(&self) -> usize {
        self.edit(|bytes| {
            let volume = Cursor::new(&mut bytes[START * 512..]);
            let system = fatfs::FileSystem::new(volume, fatfs::FsOptions::new()).unwrap();
            system.stats().unwrap().free_clusters() as usize
        })
    }

    /// A file as a PC reads it.
    pub(crate) fn file(&self, name: &str) -> Vec<u8> {
        self.on_pc(|root| {
            let mut content = Vec::new();
            root.open_file(name)
                .unwrap()
                .read_to_end(&mut content)
                .unwrap();
            content
        })
    }

    /// Writes a file as a PC does.
    pub(crate) fn put_file(&self, name: &str, content: &[u8]) {
        self.on_pc(|root| {
            let mut file = root.create_file(name).unwrap();
            file.truncate().unwrap();
            file.write_all(content).unwrap();
        });
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.on_pc(|root| {
            root.iter()
                .map(|entry| entry.unwrap().file_name())
                .collect()
        })
    }

    pub(crate) fn cut(&self, cut: Option<Cut>) {
        let mut state = self.0.borrow_mut();
        state.cut = cut;
        state.is_out = false;
    }

    pub(crate) fn take_out(&self) {
        self.0.borrow_mut().is_out = true;
    }

    pub(crate) fn put_in(&self) {
        self.0.borrow_mut().is_out = false;
    }

    pub(crate) fn protect(&self, is_protected: bool) {
        self.0.borrow_mut().is_protected = is_protected;
    }

    pub(crate) fn writes(&self) -> usize {
        self.0.borrow().writes
    }

    pub(crate) fn reads(&self) -> usize {
        self.0.borrow().reads
    }

    pub(crate) fn restarts(&self) -> usize {
        self.0.borrow().restarts
    }
}
