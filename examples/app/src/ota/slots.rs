//! Two places firmware can be in, one of which it runs from.

use core::fmt;

use serde::{Deserialize, Serialize};

/// One of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Slot {
    /// The first, `ota_0`.
    A,
    /// The second, `ota_1`.
    B,
}

impl Slot {
    /// The one that is not this.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }
}

/// What a slot did not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum SlotError {
    /// Erase.
    Erase,
    /// Take what was written.
    Write,
    /// Give back what is there.
    Read,
    /// Become the one that starts next.
    Activate,
}

impl fmt::Display for SlotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Erase => "the flash for new firmware can not be erased",
            Self::Write => "the flash for new firmware can not be written",
            Self::Read => "the flash for new firmware can not be read",
            Self::Activate => "the boot loader's choice of firmware can not be changed: is there an otadata partition?",
        })
    }
}

impl core::error::Error for SlotError {}

/// The two partitions for firmware, and which of them the boot loader starts.
///
/// Futures that write or erase have to be run to their end. Nothing here reaches the slot that runs.
pub trait Slots {
    /// Bytes an erase takes at once: a power of two.
    const SECTOR: u32 = 4_096;

    /// The slot this firmware runs from.
    fn running(&self) -> Slot;

    /// Bytes the other slot has room for.
    fn room(&self) -> u32;

    /// Erases part of the other slot; both ends are multiples of [`SECTOR`](Self::SECTOR).
    ///
    /// # Errors
    /// [`SlotError::Erase`].
    async fn erase(&mut self, from: u32, to: u32) -> Result<(), SlotError>;

    /// Writes to the other slot, where it is erased; `at` and the length are multiples of 4.
    ///
    /// # Errors
    /// [`SlotError::Write`].
    async fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), SlotError>;

    /// Reads the other slot; `at` and the length are multiples of 4.
    ///
    /// # Errors
    /// [`SlotError::Read`].
    async fn read(&mut self, at: u32, bytes: &mut [u8]) -> Result<(), SlotError>;

    /// Which slot the boot loader is told to start.
    ///
    /// # Errors
    /// [`SlotError::Read`].
    async fn active(&mut self) -> Result<Slot, SlotError>;

    /// Tells the boot loader which slot to start from now on, in one step: a power cut leaves the one or the other.
    /// With `is_confirmed` the firmware there is known to be good; without, a boot loader that can take it back by
    /// itself may.
    ///
    /// # Errors
    /// [`SlotError::Activate`]; what was to be started before still is.
    async fn activate(&mut self, slot: Slot, is_confirmed: bool) -> Result<(), SlotError>;

    /// Whether the slot that is to be started is known to be good, or nobody ever said that it is not.
    ///
    /// # Errors
    /// [`SlotError::Read`].
    async fn is_confirmed(&mut self) -> Result<bool, SlotError>;
}

impl<S: Slots> Slots for &mut S {
    const SECTOR: u32 = S::SECTOR;

    fn running(&self) -> Slot {
        S::running(self)
    }

    fn room(&self) -> u32 {
        S::room(self)
    }

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), SlotError> {
        S::erase(self, from, to).await
    }

    async fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), SlotError> {
        S::write(self, at, bytes).await
    }

    async fn read(&mut self, at: u32, bytes: &mut [u8]) -> Result<(), SlotError> {
        S::read(self, at, bytes).await
    }

    async fn active(&mut self) -> Result<Slot, SlotError> {
        S::active(self).await
    }

    async fn activate(&mut self, slot: Slot, is_confirmed: bool) -> Result<(), SlotError> {
        S::activate(self, slot, is_confirmed).await
    }

    async fn is_confirmed(&mut self) -> Result<bool, SlotError> {
        S::is_confirmed(self).await
    }
}
