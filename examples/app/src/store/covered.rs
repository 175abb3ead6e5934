//! Intervals that come twice, of which nobody may see the first.
//!
//! An interval is written to flash right before the registers that begin the next one. When the power goes in
//! between, it goes on after the restart and is made once more at its end, with all of its energy; the one in flash,
//! which has been given to nobody, is void. So it stays until it is gone, whatever is stored meanwhile.

use embedded_storage_async::nor_flash::MultiwriteNorFlash;
use heapless::Vec;

use super::inner::{VOID, Void};
use super::open::{NAME, id};
use super::{Key, Log, SharedStates, StoreError};
use crate::platform::Clock;
use crate::record::{Body, Id, Record};
use crate::settings::CHANNELS;

/// Finds them.
pub(super) struct Covered {
    /// Of each channel whose registers could be read: the first record that the stored ones do not know of.
    first: [Option<Id>; CHANNELS],
    /// Void ones of earlier starts.
    before: Void,
    /// Those found in flash.
    found: Void,
}

impl Covered {
    pub(super) const fn new(before: Void) -> Self {
        Self {
            first: [None; CHANNELS],
            before,
            found: Vec::new(),
        }
    }

    /// The registers of a channel were stored before this record; none were ever.
    pub(super) fn push(&mut self, channel: u8, first: Option<Id>) {
        if let Some(slot) = self.first.get_mut(usize::from(channel)) {
            *slot = Some(first.unwrap_or(Id { boot: 0, seq: 0 }));
        }
    }

    /// Whether a record in flash is void.
    pub(super) fn is_void(&mut self, record: &Record) -> bool {
        if !matches!(record.body, Body::Interval(_)) {
            return false;
        }
        let first = self
            .first
            .get(usize::from(record.channel))
            .copied()
            .flatten();
        let is_void =
            self.before.contains(&record.id) || first.is_some_and(|first| record.id >= first);
        if is_void && !self.found.contains(&record.id) {
            // Without room one is given away twice, in two intervals of the same time.
            let _ = self.found.push(record.id);
        }
        is_void
    }

    /// Remembers them.
    pub(super) async fn keep<F: MultiwriteNorFlash, C: Clock>(
        self,
        states: &SharedStates<'_, F, C>,
        log: &Log,
    ) -> Result<(), StoreError> {
        let is_new = |id: &&Id| !self.before.contains(id);
        let repeated = self.found.iter().filter(is_new).count();
        let is_same = self.found == self.before;
        let mut bytes = [0; VOID * NAME];
        let length = self.found.len() * NAME;
        for (slot, id) in bytes.chunks_exact_mut(NAME).zip(&self.found) {
            let (boot, seq) = slot.split_at_mut(4);
            boot.copy_from_slice(&id.boot.to_le_bytes());
            seq.copy_from_slice(&id.seq.to_le_bytes());
        }
        log.with(|inner| {
            inner.void = self.found;
            // No more than VOID.
            inner.repeated = repeated as u32;
        });
        if is_same {
            return Ok(());
        }
        let bytes = bytes.get(..length).unwrap_or_default();
        states.lock().await.put(Key::VOID, bytes).await
    }
}

/// Those of earlier starts.
pub(super) async fn read_void<F: MultiwriteNorFlash, C: Clock>(
    states: &SharedStates<'_, F, C>,
) -> Void {
    let mut place = [0; VOID * NAME];
    let mut void = Vec::new();
    if let Ok(Some(bytes)) = states.lock().await.get(Key::VOID, &mut place).await {
        let (names, _) = bytes.as_chunks::<NAME>();
        void.extend(names.iter().take(VOID).map(|name| id(*name)));
    }
    void
}
