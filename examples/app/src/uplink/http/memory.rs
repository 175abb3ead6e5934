//! What is known of a server, from one connection to the next.

use super::super::backoff::Backoff;
use super::super::target::Target;
use super::{ASK_AGAIN_MS, Kind};

/// Of an interface that a server may have or not: until when it is not asked again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Optional {
    asks_again_ms: u64,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Memory {
    pub(super) backoff: Backoff,
    /// How often the record at the head was refused.
    pub(super) tries: u8,
    /// Readings that go one by one, since the batch they were in was not stored.
    pub(super) singles: usize,
    pub(super) health_due_ms: u64,
    pub(super) mark: u32,
    pub(super) registers_again_ms: u64,
    batch: Optional,
    knows_batches: bool,
    events: Optional,
    intervals: Optional,
}

impl Memory {
    pub(super) fn new(mark: u32) -> Self {
        Self {
            backoff: Backoff::new(),
            tries: 0,
            singles: 0,
            health_due_ms: 0,
            mark,
            registers_again_ms: 0,
            batch: Optional::default(),
            knows_batches: false,
            events: Optional::default(),
            intervals: Optional::default(),
        }
    }

    pub(super) const fn has_work(&self, now_ms: u64) -> bool {
        self.may_register(now_ms) || self.is_health_due(now_ms)
    }

    pub(super) const fn may_register(&self, now_ms: u64) -> bool {
        now_ms >= self.registers_again_ms
    }

    pub(super) const fn is_health_due(&self, now_ms: u64) -> bool {
        now_ms >= self.health_due_ms
    }

    /// Whether the server has an interface for such records, as far as is known.
    pub(super) const fn wants(&self, kind: Kind, now_ms: u64) -> bool {
        match kind {
            Kind::Reading => true,
            Kind::Event => now_ms >= self.events.asks_again_ms,
            Kind::Interval => now_ms >= self.intervals.asks_again_ms,
        }
    }

    pub(super) const fn is_missing(&mut self, kind: Kind, now_ms: u64) {
        let asks_again_ms = now_ms.saturating_add(ASK_AGAIN_MS);
        match kind {
            Kind::Reading => {}
            Kind::Event => self.events = Optional { asks_again_ms },
            Kind::Interval => self.intervals = Optional { asks_again_ms },
        }
    }

    pub(super) const fn may_batch(&self, now_ms: u64) -> bool {
        self.singles == 0 && now_ms >= self.batch.asks_again_ms
    }

    pub(super) const fn batch_worked(&mut self) {
        self.knows_batches = true;
    }

    /// The readings of this batch go one by one; of a server that never took one, all others for a while too.
    pub(super) const fn batch_failed(&mut self, count: usize, now_ms: u64) {
        self.singles = count;
        if !self.knows_batches {
            self.batch.asks_again_ms = now_ms.saturating_add(ASK_AGAIN_MS);
        }
        // Once more and it has none.
        self.knows_batches = false;
    }
}

/// What stands for these meters at this server: FNV-1a, and never 0.
pub(super) fn mark(target: &Target, channels: u8) -> u32 {
    let bytes = target
        .address
        .bytes()
        .chain([0])
        .chain(target.meter_id.bytes());
    let hash = bytes
        .chain([0, channels])
        .fold(0x811c_9dc5_u32, |hash, byte| {
            (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
        });
    hash.max(1)
}
