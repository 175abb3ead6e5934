//! One flash for several owners, which disturbs nobody and counts what wears it.

use core::cell::Cell;

use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embassy_sync::mutex::Mutex;
use embedded_storage_async::nor_flash::{ErrorType, MultiwriteNorFlash, NorFlash, ReadNorFlash};

use super::StoreError;
use super::block::Aligned;
use super::guard::{self, Scan};
use crate::platform::Clock;

/// A page takes that long to be erased, or more: some tens of milliseconds are usual, and nothing else happens
/// on a chip that runs its program from the same flash.
const ERASE_MS: u64 = 400;
/// Nobody waits longer than this for a quiet moment.
const PATIENCE_MS: u64 = 2_000;
const LOOK_MS: u64 = 20;

/// The largest unit of writing there is a buffer for.
const UNIT: usize = 32;

/// What a region is for: what wears it is counted apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum Use {
    /// Readings that could not be sent.
    Readings = 0,
    /// Events and intervals.
    Journal = 1,
    /// Registers and other values.
    States = 2,
    /// What others keep.
    Other = 3,
}

/// Uses in [`Use`].
pub const USES: usize = 4;

/// A flash that several owners share, each with a [`Region`] of it.
///
/// Pages are erased in the pauses of the sampling: not while a meter is read, and not right before the next time. What
/// was being erased when the supply went is erased again at the next start.
pub struct SharedFlash<F, C> {
    flash: Mutex<NoopRawMutex, F>,
    clock: C,
    /// Where the list of erases is, and its next entry.
    guard: u32,
    next_guard: Cell<u32>,
    /// Pages erased since the device was made, as far as it was told, by use.
    erases: Cell<[u32; USES]>,
    is_sampling: Cell<bool>,
    next_sample_ms: Cell<Option<u64>>,
}

impl<F: MultiwriteNorFlash, C: Clock> SharedFlash<F, C> {
    /// Takes the flash, and two pages of it from `guard` on to remember what is being erased. An erase that was cut off
    /// is done again now.
    ///
    /// # Errors
    /// [`StoreError::Layout`] when there are no two such pages, or the flash is written in units of more than 32 bytes;
    /// [`StoreError::Flash`].
    pub async fn open(flash: F, clock: C, guard: u32) -> Result<Self, StoreError> {
        let is_page = guard.checked_rem(F::ERASE_SIZE as u32) == Some(0);
        let end = u64::from(guard) + u64::from(guard::PAGES) * F::ERASE_SIZE as u64;
        if !is_page || end > flash.capacity() as u64 || Self::UNIT as usize > UNIT {
            return Err(StoreError::Layout);
        }
        let this = Self {
            flash: Mutex::new(flash),
            clock,
            guard,
            next_guard: Cell::new(0),
            erases: Cell::new([0; USES]),
            is_sampling: Cell::new(false),
            next_sample_ms: Cell::new(None),
        };
        this.mend().await.map_err(|_| StoreError::Flash)?;
        Ok(this)
    }

    /// Bytes of an entry of the list of erases.
    const UNIT: u32 = {
        let least = if F::READ_SIZE > F::WRITE_SIZE {
            F::READ_SIZE
        } else {
            F::WRITE_SIZE
        };
        if least > 4 { least as u32 } else { 4 }
    };
    /// Entries to a page of it.
    const ENTRIES: u32 = F::ERASE_SIZE as u32 / Self::UNIT;

    /// Finishes an erase that was cut off.
    async fn mend(&self) -> Result<(), F::Error> {
        let mut flash = self.flash.lock().await;
        let mut scans = [Scan::new(); guard::PAGES as usize];
        for (page, scan) in (0..).zip(&mut scans) {
            for at in 0..Self::ENTRIES {
                let mut bytes = Aligned([0; UNIT]);
                let place = bytes.0.get_mut(..Self::UNIT as usize).unwrap_or_default();
                flash
                    .read(self.entry(page * Self::ENTRIES + at), place)
                    .await?;
                let entry = bytes.0.first_chunk().copied().unwrap_or_default();
                scan.push(at, u32::from_le_bytes(entry));
            }
        }
        let size = F::ERASE_SIZE as u32;
        for (page, scan) in (0..).zip(scans) {
            if let Some(pending) = scan.pending.filter(|_| !scan.is_torn) {
                let from = u32::from(pending).saturating_mul(size);
                flash.erase(from, from.saturating_add(size)).await?;
                let last = page * Self::ENTRIES + scan.used.saturating_sub(1);
                self.write_entry(&mut flash, last, 0).await?;
            }
        }
        // A page that is not full goes on; one that is torn was to be erased when the other one was full.
        let [first, second] = scans;
        let goes_on = |scan: &Scan| !scan.is_torn && scan.used < Self::ENTRIES;
        let next = if goes_on(&first) {
            first.used
        } else if goes_on(&second) {
            Self::ENTRIES + second.used
        } else if second.is_torn {
            Self::ENTRIES
        } else {
            0
        };
        self.next_guard.set(next);
        Ok(())
    }

    /// Where an entry of the list is.
    const fn entry(&self, index: u32) -> u32 {
        self.guard.saturating_add(index.saturating_mul(Self::UNIT))
    }

    async fn write_entry(&self, flash: &mut F, index: u32, entry: u32) -> Result<(), F::Error> {
        let mut bytes = Aligned([if entry == 0 { 0 } else { 0xFF }; UNIT]);
        if let Some(place) = bytes.0.first_chunk_mut() {
            *place = entry.to_le_bytes();
        }
        let bytes = bytes.0.get(..Self::UNIT as usize).unwrap_or_default();
        flash.write(self.entry(index), bytes).await
    }

    /// Erases a page so that it is erased, whatever happens meanwhile.
    async fn erase_page(&self, from: u32) -> Result<(), F::Error> {
        let size = F::ERASE_SIZE as u32;
        let mut flash = self.flash.lock().await;
        let index = self.next_guard.get();
        if index.is_multiple_of(Self::ENTRIES) {
            // The next page of the list has nothing in it that matters.
            let start = self.entry(index);
            flash.erase(start, start.saturating_add(size)).await?;
        }
        self.next_guard
            .set((index + 1) % (guard::PAGES * Self::ENTRIES));
        let page = u16::try_from(from / size).unwrap_or(u16::MAX);
        self.write_entry(&mut flash, index, guard::word(page))
            .await?;
        flash.erase(from, from.saturating_add(size)).await?;
        self.write_entry(&mut flash, index, 0).await
    }

    /// A part of it; `None` when it does not consist of whole pages of this flash.
    pub fn region(&self, purpose: Use, start: u32, end: u32) -> Option<Region<'_, F, C>> {
        let page = u32::try_from(F::ERASE_SIZE).ok()?;
        let is_whole = start.checked_rem(page)? == 0 && end.checked_rem(page)? == 0;
        (is_whole && start < end).then_some(Region {
            shared: self,
            purpose,
            start,
            length: end.checked_sub(start)?,
        })
    }
}

impl<F, C: Clock> SharedFlash<F, C> {
    /// Meters are being read, or are not any more and will be at a time again.
    pub fn sampling(&self, is_sampling: bool, next_ms: u64) {
        self.is_sampling.set(is_sampling);
        self.next_sample_ms.set(Some(next_ms));
    }

    /// Pages that were erased since the device was made, by [`Use`].
    pub const fn erases(&self) -> [u32; USES] {
        self.erases.get()
    }

    /// Adds what was counted in earlier starts, or just now.
    pub(super) fn add_erases(&self, counts: [u32; USES]) {
        let mut erases = self.erases.get();
        for (sum, count) in erases.iter_mut().zip(counts) {
            *sum = sum.saturating_add(count);
        }
        self.erases.set(erases);
    }

    /// Waits for a quiet moment, but not for ever.
    async fn calm(&self) {
        let give_up_ms = self.clock.now_ms().saturating_add(PATIENCE_MS);
        loop {
            let now_ms = self.clock.now_ms();
            let Some(next_ms) = self.next_sample_ms.get() else {
                return;
            };
            let is_quiet = !self.is_sampling.get() && now_ms.saturating_add(ERASE_MS) <= next_ms;
            if is_quiet || now_ms >= give_up_ms {
                return;
            }
            let look_ms = if self.is_sampling.get() {
                now_ms
            } else {
                next_ms.max(now_ms)
            };
            let look_ms = look_ms.saturating_add(LOOK_MS).min(give_up_ms);
            self.clock.sleep_until(look_ms).await;
        }
    }
}

/// A part of a [`SharedFlash`]; its addresses begin at 0.
pub struct Region<'a, F, C> {
    shared: &'a SharedFlash<F, C>,
    purpose: Use,
    start: u32,
    length: u32,
}

impl<F: NorFlash, C> Region<'_, F, C> {
    /// Pages of it.
    pub const fn pages(&self) -> u32 {
        match self.length.checked_div(F::ERASE_SIZE as u32) {
            Some(pages) => pages,
            None => 0,
        }
    }

    /// Bytes of it.
    pub const fn length(&self) -> u32 {
        self.length
    }

    /// An error when there are more pages than a table has room for, or fewer than are needed.
    pub(super) const fn check(&self, least: u32, most: usize) -> Result<(), StoreError> {
        let pages = self.pages();
        if pages < least || pages as usize > most {
            return Err(StoreError::Layout);
        }
        Ok(())
    }
}

impl<F: ErrorType, C> ErrorType for Region<'_, F, C> {
    type Error = F::Error;
}

impl<F: ReadNorFlash, C> ReadNorFlash for Region<'_, F, C> {
    const READ_SIZE: usize = F::READ_SIZE;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), F::Error> {
        let mut flash = self.shared.flash.lock().await;
        flash.read(self.start.saturating_add(offset), bytes).await
    }

    fn capacity(&self) -> usize {
        self.length as usize
    }
}

impl<F: MultiwriteNorFlash, C: Clock> NorFlash for Region<'_, F, C> {
    const WRITE_SIZE: usize = F::WRITE_SIZE;
    const ERASE_SIZE: usize = F::ERASE_SIZE;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), F::Error> {
        let page = F::ERASE_SIZE as u32;
        let mut from = self.start.saturating_add(from);
        let to = self.start.saturating_add(to);
        // Page by page: each in a quiet moment of its own.
        while from < to {
            self.shared.calm().await;
            self.shared.erase_page(from).await?;
            let mut counts = [0; USES];
            if let Some(count) = counts.get_mut(self.purpose as usize) {
                *count = 1;
            }
            self.shared.add_erases(counts);
            from = from.saturating_add(page);
        }
        Ok(())
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), F::Error> {
        let mut flash = self.shared.flash.lock().await;
        flash.write(self.start.saturating_add(offset), bytes).await
    }
}

impl<F: MultiwriteNorFlash, C: Clock> MultiwriteNorFlash for Region<'_, F, C> {}
