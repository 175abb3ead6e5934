//! A slot with whatever card is in it.

use core::cell::Cell;

use embassy_futures::yield_now;
use embedded_sdmmc::{Block, Error, TimeSource, Timestamp};

use super::guard::{Card, Fault, Guard, READS};
use super::space::{Found, Search};
use super::volume::{Layout, LayoutError};
use super::writer::{Opened, Writer};
use crate::text::Iso;

/// Why the archive does not work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Failure {
    /// The card does not answer.
    Device,
    /// There is no FAT16 or FAT32 in its first partition.
    Format,
    /// Nothing more fits.
    Full,
    /// The search for space has to be done anew.
    Again,
}

impl Failure {
    /// What is behind an error: the file system calls more than one thing a full disk.
    pub(super) fn of<D: Card>(guard: &Guard<D>, error: &Error<Fault>) -> Self {
        match (guard.fault(), error) {
            (Some(Fault::Device), _) => Self::Device,
            (Some(Fault::Budget), _) => Self::Again,
            (Some(Fault::Damaged), _) => Self::Format,
            (None, Error::DiskFull | Error::NotEnoughSpace | Error::AllocationError) => Self::Full,
            (None, _) => Self::Format,
        }
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Device => Self::Device,
            Fault::Budget => Self::Again,
            Fault::Damaged => Self::Format,
        }
    }
}

impl From<LayoutError> for Failure {
    fn from(error: LayoutError) -> Self {
        match error {
            LayoutError::Fault(fault) => fault.into(),
            LayoutError::Format => Self::Format,
        }
    }
}

/// A slot for cards, and the time that files get.
pub struct Slot<D> {
    pub(super) guard: Guard<D>,
    pub(super) utc_ms: Cell<Option<i64>>,
}

impl<D: Card> Slot<D> {
    /// With whatever is in it.
    pub const fn new(card: D) -> Self {
        Self {
            guard: Guard::new(card),
            utc_ms: Cell::new(None),
        }
    }

    /// Sets the time, in milliseconds since 1970.
    pub fn set_time(&self, utc_ms: Option<i64>) {
        self.utc_ms.set(utc_ms);
    }

    /// Whether there is a card that answers.
    pub fn is_present(&self) -> bool {
        self.guard.allow(1);
        self.guard.read(&mut Block::new(), 0).is_ok()
    }

    /// Gets to know the card in the slot, and opens the last file of the archive or begins one. The search for free
    /// space lets others have a turn after each block.
    ///
    /// # Errors
    /// [`Failure`] when that can not be; the card is as it was.
    pub async fn mount(&self) -> Result<(Writer<'_, D>, Opened), Failure> {
        let guard = &self.guard;
        guard.restart();
        guard.allow(READS);
        {
            let mut block = Block::new();
            let layout = Layout::read(guard, &mut block)?;
            guard.expect(layout);
            let mut search = Search::new(guard, layout, &mut block)?;
            loop {
                guard.allow(READS);
                match search.step(guard, &mut block)? {
                    Found::Space => break,
                    Found::Full => return Err(Failure::Full),
                    Found::Nothing => yield_now().await,
                }
            }
        }
        Writer::open(self).await.map_err(|failure| match failure {
            // The same would happen again.
            Failure::Again => Failure::Format,
            failure => failure,
        })
    }
}

/// The time that files get.
pub(super) struct Stamp<'a>(pub(super) &'a Cell<Option<i64>>);

impl TimeSource for Stamp<'_> {
    fn get_timestamp(&self) -> Timestamp {
        let iso = self.0.get().and_then(Iso::new);
        // The first day that FAT can tell, for nobody knows.
        let (year, month, day) = iso.map_or((1980, 1, 1), Iso::date);
        let (hours, minutes, seconds) = iso.map_or((0, 0, 0), Iso::time);
        Timestamp {
            year_since_1970: u8::try_from(year.clamp(1980, 2107) - 1970).unwrap_or(10),
            zero_indexed_month: month - 1,
            zero_indexed_day: day - 1,
            hours,
            minutes,
            seconds,
        }
    }
}
