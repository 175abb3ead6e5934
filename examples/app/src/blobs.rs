//! A few small values that outlive a restart, each under a number.

use core::fmt;

use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embassy_sync::mutex::Mutex;
use embedded_storage_async::nor_flash::NorFlash;
use sequential_storage::Error;
use sequential_storage::cache::{Cache, Uncached};
use sequential_storage::map::{MapConfig, MapStorage};

/// What is kept, each under its number. The numbers stay what they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum Key {
    /// The settings.
    Settings = 1,
    /// The settings as they were before a newer firmware wrote its own.
    SettingsBefore = 2,
    /// The certificates of the authorities that servers are trusted by.
    Authority = 3,
    /// New firmware that has not confirmed itself, and firmware that failed.
    Trial = 4,
}

/// Why something could not be read or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum BlobError {
    /// The flash does not do what it is told.
    Flash,
    /// What is in the flash makes no sense.
    Corrupted,
    /// There is no room for it.
    Full,
    /// It is larger than anything that is kept here.
    TooLarge,
}

impl fmt::Display for BlobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Flash => "the flash does not read or write: it may be worn out",
            Self::Corrupted => "what is in the flash makes no sense: `factory-reset` erases it",
            Self::Full => "the flash has no room for it",
            Self::TooLarge => "it is too large to be kept",
        })
    }
}

impl core::error::Error for BlobError {}

/// Keeps small values. A write is whole or has not happened, whenever the power goes.
pub trait Blobs {
    /// Reads one into `buffer`; `None` if there is none.
    ///
    /// # Errors
    /// [`BlobError::TooLarge`] when it does not fit, else what is wrong with the flash.
    async fn read<'b>(
        &mut self,
        key: Key,
        buffer: &'b mut [u8],
    ) -> Result<Option<&'b [u8]>, BlobError>;

    /// Writes one. The future has to be run to its end.
    ///
    /// # Errors
    /// [`BlobError`]; what was there before is still there.
    async fn write(&mut self, key: Key, bytes: &[u8]) -> Result<(), BlobError>;

    /// Forgets all of them. The future has to be run to its end.
    ///
    /// # Errors
    /// [`BlobError::Flash`].
    async fn clear(&mut self) -> Result<(), BlobError>;
}

impl<B: Blobs> Blobs for &mut B {
    async fn read<'b>(
        &mut self,
        key: Key,
        buffer: &'b mut [u8],
    ) -> Result<Option<&'b [u8]>, BlobError> {
        B::read(self, key, buffer).await
    }

    async fn write(&mut self, key: Key, bytes: &[u8]) -> Result<(), BlobError> {
        B::write(self, key, bytes).await
    }

    async fn clear(&mut self) -> Result<(), BlobError> {
        B::clear(self).await
    }
}

/// Shared by tasks: locked for each access alone.
impl<B: Blobs> Blobs for &Mutex<NoopRawMutex, B> {
    async fn read<'b>(
        &mut self,
        key: Key,
        buffer: &'b mut [u8],
    ) -> Result<Option<&'b [u8]>, BlobError> {
        self.lock().await.read(key, buffer).await
    }

    async fn write(&mut self, key: Key, bytes: &[u8]) -> Result<(), BlobError> {
        self.lock().await.write(key, bytes).await
    }

    async fn clear(&mut self) -> Result<(), BlobError> {
        self.lock().await.clear().await
    }
}

/// Values in a region of flash of their own, of at least two pages; each smaller than a page, with its key and
/// padding no larger than `N` bytes.
pub struct FlashBlobs<F: NorFlash, const N: usize> {
    map: MapStorage<u8, F, Cache<Uncached, Uncached, Uncached, u8>>,
    buffer: [u8; N],
}

impl<F: NorFlash, const N: usize> FlashBlobs<F, N> {
    /// Takes the whole of a flash; `None` if it has less than two pages.
    pub fn new(flash: F) -> Option<Self> {
        let end = u32::try_from(flash.capacity()).ok()?;
        let config = MapConfig::try_new(0..end).ok()?;
        Some(Self {
            map: MapStorage::new(flash, config, Cache::new_uncached()),
            buffer: [0; N],
        })
    }

    /// Gives the flash back.
    pub fn release(self) -> F {
        self.map.destroy().0
    }
}

impl<F: NorFlash, const N: usize> Blobs for FlashBlobs<F, N> {
    async fn read<'b>(
        &mut self,
        key: Key,
        buffer: &'b mut [u8],
    ) -> Result<Option<&'b [u8]>, BlobError> {
        let number = key as u8;
        let found = self.map.fetch_item::<&[u8]>(&mut self.buffer, &number);
        let Some(bytes) = found.await.map_err(|error| BlobError::of(&error))? else {
            return Ok(None);
        };
        let place = buffer.get_mut(..bytes.len()).ok_or(BlobError::TooLarge)?;
        place.copy_from_slice(bytes);
        Ok(Some(place))
    }

    async fn write(&mut self, key: Key, bytes: &[u8]) -> Result<(), BlobError> {
        let number = key as u8;
        let stored = self.map.store_item(&mut self.buffer, &number, &bytes);
        stored.await.map_err(|error| BlobError::of(&error))
    }

    async fn clear(&mut self) -> Result<(), BlobError> {
        self.map
            .erase_all()
            .await
            .map_err(|error| BlobError::of(&error))
    }
}

impl BlobError {
    const fn of<E>(error: &Error<E>) -> Self {
        match error {
            Error::Corrupted { .. } => Self::Corrupted,
            Error::FullStorage => Self::Full,
            Error::BufferTooBig
            | Error::BufferTooSmall(_)
            | Error::ItemTooBig
            | Error::SerializationError(_) => Self::TooLarge,
            _ => Self::Flash,
        }
    }
}
