//! Blocks of records in flash, oldest first.

use embedded_storage_async::nor_flash::MultiwriteNorFlash;
use sequential_storage::Error;
use sequential_storage::cache::page_pointers::ArrayPagePointers;
use sequential_storage::cache::page_states::ArrayPageStates;
use sequential_storage::cache::{Cache, Uncached};
use sequential_storage::queue::{QueueConfig, QueueStorage};

use super::StoreError;
use super::block::{Aligned, BLOCK, BlockReader};
use super::flash::Region;
use crate::platform::Clock;
use crate::record::{Id, Record};

/// Pages for readings, at most.
pub const READING_PAGES: usize = 128;
/// Pages for events and intervals, at most.
pub const JOURNAL_PAGES: usize = 32;

/// A queue of blocks in a region of up to `P` pages.
pub(super) struct Queue<'a, F: MultiwriteNorFlash, C: Clock, const P: usize> {
    storage:
        QueueStorage<Region<'a, F, C>, Cache<ArrayPageStates<P>, ArrayPagePointers<P>, Uncached>>,
    /// The last record of the oldest block, as far as it is known.
    head: Head,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Head {
    Unknown,
    Empty,
    Ends(Id),
}

/// Whether a visitor wants to see more blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Go {
    On,
    Stop,
}

impl<'a, F: MultiwriteNorFlash, C: Clock, const P: usize> Queue<'a, F, C, P> {
    pub(super) fn new(region: Region<'a, F, C>) -> Result<Self, StoreError> {
        region.check(2, P)?;
        let config = QueueConfig::try_new(0..region.length()).map_err(|_| StoreError::Layout)?;
        let cache = Cache::new(ArrayPageStates::new(), ArrayPagePointers::new(), Uncached);
        Ok(Self {
            storage: QueueStorage::new(region, config, cache),
            head: Head::Unknown,
        })
    }

    /// Shows blocks, oldest first; those that are none are left out.
    pub(super) async fn visit(
        &mut self,
        buffer: &mut Aligned<BLOCK>,
        mut look: impl FnMut(BlockReader<'_>) -> Go,
    ) -> Result<(), StoreError> {
        let mut blocks = self.storage.iter().await?;
        while let Some(entry) = blocks.next(&mut buffer.0).await? {
            if let Some(records) = BlockReader::new(&entry)
                && look(records) == Go::Stop
            {
                break;
            }
        }
        Ok(())
    }

    /// Drops the blocks at the front all of whose records are done with.
    pub(super) async fn drop_to(
        &mut self,
        done: Id,
        buffer: &mut Aligned<BLOCK>,
    ) -> Result<(), StoreError> {
        match self.head {
            Head::Empty => return Ok(()),
            Head::Ends(last) if last > done => return Ok(()),
            Head::Ends(_) | Head::Unknown => self.head = Head::Unknown,
        }
        let mut blocks = self.storage.iter().await?;
        while let Some(entry) = blocks.next(&mut buffer.0).await? {
            let last = BlockReader::new(&entry).and_then(Iterator::last);
            if let Some(last) = last.filter(|last| last.id > done) {
                self.head = Head::Ends(last.id);
                return Ok(());
            }
            entry.pop().await?;
        }
        self.head = Head::Empty;
        Ok(())
    }

    /// Adds a block. Without room the oldest blocks go, each of whose records is shown.
    pub(super) async fn push(
        &mut self,
        bytes: &[u8],
        last: Id,
        buffer: &mut Aligned<BLOCK>,
        mut dropped: impl FnMut(&Record),
    ) -> Result<(), StoreError> {
        let mut may_overwrite = false;
        loop {
            match self.storage.push(bytes, may_overwrite).await {
                Ok(()) => break,
                Err(Error::FullStorage) if !may_overwrite => {}
                Err(error) => return Err(error.into()),
            }
            self.head = Head::Unknown;
            // The front page goes as a whole, so all that is in it is taken out before.
            match self.storage.pop(&mut buffer.0).await? {
                Some(block) => BlockReader::new(block)
                    .into_iter()
                    .flatten()
                    .for_each(|record| dropped(&record)),
                // What is left there is no block.
                None => may_overwrite = true,
            }
        }
        if self.head == Head::Empty {
            self.head = Head::Ends(last);
        }
        Ok(())
    }

    /// Erases all of it: when nothing else helps.
    pub(super) async fn erase(&mut self) -> Result<(), StoreError> {
        self.storage.erase_all().await?;
        self.head = Head::Empty;
        Ok(())
    }
}
