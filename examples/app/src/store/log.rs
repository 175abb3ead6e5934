//! Where records are born and wait in RAM: the half of the store that nobody has to wait for.

use core::cell::RefCell;

use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embassy_sync::signal::Signal;
use heapless::{Deque, Vec};

use super::window::{Window, place_of};
use super::{BATCH, RING, StoreError};
use crate::live::{Live, StoreState, TimeSource, TimeState};
use crate::record::{Body, DeviceEvent, EventRecord, Id, Quality, Record};

/// Starts of the device of which it is kept when they were.
pub(super) const STARTS: usize = 8;

/// Most intervals that are made once more.
pub(super) const VOID: usize = 8;

/// A start of the device, and milliseconds since 1970 less the milliseconds since then.
pub(super) type Start = (u32, i64);

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

/// Intervals in flash that nobody may see.
pub(super) type Void = Vec<Id, VOID>;

/// What is inside of a [`Log`].
pub(super) struct Inner {
    pub(super) boot: u32,
    next_seq: u32,
    pub(super) ring: Deque<Record, RING>,
    pub(super) window: Window,
    /// Everything up to here is done with.
    pub(super) done: Option<Id>,
    peeked: Vec<Id, BATCH>,
    /// Readings, and other records, in flash that are not done with.
    pub(super) in_flash: [u32; 2],
    /// Readings up to here are being written: they stay in RAM until they are.
    pub(super) transit: Option<Id>,
    /// Records from here on wait until the registers are stored.
    held: Option<Id>,
    /// The uplink waits for the window.
    pub(super) wants_window: bool,
    /// Everything is to be written now.
    pub(super) wants_settle: bool,
    /// What may be told of registers is to be stored now.
    pub(super) wants_told: bool,
    /// Records dropped that nobody was told of.
    pub(super) dropped: u32,
    /// Records dropped since the start.
    pub(super) dropped_ever: u32,
    /// Intervals in flash that were made once more.
    pub(super) void: Void,
    /// How many of them in this start.
    pub(super) repeated: u32,
    /// When starts of the device were, oldest first.
    pub(super) starts: Vec<Start, STARTS>,
    /// Who told when this start was.
    learned: TimeSource,
    /// That is not in flash yet.
    pub(super) wants_starts: bool,
    /// Records without a time may go: it was waited for long enough.
    pub(super) gives_untimed: bool,
    /// How often the flash failed, and how the last time.
    pub(super) failures: u32,
    pub(super) failure: Option<StoreError>,
}

impl Inner {
    /// Records whose loss somebody has to be told of.
    pub(super) const fn count_dropped(&mut self, count: u32) {
        self.dropped = self.dropped.saturating_add(count);
        self.dropped_ever = self.dropped_ever.saturating_add(count);
    }

    /// A record has got to flash.
    pub(super) fn arrived(&mut self, record: &Record) {
        if self.is_over(record) {
            return;
        }
        if let Some(count) = self.in_flash.get_mut(place_of(record)) {
            *count += 1;
        }
        self.window.add(record);
    }

    /// A record had to make room in flash.
    pub(super) fn displaced(&mut self, record: &Record) {
        if self.is_over(record) {
            return;
        }
        if let Some(count) = self.in_flash.get_mut(place_of(record)) {
            *count = count.saturating_sub(1);
        }
        self.window.remove(record.id);
        self.count_dropped(1);
    }

    pub(super) fn is_done(&self, id: Id) -> bool {
        self.done.is_some_and(|done| id <= done)
    }

    /// Whether a record in flash is of no use any more.
    pub(super) fn is_over(&self, record: &Record) -> bool {
        self.is_done(record.id) || self.void.contains(&record.id)
    }

    /// This start was at a time.
    fn learn(&mut self, offset_ms: i64) {
        let boot = self.boot;
        self.starts.retain(|(other, _)| *other != boot);
        if self.starts.is_full() {
            self.starts.remove(0);
        }
        // There is room.
        let _ = self.starts.push((boot, offset_ms));
        self.wants_starts = true;
    }

    /// Makes room in RAM: the oldest reading goes, without readings the oldest of all.
    fn make_room(&mut self) {
        let transit = self.transit;
        let is_free = |record: &Record| transit.is_none_or(|transit| record.id > transit);
        let is_reading = |record: &Record| matches!(record.body, Body::Reading(_));
        let victim = self
            .ring
            .iter()
            .find(|record| is_free(record) && is_reading(record))
            .or_else(|| self.ring.iter().find(|record| is_free(record)))
            .map(|record| record.id);
        if let Some(id) = victim {
            self.ring.retain(|record| record.id != id);
            self.count_dropped(1);
        }
    }

    fn add(
        &mut self,
        channel: u8,
        at_ms: u64,
        utc_ms: Option<i64>,
        quality: Quality,
        body: Body,
    ) -> Record {
        let id = Id {
            boot: self.boot,
            seq: self.next_seq,
        };
        self.next_seq = self.next_seq.wrapping_add(1);
        if self.ring.is_full() {
            self.make_room();
        }
        let clock = if utc_ms.is_none() {
            Quality::CLOCK_INVALID
        } else {
            Quality::GOOD
        };
        let record = Record {
            id,
            channel,
            at_ms,
            utc_ms,
            quality: quality.with(clock),
            body,
        };
        if self.ring.push_back(record).is_err() {
            // All of it is being written at this moment.
            self.count_dropped(1);
        }
        record
    }

    /// The record with the time it was made, if that has become known since.
    fn restamped(&self, record: &Record) -> Record {
        let start = self
            .starts
            .iter()
            .rev()
            .find(|(boot, _)| *boot == record.id.boot);
        let (None, Some((_, offset_ms))) = (record.utc_ms, start) else {
            return *record;
        };
        let quality = record.quality.without(Quality::CLOCK_INVALID);
        Record {
            utc_ms: Some(offset_ms.saturating_add_unsigned(record.at_ms)),
            quality: quality.with(Quality::RESTAMPED),
            ..*record
        }
    }

    /// Whether a record may be given away now.
    fn may_go(&self, record: &Record) -> bool {
        !self.is_done(record.id)
            && self.window.limit().is_none_or(|limit| record.id <= limit)
            && self.held.is_none_or(|held| record.id < held)
            && !self.may_get_time(record)
    }

    /// Whether a record waits for its time.
    fn may_get_time(&self, record: &Record) -> bool {
        record.utc_ms.is_none()
            && record.id.boot == self.boot
            && self.learned == TimeSource::None
            && !self.gives_untimed
    }

    /// Whether [`peek`](Self::peek) has anything to give, or may have after a look into flash.
    fn has_next(&self) -> bool {
        let waiting = self.window.records().first();
        let waiting = waiting.into_iter().chain(self.ring.iter());
        let oldest = waiting
            .filter(|record| !self.is_done(record.id))
            .min_by_key(|record| record.id);
        self.window.is_blind() || oldest.is_some_and(|record| self.may_go(record))
    }

    /// The oldest records that wait and may be sent, in order.
    fn peek<const N: usize>(&mut self, records: &mut Vec<Record, N>) {
        let mut peeked = Vec::new();
        let is_news = |record: &&Record| !self.is_done(record.id);
        let mut flash = self.window.records().iter().filter(is_news).peekable();
        let mut ram = self.ring.iter().filter(is_news).peekable();
        while !records.is_full() && !peeked.is_full() {
            let is_ram = match (flash.peek(), ram.peek()) {
                (Some(flash), Some(ram)) => ram.id < flash.id,
                (None, Some(_)) => true,
                (Some(_), None) => false,
                (None, None) => break,
            };
            let next = if is_ram { ram.next() } else { flash.next() };
            let Some(record) = next.filter(|record| self.may_go(record)) else {
                break;
            };
            // Both have room.
            let _ = peeked.push(record.id);
            let _ = records.push(self.restamped(record));
        }
        self.peeked = peeked;
    }
}

impl Log {
    /// Of a device whose number of starts is not known yet: nothing may be added before the store is open.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            inner: RefCell::new(Inner {
                boot: 0,
                next_seq: 0,
                ring: Deque::new(),
                window: Window::empty(),
                done: None,
                peeked: Vec::new(),
                in_flash: [0; 2],
                transit: None,
                held: None,
                wants_window: false,
                wants_settle: false,
                wants_told: false,
                dropped: 0,
                dropped_ever: 0,
                void: Vec::new(),
                repeated: 0,
                starts: Vec::new(),
                learned: TimeSource::None,
                wants_starts: false,
                gives_untimed: false,
                failures: 0,
                failure: None,
            }),
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
