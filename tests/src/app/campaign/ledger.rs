//! The books: what was made, what came, and whether it adds up.

use std::collections::BTreeMap;

use smart_meter::live::Live;
use smart_meter::record::Id;
use smart_meter::store::Log;

use super::super::parts::Seen;
use super::super::server::{Kind, Server, Stored};
use super::Report;

/// A reading in RAM is younger than this when the supply goes: the settings say a minute, and one more reading.
const READING_MS: u64 = 66_000;
/// Anything else goes to flash at once, but waits for a quiet moment to erase a page.
const OTHER_MS: u64 = 3_000;

/// Most readings of one start that no record tells of: those before it is known whether the meter goes on.
const WITHHELD: u64 = 6;

/// Energy of a start that a meter without a counter of its own loses at most: what nobody was told.
const LOST_MWH: u64 = 5_000;

/// What it has too much at most: 90 s of the highest power of a household.
const SURPLUS_MWH: u64 = 90 * 10_000_000 / 3_600;

/// Energy that a meter may have counted since it was read last, before its counter is set to zero.
const RESET_MWH: u64 = 5_000;

/// A start of the device that is over.
pub(super) struct Life {
    boot: u32,
    made: u32,
    in_ram: BTreeMap<Id, (bool, u64)>,
    repeated: u32,
}

impl Life {
    /// What its log tells, and how many records of the start before were made once more.
    pub(super) fn new(log: &Log, repeated: u32) -> Self {
        Self {
            boot: log.boot(),
            made: log.made(),
            repeated,
            in_ram: BTreeMap::new(),
        }
    }

    /// A record that was in RAM alone, and how old it was.
    pub(super) fn in_ram(&mut self, id: Id, is_reading: bool, age_ms: u64) {
        self.in_ram.insert(id, (is_reading, age_ms));
    }
}

/// What is known of a meter from what came.
#[derive(Clone, Copy, Debug, Default)]
struct Channel {
    /// The last register.
    import_mwh: u64,
    /// Sum of all intervals, and what it lacks to the register since the first one.
    intervals_mwh: u64,
    base_mwh: Option<u64>,
    /// Register and time of the last reading.
    last: Option<(u64, i64)>,
    /// The last reading and the last event with a time: start, time, and what it said.
    last_seen: [Option<(u32, i64, Kind)>; 2],
    /// What its counter had counted when it was set to zero or became another, less what the other had, all times
    /// together, and how often that was.
    before_wh: i64,
    resets: u64,
    /// What it had counted then since anybody read it.
    unseen_wh: u64,
}

impl Channel {
    /// A record under another name says something else: nothing is made twice.
    fn is_news(&mut self, seed: u64, id: Id, stored: &Stored) {
        let place = match stored.kind {
            Kind::Reading { .. } => 0,
            Kind::Event { .. } => 1,
            // The sum tells.
            Kind::Interval { .. } => return,
        };
        let (Some(utc_ms), Some(last)) = (stored.utc_ms, self.last_seen.get_mut(place)) else {
            return;
        };
        let is_same = |(boot, before_ms, kind): &(u32, i64, Kind)| {
            *boot == id.boot && *before_ms == utc_ms && (place == 0 || *kind == stored.kind)
        };
        assert!(
            !last.as_ref().is_some_and(is_same),
            "seed {seed}: {id:?} is there twice: {stored:?}"
        );
        *last = Some((id.boot, utc_ms, stored.kind));
    }
}

pub(super) struct Ledger {
    seed: u64,
    /// The meters do not count by themselves.
    is_volatile: bool,
    lives: Vec<Life>,
    channels: Vec<Channel>,
    /// Everything before is in order.
    next: Id,
    report: Report,
    /// Intervals that need not come: they are made once more, under another name.
    repeated: u32,
}

impl Ledger {
    pub(super) fn new(seed: u64, channels: usize, is_volatile: bool) -> Self {
        Self {
            seed,
            is_volatile,
            lives: Vec::new(),
            channels: vec![Channel::default(); channels],
            next: Id { boot: 1, seq: 0 },
            report: Report::default(),
            repeated: 0,
        }
    }

    /// A start is over.
    pub(super) fn end(&mut self, life: Life) {
        if life.boot > 0 {
            self.lives.push(life);
        }
    }

    /// Looks through all that was made before now; `present` is the start that goes on.
    pub(super) fn audit(&mut self, server: &Server, present: Life) {
        let mut lives = std::mem::take(&mut self.lives);
        let boot = present.boot;
        lives.push(present);
        // The start that goes on is looked at again.
        self.repeated += lives.iter().map(|life| life.repeated).sum::<u32>();
        server.with_records(|records| {
            for life in &lives {
                let first = if life.boot == self.next.boot {
                    self.next.seq
                } else {
                    0
                };
                assert!(
                    life.boot >= self.next.boot,
                    "seed {}: a number of a start came twice",
                    self.seed
                );
                for seq in first..life.made {
                    let id = Id {
                        boot: life.boot,
                        seq,
                    };
                    match records.get(&id) {
                        Some(stored) => self.enter(id, stored),
                        None => self.miss(id, life),
                    }
                }
                self.next = Id {
                    boot: life.boot,
                    seq: life.made,
                };
            }
            let stray = records.range(self.next..).next();
            assert!(
                stray.is_none(),
                "seed {}: {stray:?} was never made",
                self.seed
            );
        });
        server.forget_before(boot + 1);
    }

    /// A record that did not come.
    fn miss(&mut self, id: Id, life: &Life) {
        let Some((is_reading, age_ms)) = life.in_ram.get(&id).copied() else {
            let left = self.repeated.checked_sub(1);
            self.repeated = left.unwrap_or_else(|| panic!("seed {}: {id:?} is lost", self.seed));
            return;
        };
        if is_reading {
            assert!(
                age_ms <= READING_MS,
                "seed {}: {id:?} was in RAM for {age_ms} ms",
                self.seed
            );
            self.report.lost_readings += 1;
            self.report.oldest_lost_ms = self.report.oldest_lost_ms.max(age_ms);
        } else {
            assert!(
                age_ms <= OTHER_MS,
                "seed {}: {id:?} was in RAM for {age_ms} ms",
                self.seed
            );
            self.report.lost_others += 1;
            self.report.oldest_other_ms = self.report.oldest_other_ms.max(age_ms);
        }
    }

    /// A record that came.
    fn enter(&mut self, id: Id, stored: &Stored) {
        let seed = self.seed;
        let Some(channel) = self.channels.get_mut(usize::from(stored.channel)) else {
            return;
        };
        channel.is_news(seed, id, stored);
        match stored.kind {
            Kind::Reading { import_mwh } => {
                self.report.readings += 1;
                assert!(
                    import_mwh >= channel.import_mwh,
                    "seed {seed}: {id:?} has {import_mwh} mWh after {}",
                    channel.import_mwh
                );
                channel.import_mwh = import_mwh;
                channel.last = stored.utc_ms.map(|utc_ms| (import_mwh, utc_ms));
            }
            Kind::Event { .. } => self.report.events += 1,
            Kind::Interval { import_mwh } => {
                self.report.intervals += 1;
                channel.intervals_mwh += import_mwh;
                // The reading that ended it came right before, at the same time.
                let same = |(_, utc_ms): &(u64, i64)| Some(*utc_ms) == stored.utc_ms;
                if let Some((register_mwh, _)) = channel.last.filter(same) {
                    let base_mwh = register_mwh.checked_sub(channel.intervals_mwh);
                    let base_mwh = base_mwh.unwrap_or_else(|| {
                        panic!("seed {seed}: {id:?} {stored:?}: {register_mwh} in the register, {} in intervals", channel.intervals_mwh)
                    });
                    let first_mwh = *channel.base_mwh.get_or_insert(base_mwh);
                    assert_eq!(
                        base_mwh, first_mwh,
                        "seed {seed}: intervals up to {id:?} do not add up to the register"
                    );
                }
            }
        }
    }

    /// The counter of a meter was set to zero.
    pub(super) fn reset(&mut self, channel: usize, counted_wh: u32, seen_wh: u64) {
        self.replace(channel, counted_wh, 0, seen_wh);
    }

    /// A meter was replaced by another that had counted something.
    pub(super) fn replace(&mut self, channel: usize, counted_wh: u32, new_wh: u32, seen_wh: u64) {
        if let Some(channel) = self.channels.get_mut(channel) {
            channel.before_wh += i64::from(counted_wh) - i64::from(new_wh);
            channel.unseen_wh += u64::from(counted_wh).saturating_sub(seen_wh);
            channel.resets += 1;
        }
    }

    /// Compares the registers with what came, and with what the counters of the meters said last, which began at 0.
    pub(super) fn weigh(&mut self, live: &Live, seen: &Seen) {
        let seed = self.seed;
        let starts = u64::from(self.next.boot);
        let lost_mwh = if self.is_volatile {
            starts * LOST_MWH
        } else {
            0
        };
        let channels = live.channels.borrow();
        self.report.energy_mwh = 0;
        self.report.estimated_mwh = 0;
        let known = self.channels.iter();
        for ((channel, counter_wh), known) in channels.iter().zip(seen.counters).zip(known) {
            let registers = channel.known().expect("registers, once all is well");
            let (import_mwh, estimated_mwh) = (registers.import.mwh(), registers.estimated.mwh());
            self.report.energy_mwh += import_mwh;
            self.report.estimated_mwh += estimated_mwh;
            assert_eq!(
                import_mwh, known.import_mwh,
                "seed {seed}: the register is not the one that came last: {registers:?}"
            );
            let counted_mwh = (known.before_wh + counter_wh.cast_signed()) * 1_000;
            let off_mwh = import_mwh.cast_signed().abs_diff(counted_mwh);
            // What nobody read before a reset is gone; what was read and not stored is estimated.
            let may_be_off_mwh =
                estimated_mwh + known.resets * RESET_MWH + known.unseen_wh * 1_000 + lost_mwh;
            if self.is_volatile {
                let surplus_mwh = import_mwh.cast_signed() - counted_mwh;
                assert!(
                    surplus_mwh <= (starts * SURPLUS_MWH).cast_signed(),
                    "seed {seed}: {import_mwh} mWh where {counted_mwh} were counted: {registers:?}"
                );
            }
            assert!(
                off_mwh <= may_be_off_mwh,
                "seed {seed}: {import_mwh} mWh, of them {estimated_mwh} estimated, where {counted_mwh} were counted: {registers:?}, {known:?}"
            );
        }
        let told = self.report.readings + self.report.lost_readings;
        let most = WITHHELD * starts * self.channels.len() as u64;
        assert!(
            told <= seen.readings && told + most >= seen.readings,
            "seed {seed}: {told} records of {} readings in {starts} starts",
            seen.readings
        );
        self.report.taken = seen.readings;
        self.report.withheld = seen.readings - told;
    }

    pub(super) fn report(&self, report: &mut Report) {
        let books = &self.report;
        report.taken = books.taken;
        report.withheld = books.withheld;
        report.readings = books.readings;
        report.events = books.events;
        report.intervals = books.intervals;
        report.lost_readings = books.lost_readings;
        report.lost_others = books.lost_others;
        report.oldest_lost_ms = books.oldest_lost_ms;
        report.oldest_other_ms = books.oldest_other_ms;
        report.energy_mwh = books.energy_mwh;
        report.estimated_mwh = books.estimated_mwh;
    }
}
