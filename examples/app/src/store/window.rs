//! The oldest of what is in flash, in RAM: what the uplink sends next, without a look at the flash for each.

use heapless::Vec;

use super::BATCH;
use crate::record::{Body, Id, Record};

/// Copies of the oldest records in flash, in the order of their names.
///
/// What it does not hold is younger than all it holds.
pub(super) struct Window {
    records: Vec<Record, BATCH>,
    /// Whether flash holds more than this.
    has_more: bool,
    /// It is being filled.
    is_searching: bool,
}

impl Window {
    /// Nothing is in flash.
    pub(super) const fn empty() -> Self {
        Self {
            records: Vec::new(),
            has_more: false,
            is_searching: false,
        }
    }

    /// Something is in flash, and nothing is known of it.
    pub(super) fn forget_all(&mut self) {
        self.records.clear();
        self.has_more = true;
    }

    /// Nothing is in flash but what is added from now on.
    pub(super) fn begin(&mut self) {
        *self = Self::empty();
    }

    /// What is in flash is added from now on, in no order.
    pub(super) fn begin_search(&mut self) {
        self.begin();
        self.is_searching = true;
    }

    /// All of it was, or what stays outside.
    pub(super) const fn end_search(&mut self) {
        self.is_searching = false;
    }

    pub(super) fn records(&self) -> &[Record] {
        &self.records
    }

    /// Whether it has to be filled before anything can be sent.
    pub(super) fn is_blind(&self) -> bool {
        self.is_searching || self.has_more && self.records.is_empty()
    }

    /// Records after this one may wait behind others in flash.
    pub(super) fn limit(&self) -> Option<Id> {
        if self.has_more {
            self.records.last().map(|record| record.id)
        } else {
            None
        }
    }

    /// Whether a record of this name, and all younger ones, stay outside.
    pub(super) fn excludes(&self, id: Id) -> bool {
        let is_younger = |last: &Record| id > last.id;
        let is_full = self.records.is_full();
        (self.has_more || is_full) && self.records.last().is_none_or(is_younger)
    }

    /// A record is in flash.
    pub(super) fn add(&mut self, record: &Record) {
        if self.excludes(record.id) {
            self.has_more = true;
            return;
        }
        if self.records.is_full() {
            self.records.pop();
            self.has_more = true;
        }
        let place = self.records.partition_point(|other| other.id < record.id);
        if self
            .records
            .get(place)
            .is_some_and(|other| other.id == record.id)
        {
            return;
        }
        // There is room, and the place is within.
        let _ = self.records.insert(place, *record);
    }

    /// Everything up to this is done; how many readings and how many other records of flash that are.
    pub(super) fn drop_to(&mut self, done: Id) -> [u32; 2] {
        let mut dropped = [0; 2];
        self.records.retain(|record| {
            let stays = record.id > done;
            if let Some(count) = dropped.get_mut(place_of(record)).filter(|_| !stays) {
                *count += 1;
            }
            stays
        });
        dropped
    }

    /// A record is no longer in flash.
    pub(super) fn remove(&mut self, id: Id) {
        self.records.retain(|record| record.id != id);
    }
}

/// Which of the two queues a record goes to: readings go to the first.
pub(super) const fn place_of(record: &Record) -> usize {
    match record.body {
        Body::Reading(_) => 0,
        Body::Event(_) | Body::Interval(_) => 1,
    }
}
