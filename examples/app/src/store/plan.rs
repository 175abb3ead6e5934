//! How a partition is divided.

use core::ops::Range;

use embedded_storage_async::nor_flash::MultiwriteNorFlash;

use super::guard;
use super::{
    JOURNAL_PAGES, Layout, Queues, READING_PAGES, STATE_PAGES, SharedFlash, StoreError, Use,
};
use crate::platform::Clock;

/// The parts of a partition, in pages from its beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What is being erased.
    pub guard: Range<u32>,
    /// Registers and other values.
    pub states: Range<u32>,
    /// Events and intervals.
    pub journal: Range<u32>,
    /// Readings.
    pub readings: Range<u32>,
}

impl Plan {
    /// A partition of so many pages: an eighth each for values and for the journal, up to 16 and 32 pages; the rest for
    /// readings, up to 128. `None` for fewer than 14 pages.
    #[must_use]
    pub const fn of(pages: u32) -> Option<Self> {
        let states = between(pages / 8, 4, STATE_PAGES as u32 / 2);
        let journal = between(pages / 8, 4, JOURNAL_PAGES as u32);
        let Some(rest) = pages.checked_sub(guard::PAGES + states + journal) else {
            return None;
        };
        if rest < 4 {
            return None;
        }
        let readings = between(rest, 4, READING_PAGES as u32);
        let states = guard::PAGES..guard::PAGES + states;
        let journal = states.end..states.end + journal;
        Some(Self {
            guard: 0..guard::PAGES,
            readings: journal.end..journal.end + readings,
            states,
            journal,
        })
    }

    /// The regions in a flash.
    ///
    /// # Errors
    /// [`StoreError::Layout`] when `start`, the address of the partition, is not that of a page.
    pub fn regions<'a, F: MultiwriteNorFlash, C: Clock>(
        &self,
        flash: &'a SharedFlash<F, C>,
        start: u32,
    ) -> Result<Layout<'a, F, C>, StoreError> {
        let page = F::ERASE_SIZE as u32;
        let region = |purpose, pages: &Range<u32>| {
            let address = |page_number: u32| start.saturating_add(page_number.saturating_mul(page));
            let region = flash.region(purpose, address(pages.start), address(pages.end));
            region.ok_or(StoreError::Layout)
        };
        Ok(Layout {
            states: region(Use::States, &self.states)?,
            queues: Queues {
                readings: region(Use::Readings, &self.readings)?,
                journal: region(Use::Journal, &self.journal)?,
            },
        })
    }
}

const fn between(value: u32, least: u32, most: u32) -> u32 {
    if value < least {
        least
    } else if value > most {
        most
    } else {
        value
    }
}
