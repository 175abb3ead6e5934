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
        let sequence = |bytes| {
            Snapshot::decode(bytes)
                .ok()
                .map(|snapshot| snapshot.sequence)
        };
        let [a, b] = slots;
        let (latest, next) = match (sequence(a), sequence(b)) {
            // Sequence numbers wrap, and two places are never far apart.
            (Some(first), Some(second)) if second.wrapping_sub(first) < 1 << 31 => (b, 0),
            (Some(_), _) => (a, 1),
            (None, _) => (b, 0),
        };
        let latest = Snapshot::decode(latest).ok();
        let sequence = match &latest {
            Some(snapshot) => snapshot.sequence.wrapping_add(1),
            None => 0,
        };
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
