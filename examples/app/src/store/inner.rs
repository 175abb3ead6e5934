//! What is inside of a [`Log`](super::Log): records in RAM, what is known of those in flash, and which may go now.

use heapless::{Deque, Vec};

use super::window::{Window, place_of};
use super::{BATCH, RING, StoreError};
use crate::live::TimeSource;
use crate::record::{Body, Id, Quality, Record};

/// Starts of the device of which it is kept when they were.
pub(super) const STARTS: usize = 8;

/// Most intervals that are made once more.
pub(super) const VOID: usize = 8;

/// A start of the device, and milliseconds since 1970 less the milliseconds since then.
pub(super) type Start = (u32, i64);

/// Intervals in flash that nobody may see.
pub(super) type Void = Vec<Id, VOID>;

/// What is inside of a [`Log`].
pub(super) struct Inner {
    pub(super) boot: u32,
    pub(super) next_seq: u32,
    pub(super) ring: Deque<Record, RING>,
    pub(super) window: Window,
    /// Everything up to here is done with.
    pub(super) done: Option<Id>,
    pub(super) peeked: Vec<Id, BATCH>,
    /// Readings, and other records, in flash that are not done with.
    pub(super) in_flash: [u32; 2],
    /// Readings up to here are being written: they stay in RAM until they are.
    pub(super) transit: Option<Id>,
    /// Records from here on wait until the registers are stored.
    pub(super) held: Option<Id>,
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
    pub(super) learned: TimeSource,
    /// That is not in flash yet.
    pub(super) wants_starts: bool,
    /// Records without a time may go: it was waited for long enough.
    pub(super) gives_untimed: bool,
    /// How often the flash failed, and how the last time.
    pub(super) failures: u32,
    pub(super) failure: Option<StoreError>,
}

impl Inner {
    /// Of a device whose number of starts is not known yet.
    pub(super) const fn new() -> Self {
        Self {
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
        }
    }

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
    pub(super) fn learn(&mut self, offset_ms: i64) {
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

    pub(super) fn add(
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
    pub(super) fn has_next(&self) -> bool {
        let waiting = self.window.records().first();
        let waiting = waiting.into_iter().chain(self.ring.iter());
        let oldest = waiting
            .filter(|record| !self.is_done(record.id))
            .min_by_key(|record| record.id);
        self.window.is_blind() || oldest.is_some_and(|record| self.may_go(record))
    }

    /// The oldest records that wait and may be sent, in order.
    pub(super) fn peek<const N: usize>(&mut self, records: &mut Vec<Record, N>) {
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
