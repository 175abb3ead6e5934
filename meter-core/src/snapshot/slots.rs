//! Two places in flash.

use super::Snapshot;

/// Two places that are written in turn: a write that is cut off leaves the other one whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Slots {
    next: u8,
    sequence: u32,
}

impl Slots {
    /// Looks at what is in both places: where to go on, and the later whole state, if there is one.
    #[must_use]
    pub fn open(slots: [&[u8; Snapshot::BYTES]; 2]) -> (Self, Option<Snapshot>) {
        let [first, second] = slots.map(|bytes| Snapshot::decode(bytes).ok());
        let (latest, next) = match (first, second) {
            // Sequence numbers wrap, and two places are never far apart.
            (Some(a), Some(b)) if b.sequence.wrapping_sub(a.sequence) < 1 << 31 => (Some(b), 0),
            (Some(a), _) => (Some(a), 1),
            (None, latest) => (latest, 0),
        };
        let sequence = latest.map_or(0, |snapshot| snapshot.sequence.wrapping_add(1));
        (Self { next, sequence }, latest)
    }

    /// The last write went wrong: the same place is the next one again, so that the other one, which is good, stays.
    pub const fn failed(&mut self) {
        self.next ^= 1;
        self.sequence = self.sequence.wrapping_sub(1);
    }

    /// The place to write next, 0 or 1, and what to write there. Write it whole before the next call, or tell that it
    /// has [`failed`](Self::failed).
    pub fn store(&mut self, mut snapshot: Snapshot) -> (u8, [u8; Snapshot::BYTES]) {
        let place = self.next;
        snapshot.sequence = self.sequence;
        let bytes = snapshot.encode();
        self.next ^= 1;
        self.sequence = self.sequence.wrapping_add(1);
        (place, bytes)
    }
}
