//! The flash of the device: in a file, or in memory.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use embedded_storage_async::nor_flash::{
    ErrorType, MultiwriteNorFlash, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash,
};

use crate::error::Problem;

/// Bytes of a page, as in the flash of an ESP32.
const PAGE: usize = 4_096;
/// Pages, as in its partition for the store.
pub(super) const PAGES: u32 = 208;
const BYTES: usize = PAGES as usize * PAGE;
const FILE: &str = "flash.bin";

/// A flash of [`PAGES`] pages.
pub(super) enum Flash {
    /// Gone at the end.
    Memory(Vec<u8>),
    /// In a file.
    File(File),
}

impl Flash {
    pub(super) fn in_memory() -> Self {
        Self::Memory(vec![0xFF; BYTES])
    }

    /// In a folder, which is made if it is not there. A new one is erased. No other station has it then.
    pub(super) fn in_folder(folder: &Path) -> Result<Self, Problem> {
        let path = folder.join(FILE);
        let open = || {
            std::fs::create_dir_all(folder)?;
            let mut options = OpenOptions::new();
            let mut file = options
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .open(&path)?;
            match file.try_lock() {
                Err(TryLockError::WouldBlock) => return Err(io::ErrorKind::ResourceBusy.into()),
                // A file system without locks is trusted.
                Err(TryLockError::Error(_)) | Ok(()) => {}
            }
            let length = file.metadata()?.len() as usize;
            if length < BYTES {
                file.seek(SeekFrom::End(0))?;
                file.write_all(&vec![0xFF; BYTES - length])?;
            }
            Ok(file)
        };
        let file = open().map_err(|error: io::Error| {
            let name = folder.display();
            Problem::Refused(match error.kind() {
                io::ErrorKind::ResourceBusy => format!(
                    "--data {name}: another station runs on it: end that one, or give this one a folder of its own"
                ),
                _ => format!("--data {name}: {error}: give a folder that you may write to"),
            })
        })?;
        Ok(Self::File(file))
    }

    fn change(&mut self, at: usize, bytes: &[u8]) -> Result<(), Failed> {
        match self {
            Self::Memory(memory) => {
                let place = memory.get_mut(at..at + bytes.len()).ok_or(Failed)?;
                place.copy_from_slice(bytes);
            }
            Self::File(file) => {
                file.seek(SeekFrom::Start(at as u64))?;
                file.write_all(bytes)?;
            }
        }
        Ok(())
    }
}

/// The file can not be read or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Failed;

impl From<io::Error> for Failed {
    fn from(_: io::Error) -> Self {
        Self
    }
}

impl NorFlashError for Failed {
    fn kind(&self) -> NorFlashErrorKind {
        NorFlashErrorKind::Other
    }
}

impl ErrorType for Flash {
    type Error = Failed;
}

impl ReadNorFlash for Flash {
    const READ_SIZE: usize = 4;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Failed> {
        let at = offset as usize;
        match self {
            Self::Memory(memory) => {
                bytes.copy_from_slice(memory.get(at..at + bytes.len()).ok_or(Failed)?);
            }
            Self::File(file) => {
                file.seek(SeekFrom::Start(at as u64))?;
                file.read_exact(bytes)?;
            }
        }
        Ok(())
    }

    fn capacity(&self) -> usize {
        BYTES
    }
}

impl NorFlash for Flash {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = PAGE;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), Failed> {
        let length = to.saturating_sub(from) as usize;
        self.change(from as usize, &vec![0xFF; length])
    }

    /// Only clears bits, as a flash does.
    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Failed> {
        let mut before = vec![0; bytes.len()];
        self.read(offset, &mut before).await?;
        let after: Vec<u8> = before.iter().zip(bytes).map(|(a, b)| a & b).collect();
        self.change(offset as usize, &after)
    }
}

impl MultiwriteNorFlash for Flash {}
