//! Where records are born and wait in RAM: the half of the store that nobody has to wait for.

use core::cell::RefCell;

use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embassy_sync::signal::Signal;
use heapless::Vec;

use super::inner::Inner;
use crate::live::{Live, StoreState, TimeSource, TimeState};
use crate::record::{Body, DeviceEvent, EventRecord, Id, Quality, Record};

/// Records from their birth until they are sent: those in RAM themselves, and what is to be known of those in flash.
///
/// A record is in RAM or in flash, never in both; each goes to flash when the keeper says so, and everything is given
/// away in the order of names. So all that is done with is told by one name, and whoever finds older ones in flash
/// drops them.
pub struct Log {
    inner: RefCell<Inner>,
    /// There is something for the keeper to do.
    pub(super) work: Signal<NoopRawMutex, ()>,
    /// The keeper has filled the window.
    pub(super) filled: Signal<NoopRawMutex, ()>,
    /// Everything is in flash that was to be.
    pub(super) settled: Signal<NoopRawMutex, ()>,
}

impl Log {
    /// Of a device whose number of starts is not known yet: nothing may be added before the store is open.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            inner: RefCell::new(Inner::new()),
            work: Signal::new(),
            filled: Signal::new(),
            settled: Signal::new(),
        }
    }

    /// Looks at or changes what is inside; nothing is awaited meanwhile.
    pub(super) fn with<T>(&self, change: impl FnOnce(&mut Inner) -> T) -> T {
        change(&mut self.inner.borrow_mut())
    }

    /// Number of this start of the device.
    #[must_use]
    pub fn boot(&self) -> u32 {
        self.with(|inner| inner.boot)
    }

    /// Adds a record made at a time since the start. Never waits: without room the oldest reading goes.
    pub fn add(&self, live: &Live, channel: u8, at_ms: u64, quality: Quality, body: Body) -> Id {
        let utc_ms = live.time.get().utc_ms(at_ms);
        let record = self.with(|inner| inner.add(channel, at_ms, utc_ms, quality, body));
        self.work.signal(());
        live.news.signal(());
        if let Some(witness) = live.witness.get() {
            witness(&record);
        }
        record.id
    }

    /// Something happened to the device itself.
    pub fn note(&self, live: &Live, at_ms: u64, event: DeviceEvent, value: i64) {
        let event = EventRecord::device(event, true, value);
        self.add(live, 0, at_ms, Quality::GOOD, Body::Event(event));
    }

    /// Records from this one on are given to nobody before the registers are stored: what they tell could not be
    /// told again after a power cut.
    pub(crate) fn hold(&self, id: Id) {
        self.with(|inner| {
            inner.held = Some(inner.held.map_or(id, |held| held.min(id)));
        });
        self.work.signal(());
    }

    /// Records from this one on are given to nobody before it is stored what may be told.
    pub(crate) fn hold_for_told(&self, id: Option<Id>) {
        self.with(|inner| {
            if let Some(id) = id {
                inner.held = Some(inner.held.map_or(id, |held| held.min(id)));
            }
            inner.wants_told = true;
        });
        self.work.signal(());
    }

    /// The time has become known, or better known: records of this start without one get it.
    pub fn learn(&self, time: TimeState) {
        let is_better = |learned| match time.source {
            TimeSource::None => false,
            TimeSource::Rtc => learned == TimeSource::None,
            TimeSource::Server => learned != TimeSource::Server,
        };
        self.with(|inner| {
            if let Some(offset_ms) = time.offset_ms.filter(|_| is_better(inner.learned)) {
                inner.learned = time.source;
                inner.learn(offset_ms);
            }
        });
        self.work.signal(());
    }

    /// Whether records without a time go all the same; gives whether that is new.
    pub(super) fn end_patience(&self, is_over: bool) -> bool {
        self.with(|inner| !core::mem::replace(&mut inner.gives_untimed, is_over) && is_over)
    }

    /// Whether records wait for something to be stored.
    pub(super) fn is_holding(&self) -> bool {
        self.with(|inner| inner.held.is_some())
    }

    /// What is stored covers everything before this name.
    pub(super) fn release(&self, next: Id, is_more_wanted: bool) {
        self.with(|inner| {
            // What was asked for meanwhile is of something younger.
            let still = (is_more_wanted || inner.wants_told).then_some(next);
            inner.held = inner.held.and(still);
        });
    }

    /// The name of the next record.
    pub(super) fn next_id(&self) -> Id {
        self.with(|inner| Id {
            boot: inner.boot,
            seq: inner.next_seq,
        })
    }

    /// Writes everything to flash, for a restart that is wanted. Needs the keeper to run.
    pub async fn settle(&self) {
        self.settled.reset();
        self.with(|inner| inner.wants_settle = true);
        self.work.signal(());
        self.settled.wait().await;
    }

    /// Records made in this start.
    #[must_use]
    pub fn made(&self) -> u32 {
        self.with(|inner| inner.next_seq)
    }

    /// Shows the records that are in RAM alone: what a power cut would take.
    pub fn look(&self, look: impl FnMut(&Record)) {
        self.with(|inner| inner.ring.iter().for_each(look));
    }

    /// Records that wait in RAM and in flash.
    #[must_use]
    pub fn depths(&self) -> (u32, u32) {
        // No more than RING.
        self.with(|inner| (inner.ring.len() as u32, inner.in_flash.iter().sum()))
    }

    /// How the store is.
    #[must_use]
    pub fn state(&self) -> StoreState {
        let (in_ram, in_flash) = self.depths();
        self.with(|inner| StoreState {
            in_ram,
            in_flash,
            dropped: inner.dropped_ever,
            repeated: inner.repeated,
            failures: inner.failures,
            failure: inner.failure,
        })
    }

    /// Records that wait, if one of them may go now; else 0.
    pub(super) fn depth(&self) -> u32 {
        let (ram, flash) = self.depths();
        let has_next = self.with(|inner| inner.has_next());
        if has_next {
            ram.saturating_add(flash)
        } else {
            0
        }
    }

    /// The next records to be sent, or whether the keeper has to fill the window first.
    pub(super) fn try_peek<const N: usize>(&self, records: &mut Vec<Record, N>) -> bool {
        records.clear();
        self.with(|inner| {
            if inner.window.is_blind() {
                inner.wants_window = true;
                return false;
            }
            inner.peek(records);
            true
        })
    }

    /// The first of the records given last are done with.
    pub(super) fn forget(&self, count: usize) {
        self.with(|inner| {
            let Some(done) = count
                .checked_sub(1)
                .and_then(|last| {
                    inner
                        .peeked
                        .get(last.min(inner.peeked.len().saturating_sub(1)))
                })
                .copied()
            else {
                return;
            };
            inner.done = inner.done.max(Some(done));
            inner.ring.retain(|record| record.id > done);
            let of_flash = inner.window.drop_to(done);
            for (count, done) in inner.in_flash.iter_mut().zip(of_flash) {
                *count = count.saturating_sub(done);
            }
        });
        self.work.signal(());
    }
}

impl Default for Log {
    fn default() -> Self {
        Self::new()
    }
}
