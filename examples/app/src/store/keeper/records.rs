//! Records on their way from RAM to flash, and a look at the oldest there.

use embedded_storage_async::nor_flash::MultiwriteNorFlash;

use super::super::block::BlockReader;
use super::super::queue::Go;
use super::super::window::place_of;
use super::super::{Log, StoreError};
use super::Keeper;
use crate::platform::Clock;
use crate::record::Record;

impl<F: MultiwriteNorFlash, C: Clock> Keeper<'_, F, C> {
    /// Moves events and intervals from RAM to flash.
    pub(super) async fn write_journal(&mut self, log: &Log) -> Result<(), StoreError> {
        self.write(log, |record| place_of(record) == 1).await
    }

    /// Moves records of one kind from RAM to flash, in blocks.
    pub(super) async fn write(
        &mut self,
        log: &Log,
        is_wanted: fn(&Record) -> bool,
    ) -> Result<(), StoreError> {
        loop {
            self.block.clear();
            let block = &mut self.block;
            log.with(|inner| {
                let waiting = inner.ring.iter().filter(|record| is_wanted(record));
                for record in waiting {
                    if !block.push(record) {
                        break;
                    }
                }
                inner.transit = block.last();
            });
            let Some(last) = self.block.last() else {
                return Ok(());
            };
            let displaced = |record: &Record| log.with(|inner| inner.displaced(record));
            let (bytes, buffer) = (self.block.bytes(), &mut self.buffer);
            let is_reading = BlockReader::new(bytes)
                .and_then(|mut records| records.next())
                .is_some_and(|record| place_of(&record) == 0);
            if is_reading {
                self.readings.push(bytes, last, buffer, displaced).await?;
            } else {
                self.journal.push(bytes, last, buffer, displaced).await?;
            }
            log.with(|inner| {
                inner.transit = None;
                inner
                    .ring
                    .retain(|record| record.id > last || !is_wanted(record));
                for record in BlockReader::new(self.block.bytes()).into_iter().flatten() {
                    inner.arrived(&record);
                }
            });
        }
    }

    /// Finds the oldest records in flash.
    pub(super) async fn fill(&mut self, log: &Log) -> Result<(), StoreError> {
        log.with(|inner| inner.window.begin_search());
        let look = |block: BlockReader<'_>| {
            log.with(|inner| {
                for record in block {
                    if inner.window.excludes(record.id) {
                        inner.window.add(&record);
                        return Go::Stop;
                    }
                    if !inner.is_over(&record) {
                        inner.window.add(&record);
                    }
                }
                Go::On
            })
        };
        self.readings.visit(&mut self.buffer, look).await?;
        self.journal.visit(&mut self.buffer, look).await?;
        log.with(|inner| {
            inner.window.end_search();
            inner.wants_window = false;
        });
        log.filled.signal(());
        Ok(())
    }
}
