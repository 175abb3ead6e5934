//! Partitions of the flash as the storage crates want them.

use core::cell::RefCell;

use embedded_storage_async::nor_flash::{ErrorType, MultiwriteNorFlash, NorFlash, ReadNorFlash};
use esp_bootloader_esp_idf::partitions::{self, PARTITION_TABLE_MAX_LEN};
use esp_storage::{FlashStorage, FlashStorageError};

/// The flash, which several tasks use in turn; nobody holds it over an await.
pub type Flash = RefCell<FlashStorage<'static>>;

/// Bytes that go through memory at a time. The flash is read and written in words at addresses of words: a
/// caller's buffer that is not aligned would cost a whole sector of stack in `esp-storage`.
const STEP: usize = 128;

#[repr(align(4))]
struct Aligned([u8; STEP]);

/// A partition.
#[derive(Clone, Copy, Debug)]
pub struct Partition {
    flash: &'static Flash,
    start: u32,
    length: u32,
}

impl Partition {
    /// The partition of that name in `partitions.csv`; `None` when the flash has another table.
    #[must_use]
    pub fn named(flash: &'static Flash, name: &str) -> Option<Self> {
        let mut buffer = [0; PARTITION_TABLE_MAX_LEN];
        let table = partitions::read_partition_table(&mut flash.borrow_mut(), &mut buffer).ok()?;
        let entry = table.iter().find(|entry| entry.label_as_str() == name)?;
        Some(Self {
            flash,
            start: entry.offset(),
            length: entry.len(),
        })
    }

    /// Pages there are, each of which is erased as a whole.
    #[must_use]
    pub const fn pages(&self) -> u32 {
        self.length / FlashStorage::SECTOR_SIZE
    }

    /// Where it is in the flash.
    #[must_use]
    pub const fn start(&self) -> u32 {
        self.start
    }

    /// The address of `length` bytes from `offset` on.
    const fn address(&self, offset: u32, length: usize) -> Result<u32, FlashStorageError> {
        if offset > self.length || length > (self.length - offset) as usize {
            return Err(FlashStorageError::OutOfBounds);
        }
        Ok(self.start + offset)
    }
}

impl ErrorType for Partition {
    type Error = FlashStorageError;
}

impl ReadNorFlash for Partition {
    const READ_SIZE: usize = FlashStorage::READ_SIZE;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), FlashStorageError> {
        let mut address = self.address(offset, bytes.len())?;
        let mut flash = self.flash.borrow_mut();
        let mut aligned = Aligned([0; STEP]);
        for chunk in bytes.chunks_mut(STEP) {
            let part = &mut aligned.0[..chunk.len()];
            flash.read_nor(address, part)?;
            chunk.copy_from_slice(part);
            address += chunk.len() as u32;
        }
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.length as usize
    }
}

impl NorFlash for Partition {
    const WRITE_SIZE: usize = FlashStorage::WRITE_SIZE;
    const ERASE_SIZE: usize = FlashStorage::ERASE_SIZE;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashStorageError> {
        let length = to.checked_sub(from).ok_or(FlashStorageError::OutOfBounds)?;
        let start = self.address(from, length as usize)?;
        for sector in (start..start + length).step_by(Self::ERASE_SIZE) {
            // Sector by sector, since the chip stands still meanwhile: others have their turn in between.
            self.flash
                .borrow_mut()
                .erase(sector, sector + Self::ERASE_SIZE as u32)?;
            embassy_futures::yield_now().await;
        }
        Ok(())
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashStorageError> {
        let mut address = self.address(offset, bytes.len())?;
        let mut flash = self.flash.borrow_mut();
        let mut aligned = Aligned([0; STEP]);
        for chunk in bytes.chunks(STEP) {
            let part = &mut aligned.0[..chunk.len()];
            part.copy_from_slice(chunk);
            flash.write_nor(address, part)?;
            address += chunk.len() as u32;
        }
        Ok(())
    }
}

// A word that was written may be written again, so long as bits only go from 1 to 0.
impl MultiwriteNorFlash for Partition {}
