//! The task that writes flash.

mod records;
mod registers;

use embassy_futures::select::select;
use embedded_storage_async::nor_flash::MultiwriteNorFlash;

use super::block::{Aligned, BLOCK, BlockWriter};
use super::queue::{JOURNAL_PAGES, Queue, READING_PAGES};
use super::window::place_of;
use super::{Log, RING, SharedFlash, SharedStates, StoreError, USES};
use crate::live::{Live, Task};
use crate::platform::Clock;
use crate::record::{Body, DeviceEvent, Quality};
use crate::sampler::Meters;

/// Somebody is told of dropped records once in this time.
const TELL_MS: u64 = 3_600_000;
/// A flash that fails is tried again after this.
const RETRY_MS: u64 = 10_000;
/// So long after a start records without a time wait for one.
const UNTIMED_MS: u64 = 120_000;
/// A sign of life at least this often.
const SIGN_MS: u64 = 10_000;

/// Owns the queues in flash, and does everything that is slow: nobody waits for it but who wants to know what is in
/// flash.
pub struct Keeper<'a, F: MultiwriteNorFlash, C: Clock> {
    flash: &'a SharedFlash<F, C>,
    readings: Queue<'a, F, C, READING_PAGES>,
    journal: Queue<'a, F, C, JOURNAL_PAGES>,
    states: &'a SharedStates<'a, F, C>,
    block: BlockWriter,
    buffer: Aligned<BLOCK>,
    told_ms: Option<u64>,
    /// The flash failed; nothing is tried before.
    retry_ms: Option<u64>,
    stored_erases: [u32; USES],
}

impl<'a, F: MultiwriteNorFlash, C: Clock> Keeper<'a, F, C> {
    pub(super) const fn new(
        flash: &'a SharedFlash<F, C>,
        readings: Queue<'a, F, C, READING_PAGES>,
        journal: Queue<'a, F, C, JOURNAL_PAGES>,
        states: &'a SharedStates<'a, F, C>,
    ) -> Self {
        Self {
            flash,
            readings,
            journal,
            states,
            block: BlockWriter::new(),
            buffer: Aligned([0; _]),
            told_ms: None,
            retry_ms: None,
            stored_erases: [0; USES],
        }
    }

    /// Writes what has to be written, for ever.
    pub async fn run(&mut self, clock: &impl Clock, live: &Live, log: &Log, meters: &Meters) -> ! {
        self.stored_erases = self.flash.erases();
        loop {
            let now_ms = clock.now_ms();
            live.is_alive(Task::Keeper, now_ms);
            self.collect(now_ms, live, log);
            if log.end_patience(now_ms >= UNTIMED_MS) {
                live.news.signal(());
            }
            if self.retry_ms.is_none_or(|retry_ms| now_ms >= retry_ms) {
                let result = self.work(now_ms, live, log, meters).await;
                self.conclude(result, clock.now_ms(), log);
            } else {
                // Nobody waits for a flash that fails.
                log.filled.signal(());
            }
            self.report(live, log);
            let next_ms = self.next_ms(clock.now_ms(), live, log);
            select(clock.sleep_until(next_ms), log.work.wait()).await;
        }
    }

    /// What happened to the device becomes records, also that some were dropped.
    fn collect(&mut self, now_ms: u64, live: &Live, log: &Log) {
        while let Ok(event) = live.told.try_receive() {
            log.add(live, 0, now_ms, Quality::GOOD, Body::Event(event));
        }
        let may_tell = self
            .told_ms
            .is_none_or(|told_ms| now_ms >= told_ms.saturating_add(TELL_MS));
        if may_tell {
            let dropped = log.with(|inner| core::mem::take(&mut inner.dropped));
            if dropped > 0 {
                self.told_ms = Some(now_ms);
                log.note(live, now_ms, DeviceEvent::RecordsDropped, dropped.into());
            }
        }
    }

    async fn work(
        &mut self,
        now_ms: u64,
        live: &Live,
        log: &Log,
        meters: &Meters,
    ) -> Result<(), StoreError> {
        if self.retry_ms.take().is_some() {
            // What has been found in flash meanwhile is out of date.
            log.with(|inner| inner.window.forget_all());
        }
        self.learn(log).await?;
        let next = log.next_id();
        let wants_settle = log.with(|inner| inner.wants_settle);
        let age_ms = if wants_settle { 0 } else { checkpoint_ms(live) };
        self.write_journal(log).await?;
        if meters.is_due(now_ms, age_ms) {
            self.checkpoint(now_ms, age_ms, log, meters).await?;
        }
        if log.with(|inner| inner.wants_told) {
            self.store_told(log, meters).await?;
        }
        if log.is_holding() {
            log.release(next, meters.is_due(now_ms, u64::MAX));
            live.news.signal(());
        }
        if wants_settle || is_late(now_ms, live, log) {
            self.write(log, |record| place_of(record) == 0).await?;
        }
        if let Some(done) = log.with(|inner| inner.done) {
            self.readings.drop_to(done, &mut self.buffer).await?;
            self.journal.drop_to(done, &mut self.buffer).await?;
        }
        if log.with(|inner| inner.wants_window) {
            self.fill(log).await?;
        }
        if wants_settle {
            log.with(|inner| inner.wants_settle = false);
            log.settled.signal(());
        }
        Ok(())
    }

    /// What to do after work that may have failed.
    fn conclude(&mut self, result: Result<(), StoreError>, now_ms: u64, log: &Log) {
        let Err(error) = result else {
            return;
        };
        log.with(|inner| {
            inner.transit = None;
            inner.failures = inner.failures.saturating_add(1);
            inner.failure = Some(error);
            // The uplink goes on with what is in RAM.
            inner.window.begin();
            inner.wants_window = false;
            inner.wants_settle = false;
        });
        log.filled.signal(());
        log.settled.signal(());
        self.retry_ms = Some(now_ms.saturating_add(RETRY_MS));
    }

    fn report(&self, live: &Live, log: &Log) {
        let (ram, flash) = log.depths();
        let erases = self.flash.erases().into_iter().fold(0, u32::saturating_add);
        live.store.set(log.state());
        live.with_health(|health| {
            health.boots = log.boot();
            health.queue_depth = ram.saturating_add(flash);
            health.flash_erases = erases;
        });
    }

    /// When there is something to do if nothing happens before.
    fn next_ms(&self, now_ms: u64, live: &Live, log: &Log) -> u64 {
        let sign_ms = now_ms.saturating_add(SIGN_MS);
        let flush_ms = oldest_reading_ms(log).map(|at_ms| at_ms.saturating_add(flush_ms(live)));
        match self.retry_ms {
            Some(retry_ms) => sign_ms.min(retry_ms),
            None => sign_ms.min(flush_ms.unwrap_or(sign_ms)),
        }
    }
}

/// The age of stored registers at which they are stored anew. An interval that ends meanwhile has them stored anyway,
/// so a little patience saves half of the writes where both have one length.
fn checkpoint_ms(live: &Live) -> u64 {
    let period_ms = u64::from(live.settings.borrow().checkpoint_s.max(1)) * 1_000;
    period_ms + period_ms / 16
}

fn flush_ms(live: &Live) -> u64 {
    u64::from(live.settings.borrow().flush_s) * 1_000
}

fn oldest_reading_ms(log: &Log) -> Option<u64> {
    log.with(|inner| {
        let mut readings = inner.ring.iter().filter(|record| place_of(record) == 0);
        readings.next().map(|record| record.at_ms)
    })
}

/// Whether readings in RAM have to go to flash: the oldest has waited too long, or there are many.
fn is_late(now_ms: u64, live: &Live, log: &Log) -> bool {
    let is_old = |at_ms: u64| now_ms >= at_ms.saturating_add(flush_ms(live));
    oldest_reading_ms(log).is_some_and(is_old) || log.with(|inner| inner.ring.len() >= RING / 2)
}
