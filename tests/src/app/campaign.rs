//! Thousands of hours of a device among faults, and what must be true afterwards.

mod archive;
mod device;
mod faults;
mod ledger;
mod report;

use meter_sim::random::Random;

use super::card::CardSlot;
use super::flash::Counts;
use super::parts::TimeMood;
use super::server::Mood;
use super::world::{HOUR_US, SECOND_US, World};
use archive::Archive;
use ledger::Ledger;
pub use report::{Faults, Report};
use smart_meter::settings::Uplink;

/// A device, its world, and what happens to them. The same seed gives the same fate.
pub struct Campaign {
    world: World,
    fate: Fate,
}

struct Fate {
    seed: u64,
    random: Random,
    ledger: Ledger,
    archive: Archive,
    report: Report,
    faults: Faults,
    /// Phases until the next look at the books.
    phases_left: u32,
    /// Until when there is no network, whatever else happens.
    offline_until_us: u64,
}

impl Campaign {
    /// A device with one meter, with every second seed two; every third sends over MQTT, the others over HTTP. The meters of
    /// every fifth do not count by themselves.
    #[must_use]
    #[allow(clippy::expect_used, reason = "a test that can not begin has to fail")]
    pub fn new(seed: u64) -> Self {
        let addresses: &[u8] = if seed.is_multiple_of(2) {
            &[1]
        } else {
            &[1, 2]
        };
        let mut world = World::new(seed, addresses);
        world.is_volatile = seed % 5 == 4;
        world.card = Some(CardSlot::new(&world.time));
        if seed % 3 == 2 {
            world.settings.uplink = Uplink::Mqtt;
            world.settings.mqtt_broker = "mqtt://server".try_into().expect("a short name");
        }
        Self {
            world,
            fate: Fate {
                seed,
                random: Random::new(seed ^ 0xCA3A),
                ledger: Ledger::new(seed, addresses.len(), seed % 5 == 4),
                archive: Archive::default(),
                report: Report::default(),
                faults: Faults::default(),
                // All is well at first: counters begin at 0, and somebody sees that.
                phases_left: 0,
                offline_until_us: 0,
            },
        }
    }

    /// Lets so many hours go by, with whatever happens in them.
    ///
    /// # Panics
    /// With what is not as it must be.
    pub fn run(mut self, hours: u64) -> Report {
        let end_us = hours * HOUR_US;
        while self.world.time.now_us() < end_us {
            self.life(end_us);
            self.fate.rest(&self.world);
        }
        let Self { world, fate } = self;
        let complaints = world.server.complaints();
        assert!(complaints.is_empty(), "seed {}: {complaints:?}", fate.seed);
        let counts: Counts = world.flash.counts();
        let is_mqtt = world.settings.uplink == Uplink::Mqtt;
        let mut report = Report {
            hours,
            mqtt_hours: if is_mqtt { hours } else { 0 },
            volatile_hours: if world.is_volatile { hours } else { 0 },
            cuts_in_writes: counts.cuts,
            cuts_in_erases: counts.erase_cuts,
            cuts_in_card: world.card.as_ref().map_or(0, CardSlot::cuts),
            erases: counts.erases,
            again: world.server.again(),
            requests: world.server.requests(),
            longest_unfed_ms: world.dog.longest_us() / 1_000,
            latest_ms: world.seen.borrow().latest_ms,
            faults: fate.faults.with_deeds(&world.server.deeds()),
            ..fate.report
        };
        fate.ledger.report(&mut report);
        report.check(fate.seed);
        report
    }
}

impl Fate {
    /// Without supply for a while; the clock with a battery may lose it, too.
    fn rest(&mut self, world: &World) {
        let off_us = match self.random.below(3) {
            0 => 50_000 + self.random.below(5_000_000),
            1 => self.random.below(600) * SECOND_US,
            _ => self.random.below(5_000) * SECOND_US,
        };
        world.time.stall_us(off_us);
        if let Some(card) = &world.card {
            card.power_up();
        }
        if self.random.below(4) == 0 {
            world.battery.off_s.set(None);
            self.faults.clock_batteries += 1;
        }
    }

    /// Everything is well.
    fn calm(&mut self, world: &World) {
        world.server.set_mood(Mood::Good);
        self.offline_until_us = 0;
        faults::be_kind_to_the_line(world);
        world.flash.cut_after(None);
        if let Some(card) = &world.card {
            card.end_never();
            card.set_out(false);
        }
        world.time_servers.mood.set(TimeMood::GOOD);
    }
}
