//! What the keeper stores of meters and starts.

use embedded_storage_async::nor_flash::MultiwriteNorFlash;

use super::super::inner::STARTS;
use super::super::open::{START, meter_bytes};
use super::super::{Key, Log, StoreError, USES};
use super::Keeper;
use crate::platform::Clock;
use crate::sampler::Meters;
use crate::settings::CHANNELS;

impl<F: MultiwriteNorFlash, C: Clock> Keeper<'_, F, C> {
    /// Keeps when this start was.
    pub(super) async fn learn(&mut self, log: &Log) -> Result<(), StoreError> {
        let mut bytes = [0; STARTS * START];
        let length = log.with(|inner| {
            if !core::mem::take(&mut inner.wants_starts) {
                return 0;
            }
            for (slot, (boot, offset_ms)) in bytes.chunks_exact_mut(START).zip(&inner.starts) {
                let (first, second) = slot.split_at_mut(4);
                first.copy_from_slice(&boot.to_le_bytes());
                second.copy_from_slice(&offset_ms.to_le_bytes());
            }
            inner.starts.len() * START
        });
        let bytes = bytes.get(..length).unwrap_or_default();
        if bytes.is_empty() {
            return Ok(());
        }
        let result = self.states.lock().await.put(Key::STARTS, bytes).await;
        if result.is_err() {
            log.with(|inner| inner.wants_starts = true);
        }
        result
    }

    /// Stores how far registers may be told.
    pub(super) async fn store_told(
        &mut self,
        log: &Log,
        meters: &Meters,
    ) -> Result<(), StoreError> {
        log.with(|inner| inner.wants_told = false);
        for channel in 0..CHANNELS as u8 {
            let Some(told_mwh) = meters.wants_told(channel) else {
                continue;
            };
            let mut bytes = [0; 16];
            for (slot, mwh) in bytes.chunks_exact_mut(8).zip(told_mwh) {
                slot.copy_from_slice(&mwh.to_le_bytes());
            }
            let result = self
                .states
                .lock()
                .await
                .put(Key::told(channel), &bytes)
                .await;
            if result.is_err() {
                log.with(|inner| inner.wants_told = true);
            }
            result?;
            meters.may_tell(channel, told_mwh);
        }
        Ok(())
    }

    /// Stores the registers of meters on which something depends, or that were stored long ago.
    pub(super) async fn checkpoint(
        &mut self,
        now_ms: u64,
        age_ms: u64,
        log: &Log,
        meters: &Meters,
    ) -> Result<(), StoreError> {
        for channel in 0..CHANNELS as u8 {
            // An interval is written before the registers that begin the next one: it can be made once more, if need be.
            self.write_journal(log).await?;
            let covered = log.next_id();
            let Some(snapshot) = meters.snapshot(channel, now_ms, age_ms) else {
                continue;
            };
            let bytes = meter_bytes(covered, &snapshot);
            let result = self
                .states
                .lock()
                .await
                .put(Key::meter(channel), &bytes)
                .await;
            match result {
                Ok(()) => meters.stored(channel),
                Err(error) => {
                    meters.not_stored(channel);
                    return Err(error);
                }
            }
        }
        let erases = self.flash.erases();
        if erases != self.stored_erases {
            let mut bytes = [0; 4 * USES];
            for (slot, count) in bytes.chunks_exact_mut(4).zip(erases) {
                slot.copy_from_slice(&count.to_le_bytes());
            }
            self.states.lock().await.put(Key::ERASES, &bytes).await?;
            self.stored_erases = erases;
        }
        Ok(())
    }
}
