//! What has to be on the card.

use std::collections::BTreeSet;

use smart_meter::record::Id;

use super::super::card::{CardSlot, Room};
use super::super::server::{Kind, Server};
use super::Report;

/// The books of the card.
#[derive(Default)]
pub(super) struct Archive {
    /// Records that were in RAM when the supply went: on the card or not.
    excused: BTreeSet<Id>,
    /// Records that were still in RAM when the last card was looked at.
    waiting: BTreeSet<Id>,
    /// Records for which there was no room while there was no card, since the last look.
    dropped: u64,
    /// Those of this start, up to the last look.
    seen_dropped: u32,
}

fn names(room: &Room) -> impl Iterator<Item = Id> {
    (0..room.waiting()).filter_map(|n| room.get(n).map(|record| record.id))
}

impl Archive {
    /// The supply went.
    pub(super) fn end(&mut self, room: &Room) {
        self.excused.extend(names(room));
        self.count_dropped(room);
        self.seen_dropped = 0;
    }

    fn count_dropped(&mut self, room: &Room) {
        self.dropped += u64::from(room.dropped() - self.seen_dropped);
        self.seen_dropped = room.dropped();
    }

    /// Compares a card with what came to the server, and puts another in.
    pub(super) fn audit(
        &mut self,
        seed: u64,
        card: &CardSlot,
        room: &Room,
        server: &Server,
        report: &mut Report,
    ) {
        self.count_dropped(room);
        let found = card.records();
        for (before, after) in found.iter().zip(found.iter().skip(1)) {
            assert!(
                before < after,
                "seed {seed}: {after:?} after {before:?} on the card"
            );
        }
        let found = BTreeSet::from_iter(found);
        let mut wanted = std::mem::take(&mut self.waiting);
        server.with_records(|records| {
            for (id, stored) in records {
                if let Kind::Interval { .. } = stored.kind {
                    assert!(
                        !found.contains(id),
                        "seed {seed}: the interval {id:?} is on the card"
                    );
                } else {
                    wanted.insert(*id);
                }
            }
        });
        let in_ram = BTreeSet::from_iter(names(room));
        let mut missing = Vec::new();
        for id in wanted.difference(&found) {
            if in_ram.contains(id) {
                self.waiting.insert(*id);
            } else if self.excused.contains(id) {
                report.lost_lines += 1;
            } else {
                missing.push(*id);
            }
        }
        assert!(
            missing.len() as u64 <= self.dropped,
            "seed {seed}: {} records are not on the card, {} had no room: {:?}",
            missing.len(),
            self.dropped,
            missing.first()
        );
        report.lines += found.len() as u64;
        report.dropped_lines += missing.len() as u64;
        self.excused.clear();
        self.dropped = 0;
        card.replace();
    }
}
