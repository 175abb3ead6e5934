//! What happens to a device.

use meter_sim::pzem::{Fault, Faults};

use super::super::card::CardEnd;
use super::super::parts::TimeMood;
use super::super::server::Mood;
use super::super::world::{HOUR_US, Running, SECOND_US, World};
use super::Fate;

/// Within this every meter that answers has been read, several times.
const LOOK_US: u64 = 30 * SECOND_US;

/// How a phase ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It just does.
    Quiet(u64),
    /// The supply goes at that moment, if not before.
    Dark(u64),
}

impl End {
    pub(super) const fn at_us(self) -> u64 {
        match self {
            Self::Quiet(at_us) | Self::Dark(at_us) => at_us,
        }
    }
}

impl Fate {
    /// The next phase: how everything is, and until when.
    pub(super) fn next_phase(&mut self, world: &World) -> End {
        let now_us = world.time.now_us();
        let length_us = 300_000_000 + self.random.below(2 * HOUR_US);
        self.network(world, now_us);
        self.trouble_on_the_line(world);
        self.clocks(world);
        if self.random.below(60) == 0 {
            self.reset_counter(world);
        }
        world.flash.cut_after(None);
        self.card(world);
        match self.random.below(6) {
            0 => {
                let words = 1 + self.random.below(4_000);
                world.flash.cut_after(Some(words));
                End::Quiet(now_us + length_us)
            }
            1 => End::Dark(now_us + self.random.below(length_us)),
            2 => {
                self.end_block(world, CardEnd::Dark);
                End::Quiet(now_us + length_us)
            }
            _ => End::Quiet(now_us + length_us),
        }
    }

    /// The card is taken out, or put back.
    fn card(&mut self, world: &World) {
        let Some(card) = &world.card else {
            return;
        };
        let kind = self.random.below(24);
        self.faults.cards_out += u64::from(kind < 3);
        card.end_never();
        card.set_out(kind == 0);
        if kind == 1 || kind == 2 {
            self.end_block(world, CardEnd::Out);
        }
    }

    /// Something will happen in the middle of a block of the card, within an hour or so.
    fn end_block(&mut self, world: &World, end: CardEnd) {
        if let Some(card) = &world.card {
            // Entries of folders have 32 bytes.
            let torn = 32 * self.random.below(16) as usize;
            card.end_after(end, self.random.below(800), torn);
        }
    }

    fn network(&mut self, world: &World, now_us: u64) {
        let pick = self.random.below(24) as usize;
        let mood = match pick {
            0..9 => Mood::Good,
            9..12 => Mood::Offline,
            12..16 => Mood::Moody,
            // All but the first two.
            other => Mood::ALL.get(other - 14).copied().unwrap_or(Mood::Good),
        };
        if now_us > self.offline_until_us && self.random.below(150) == 0 {
            // Gone for a day, or half of one where two meters fill the flash.
            let hours = if world.modules.len() == 1 { 24 } else { 12 };
            self.offline_until_us = now_us + hours * HOUR_US;
            self.faults.long_offline += 1;
        }
        let is_long = now_us < self.offline_until_us;
        let mood = if is_long { Mood::Offline } else { mood };
        self.faults.offline += u64::from(mood == Mood::Offline && !is_long);
        world.server.set_mood(mood);
    }

    fn trouble_on_the_line(&mut self, world: &World) {
        be_kind_to_the_line(world);
        let seed = self.random.below(u64::MAX);
        let kind = self.random.below(12);
        self.faults.line += u64::from(kind < 4);
        self.faults.unplugged += u64::from(kind == 4 || kind == 5);
        match kind {
            0 => world.line.set_faults(
                Faults::seeded(seed)
                    .with(Fault::Flip, 2_000)
                    .with(Fault::Drop, 1_000)
                    .with(Fault::Insert, 1_000),
            ),
            1 => world.line.set_faults(
                Faults::seeded(seed)
                    .with(Fault::Silence, 100_000)
                    .with(Fault::Truncate, 50_000)
                    .with(Fault::Late { ms: 260 }, 50_000)
                    .with(Fault::Duplicate, 20_000)
                    .with(Fault::WrongAddress, 20_000),
            ),
            2 => world
                .line
                .set_faults(Faults::seeded(seed).with(Fault::ValidCrcGarbage, 20_000)),
            3 => world
                .line
                .set_faults(Faults::seeded(seed).with(Fault::BrownOut { ms: 20_000 }, 5_000)),
            4 | 5 => {
                let which = self.random.below(world.modules.len() as u64) as usize;
                if let Some(id) = world.modules.get(which) {
                    world.line.ac(*id, |module| module.set_powered(false));
                }
            }
            _ => {}
        }
    }

    /// Somebody sets the counter of a meter to zero, or changes the meter.
    fn reset_counter(&mut self, world: &World) {
        let which = self.random.below(world.modules.len() as u64) as usize;
        let Some(id) = world.modules.get(which).filter(|_| !world.is_volatile) else {
            return;
        };
        let counted_wh = world.line.ac(*id, |module| module.energy_wh());
        let counted_wh = counted_wh.unwrap_or_default();
        // Right before 65 536 it could not be told from a counter that starts over there, and a low one from one that goes
        // on: it may be where it was before anybody reads it.
        if counted_wh > 20_000 && !(60_000..66_000).contains(&counted_wh) {
            world.line.ac(*id, |module| module.set_energy_wh(0));
            let seen_wh = world.seen.borrow().counters.get(which).copied();
            let seen_wh = seen_wh.unwrap_or_default();
            self.ledger.reset(which, counted_wh, seen_wh);
            self.faults.resets += 1;
        }
    }

    /// A meter is replaced by one that has counted elsewhere, while the device looks; whether the supply lasted.
    ///
    /// It has counted so much more or less that nobody can have used that meanwhile. While the device has no supply it
    /// could not be told from a month without one, unless it knows the time right after.
    pub(super) fn replace_meter(&mut self, world: &World, device: &mut Running<'_>) -> bool {
        let which = self.random.below(world.modules.len() as u64) as usize;
        let new_wh = 2_000_000 + 1_000_000 * self.random.below(6) as u32;
        let Some(id) = world.modules.get(which).filter(|_| !world.is_volatile) else {
            return true;
        };
        be_kind_to_the_line(world);
        world.flash.cut_after(None);
        if !device.until_us(world.time.now_us() + LOOK_US) {
            return false;
        }
        let counted_wh = world.line.ac(*id, |module| module.energy_wh());
        let counted_wh = counted_wh.unwrap_or_default();
        if counted_wh.abs_diff(new_wh) > 500_000 {
            world.line.ac(*id, |module| module.set_energy_wh(new_wh));
            let seen_wh = world.seen.borrow().counters.get(which).copied();
            let seen_wh = seen_wh.unwrap_or_default();
            self.ledger.replace(which, counted_wh, new_wh, seen_wh);
            self.faults.replaced += 1;
        }
        device.until_us(world.time.now_us() + LOOK_US)
    }

    fn clocks(&mut self, world: &World) {
        let off_ms = match self.random.below(40) {
            0 => 7_200_000,
            1 => -7_200_000,
            2 => 1_500,
            3 => -40_000_000_000_000,
            _ => self.random.below(200) as i64 - 100,
        };
        let is_up = self.random.below(4) > 0;
        self.faults.clock_servers += u64::from(!is_up);
        self.faults.clock_jumps += u64::from(is_up && off_ms.abs() > 1_000);
        world.time_servers.mood.set(TimeMood { is_up, off_ms });
    }
}

/// The meters answer, and nothing disturbs them.
pub(super) fn be_kind_to_the_line(world: &World) {
    world.line.set_faults(Faults::seeded(0));
    for id in &world.modules {
        world.line.ac(*id, |module| module.set_powered(true));
    }
}
