//! What can be wrong with the flash.

use core::fmt;

use sequential_storage::Error;

/// Why something could not be stored or read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum StoreError {
    /// The flash does not do what it is told.
    Flash,
    /// What is in the flash makes no sense.
    Corrupted,
    /// There is no room.
    Full,
    /// The value is larger than what can be kept.
    TooLarge,
    /// The regions do not fit the flash, or the tables that are kept of their pages.
    Layout,
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Flash => "the flash does not read or write: it may be worn out",
            Self::Corrupted => {
                "what is in the flash makes no sense: was it written by another program?"
            }
            Self::Full => "the flash has no room for it",
            Self::TooLarge => "it is too large to be kept",
            Self::Layout => {
                "the regions of the store do not fit the flash: check the partition table"
            }
        })
    }
}

impl core::error::Error for StoreError {}

impl<E> From<Error<E>> for StoreError {
    fn from(error: Error<E>) -> Self {
        match error {
            Error::FullStorage => Self::Full,
            Error::ItemTooBig | Error::BufferTooSmall(_) | Error::BufferTooBig => Self::TooLarge,
            Error::Storage { .. } => Self::Flash,
            _ => Self::Corrupted,
        }
    }
}
