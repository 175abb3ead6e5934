//! Where records wait for the card.

use core::cell::{Cell, RefCell};

use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embassy_sync::signal::Signal;
use heapless::Deque;

use crate::record::{Body, Record};

/// Room for `N` records. Offering one never waits: the sampler does not know whether there is a card.
pub struct Inbox<const N: usize> {
    records: RefCell<Deque<Record, N>>,
    dropped: Cell<u32>,
    news: Signal<NoopRawMutex, ()>,
}

impl<const N: usize> Inbox<N> {
    /// Empty.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            records: RefCell::new(Deque::new()),
            dropped: Cell::new(0),
            news: Signal::new(),
        }
    }

    /// Takes a record for the archive. Intervals are left out: they are sums of what is there. One that comes while
    /// all places are taken is dropped and counted; those that came first stay.
    pub fn offer(&self, record: &Record) {
        if matches!(record.body, Body::Interval(_)) {
            return;
        }
        if self.records.borrow_mut().push_back(*record).is_err() {
            self.dropped.set(self.dropped.get().saturating_add(1));
        }
        self.news.signal(());
    }

    /// Records that wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.records.borrow().len()
    }

    /// Records that were dropped since the start.
    #[must_use]
    pub fn dropped(&self) -> u32 {
        self.dropped.get()
    }

    /// The `n`th of those that wait, the oldest first.
    #[must_use]
    pub fn get(&self, n: usize) -> Option<Record> {
        self.records.borrow().iter().nth(n).copied()
    }

    /// Forgets the `count` oldest.
    pub fn forget(&self, count: usize) {
        let mut records = self.records.borrow_mut();
        for _ in 0..count {
            if records.pop_front().is_none() {
                break;
            }
        }
    }

    /// Waits for the next record that is offered.
    pub async fn news(&self) {
        self.news.wait().await;
    }
}

impl<const N: usize> Default for Inbox<N> {
    fn default() -> Self {
        Self::new()
    }
}
