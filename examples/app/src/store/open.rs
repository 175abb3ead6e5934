//! From flash as a power cut may have left it to a store that goes on.

use heapless::Vec;
use meter_core::Snapshot;

use super::block::{Aligned, BLOCK, BlockReader};
use super::covered::{Covered, read_void};
use super::flash::USES;
use super::inner::{STARTS, Start};
use super::keeper::Keeper;
use super::queue::{Go, Queue};
use super::{Key, Log, Region, SharedFlash, SharedStates, StoreError};
use crate::platform::Clock;
use crate::record::Id;
use crate::settings::CHANNELS;
use embedded_storage_async::nor_flash::MultiwriteNorFlash;

/// Where in flash the store is.
pub struct Layout<'a, F, C> {
    /// For registers and other values.
    pub states: Region<'a, F, C>,
    /// For records.
    pub queues: Queues<'a, F, C>,
}

/// Where in flash records are.
pub struct Queues<'a, F, C> {
    /// For readings: up to [`READING_PAGES`](super::READING_PAGES) pages. A day of readings every five seconds takes
    /// 290 kB.
    pub readings: Region<'a, F, C>,
    /// For events and intervals: up to [`JOURNAL_PAGES`](super::JOURNAL_PAGES) pages.
    pub journal: Region<'a, F, C>,
}

/// What was stored of a meter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Stored {
    /// Its registers at some time, and what else goes on.
    pub snapshot: Option<Snapshot>,
    /// Import and export, in milliwatt-hours, beyond which nobody was told anything since.
    pub told_mwh: [u64; 2],
}

/// A store that goes on.
pub struct Opened<'a, F: MultiwriteNorFlash, C: Clock> {
    /// Writes flash.
    pub keeper: Keeper<'a, F, C>,
    /// What was stored of each meter.
    pub meters: [Stored; CHANNELS],
    /// Something was stored and can not be read: it begins anew.
    pub is_damaged: bool,
}

impl<'a, F: MultiwriteNorFlash, C: Clock> Opened<'a, F, C> {
    /// Opens the store: counts this start, finds what waits, reads the registers. The number of the start is in flash
    /// before anything can be added to the log. Should the flash fail, the start gets the number `without` instead,
    /// which nobody else may have, and everything stays in RAM.
    ///
    /// # Errors
    /// [`StoreError::Layout`] when a region has too few pages or too many.
    pub async fn open(
        flash: &'a SharedFlash<F, C>,
        queues: Queues<'a, F, C>,
        states: &'a SharedStates<'a, F, C>,
        log: &Log,
        without: u32,
    ) -> Result<Self, StoreError> {
        let mut readings = Queue::new(queues.readings)?;
        let mut journal = Queue::new(queues.journal)?;
        let mut is_damaged = false;
        let boot = match count_start(states).await {
            Err(StoreError::Corrupted) => {
                is_damaged = true;
                begin_anew(states).await
            }
            result => result,
        };
        log.with(|inner| inner.boot = boot.unwrap_or(without | 1 << 31));
        let (starts, erases) = read_past(states).await;
        flash.add_erases(erases);
        log.with(|inner| {
            inner.starts = starts;
            inner.window.begin();
        });
        let mut meters = [Stored::default(); CHANNELS];
        let mut covered = Covered::new(read_void(states).await);
        for (channel, slot) in (0_u8..).zip(&mut meters) {
            match read_meter(states, channel).await {
                Ok(stored) => {
                    let (name, snapshot) = stored.unzip();
                    covered.push(channel, name);
                    slot.snapshot = snapshot;
                }
                Err(_) => is_damaged = true,
            }
            slot.told_mwh = read_told(states, channel).await;
        }
        let mut buffer = Aligned([0; BLOCK]);
        is_damaged |= count(&mut readings, &mut buffer, &mut covered, log).await;
        is_damaged |= count(&mut journal, &mut buffer, &mut covered, log).await;
        // In flash before registers are stored that would tell otherwise.
        is_damaged |= covered.keep(states, log).await.is_err();
        Ok(Self {
            keeper: Keeper::new(flash, readings, journal, states),
            meters,
            is_damaged,
        })
    }
}

/// The number of this start, which is in flash now.
async fn count_start<F: MultiwriteNorFlash, C: Clock>(
    states: &SharedStates<'_, F, C>,
) -> Result<u32, StoreError> {
    let mut states = states.lock().await;
    let boot = states
        .number(Key::BOOTS)
        .await?
        .unwrap_or(0)
        .saturating_add(1);
    states.put(Key::BOOTS, &boot.to_le_bytes()).await?;
    Ok(boot)
}

/// The same after everything was erased.
async fn begin_anew<F: MultiwriteNorFlash, C: Clock>(
    states: &SharedStates<'_, F, C>,
) -> Result<u32, StoreError> {
    states.lock().await.erase().await?;
    count_start(states).await
}

/// The registers of a meter, if they were ever stored, and the name of the first record they do not know of.
async fn read_meter<F: MultiwriteNorFlash, C: Clock>(
    states: &SharedStates<'_, F, C>,
    channel: u8,
) -> Result<Option<(Id, Snapshot)>, StoreError> {
    let mut bytes = [0; METER];
    let mut states = states.lock().await;
    if states.get(Key::meter(channel), &mut bytes).await?.is_none() {
        return Ok(None);
    }
    let stored = bytes.split_first_chunk::<NAME>();
    let stored = stored.and_then(|(name, rest)| Some((id(*name), rest.first_chunk()?)));
    let (covered, snapshot) = stored.ok_or(StoreError::Corrupted)?;
    let snapshot = Snapshot::decode(snapshot).map_err(|_| StoreError::Corrupted)?;
    Ok(Some((covered, snapshot)))
}

/// What was told of a meter at most.
async fn read_told<F: MultiwriteNorFlash, C: Clock>(
    states: &SharedStates<'_, F, C>,
    channel: u8,
) -> [u64; 2] {
    let mut place = [0; 16];
    match states
        .lock()
        .await
        .get(Key::told(channel), &mut place)
        .await
    {
        Ok(Some(bytes)) => {
            let (numbers, _) = bytes.as_chunks::<8>();
            let mut numbers = numbers.iter().copied().map(u64::from_le_bytes);
            [(); 2].map(|()| numbers.next().unwrap_or_default())
        }
        _ => [0; 2],
    }
}

/// Bytes of a name.
pub(super) const NAME: usize = 8;
/// Bytes of what is stored of a meter.
const METER: usize = NAME + Snapshot::BYTES;

pub(super) const fn id(bytes: [u8; NAME]) -> Id {
    let [a, b, c, d, e, f, g, h] = bytes;
    Id {
        boot: u32::from_le_bytes([a, b, c, d]),
        seq: u32::from_le_bytes([e, f, g, h]),
    }
}

/// What is to be stored of a meter.
pub(super) fn meter_bytes(covered: Id, snapshot: &[u8; Snapshot::BYTES]) -> [u8; METER] {
    let mut bytes = [0; METER];
    let name = covered
        .boot
        .to_le_bytes()
        .into_iter()
        .chain(covered.seq.to_le_bytes());
    let all = name.chain(snapshot.iter().copied());
    bytes
        .iter_mut()
        .zip(all)
        .for_each(|(slot, byte)| *slot = byte);
    bytes
}

/// When earlier starts were, and how many pages were erased in them.
async fn read_past<F: MultiwriteNorFlash, C: Clock>(
    states: &SharedStates<'_, F, C>,
) -> (Vec<Start, STARTS>, [u32; USES]) {
    let mut states = states.lock().await;
    let mut place = [0; STARTS * START];
    let mut starts = Vec::new();
    if let Ok(Some(bytes)) = states.get(Key::STARTS, &mut place).await {
        let (stored, _) = bytes.as_chunks::<START>();
        starts.extend(stored.iter().take(STARTS).filter_map(start));
    }
    let mut place = [0; 4 * USES];
    let mut erases = [0; USES];
    if let Ok(Some(bytes)) = states.get(Key::ERASES, &mut place).await {
        let (stored, _) = bytes.as_chunks::<4>();
        for (slot, bytes) in erases.iter_mut().zip(stored) {
            *slot = u32::from_le_bytes(*bytes);
        }
    }
    (starts, erases)
}

/// Bytes of a start: its number, and when it was.
pub(super) const START: usize = 12;

fn start(bytes: &[u8; START]) -> Option<Start> {
    let (boot, offset) = bytes.split_first_chunk::<4>()?;
    let offset = offset.first_chunk::<8>()?;
    Some((u32::from_le_bytes(*boot), i64::from_le_bytes(*offset)))
}

/// Counts the records of a queue, whether anything there was no queue.
async fn count<F: MultiwriteNorFlash, C: Clock, const P: usize>(
    queue: &mut Queue<'_, F, C, P>,
    buffer: &mut Aligned<BLOCK>,
    covered: &mut Covered,
    log: &Log,
) -> bool {
    let add = |block: BlockReader<'_>| {
        log.with(|inner| {
            for record in block {
                if !covered.is_void(&record) {
                    inner.arrived(&record);
                }
            }
        });
        Go::On
    };
    match queue.visit(buffer, add).await {
        Ok(()) => false,
        Err(StoreError::Corrupted) => {
            // What was seen of it is in the window, and can still be sent.
            let _ = queue.erase().await;
            true
        }
        Err(_) => true,
    }
}
