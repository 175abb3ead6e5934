//! Small values by key: registers, the number of starts, whatever others want to keep.

use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embassy_sync::mutex::Mutex;
use embedded_storage_async::nor_flash::MultiwriteNorFlash;
use sequential_storage::cache::Cache;
use sequential_storage::cache::key_pointers::ArrayKeyPointers;
use sequential_storage::cache::page_pointers::ArrayPagePointers;
use sequential_storage::cache::page_states::ArrayPageStates;
use sequential_storage::map::{MapConfig, MapStorage};

use super::StoreError;
use super::block::Aligned;
use super::flash::Region;
use crate::platform::Clock;

/// Pages for values, at most.
pub const STATE_PAGES: usize = 32;
/// Keys whose place is remembered.
const KEYS: usize = 16;
/// The largest value.
pub const VALUE: usize = 508;

/// What a value is kept under. The numbers stay what they are; from 64 on they are anybody's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Key(pub u8);

impl Key {
    /// How often the device has started.
    pub const BOOTS: Self = Self(0);
    /// When the last starts were.
    pub const STARTS: Self = Self(1);
    /// Pages erased since the device was made.
    pub const ERASES: Self = Self(2);

    /// Intervals in flash that were made once more.
    pub const VOID: Self = Self(4);
    /// For which server the meters are registered.
    pub const ENROLMENT: Self = Self(3);

    /// The registers of a meter.
    #[must_use]
    pub const fn meter(channel: u8) -> Self {
        Self(16 + channel % 16)
    }

    /// What is told of the registers of a meter at most.
    #[must_use]
    pub const fn told(channel: u8) -> Self {
        Self(32 + channel % 16)
    }

    /// The first one for others.
    pub const OTHERS: Self = Self(64);
}

type MapCache = Cache<
    ArrayPageStates<STATE_PAGES>,
    ArrayPagePointers<STATE_PAGES>,
    ArrayKeyPointers<u8, KEYS>,
    u8,
>;

/// Small values by key. A write is whole or has not happened, whenever the power goes.
pub struct States<'a, F: MultiwriteNorFlash, C: Clock> {
    map: MapStorage<u8, Region<'a, F, C>, MapCache>,
    /// Room for a key and the largest value.
    buffer: Aligned<{ VALUE + 4 }>,
}

/// Values that several tasks share.
pub type SharedStates<'a, F, C> = Mutex<NoopRawMutex, States<'a, F, C>>;

impl<'a, F: MultiwriteNorFlash, C: Clock> States<'a, F, C> {
    /// Values in a region of two to [`STATE_PAGES`] pages.
    ///
    /// # Errors
    /// [`StoreError::Layout`] for fewer pages, or more.
    pub fn new(region: Region<'a, F, C>) -> Result<Self, StoreError> {
        region.check(2, STATE_PAGES)?;
        let config = MapConfig::try_new(0..region.length()).map_err(|_| StoreError::Layout)?;
        let cache = Cache::new(
            ArrayPageStates::new(),
            ArrayPagePointers::new(),
            ArrayKeyPointers::new(),
        );
        Ok(Self {
            map: MapStorage::new(region, config, cache),
            buffer: Aligned([0; _]),
        })
    }

    /// The value of a key in `place`, if there is one. The future has to be run to its end.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`] when it does not fit there, else what is wrong with the flash.
    pub async fn get<'b>(
        &mut self,
        key: Key,
        place: &'b mut [u8],
    ) -> Result<Option<&'b [u8]>, StoreError> {
        let found = self.map.fetch_item::<&[u8]>(&mut self.buffer.0, &key.0);
        let Some(bytes) = found.await? else {
            return Ok(None);
        };
        let place = place.get_mut(..bytes.len()).ok_or(StoreError::TooLarge)?;
        place.copy_from_slice(bytes);
        Ok(Some(place))
    }

    /// Keeps a value under a key, in place of the one before. The future has to be run to its end.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`] above [`VALUE`] bytes, else what is wrong with the flash; the value before is still
    /// there.
    pub async fn put(&mut self, key: Key, bytes: &[u8]) -> Result<(), StoreError> {
        if bytes.len() > VALUE {
            return Err(StoreError::TooLarge);
        }
        self.map
            .store_item(&mut self.buffer.0, &key.0, &bytes)
            .await?;
        Ok(())
    }

    /// A little-endian number under a key; `None` when there is none.
    pub(super) async fn number(&mut self, key: Key) -> Result<Option<u32>, StoreError> {
        let mut place = [0; 4];
        let found = self.get(key, &mut place).await?;
        Ok(found
            .and_then(|bytes| bytes.try_into().ok())
            .map(u32::from_le_bytes))
    }

    /// Erases all of it: when nothing else helps.
    pub(super) async fn erase(&mut self) -> Result<(), StoreError> {
        self.map.erase_all().await?;
        Ok(())
    }
}
