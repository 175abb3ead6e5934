//! Thousands of hours of a device among faults, and what must be true afterwards.

mod device;
mod faults;
mod ledger;

use std::fmt;

use meter_sim::random::Random;

use super::flash::Counts;
use super::parts::TimeMood;
use super::server::Mood;
use super::world::{HOUR_US, SECOND_US, World};
use ledger::Ledger;

/// What a campaign was like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Virtual hours.
    pub hours: u64,
    /// Starts of the device.
    pub starts: u64,
    /// Times the supply went in the middle of a write, an erase included.
    pub cuts_in_writes: u64,
    /// Of these, in the middle of an erase.
    pub cuts_in_erases: u64,
    /// Records at the server.
    pub readings: u64,
    /// Records at the server.
    pub events: u64,
    /// Records at the server.
    pub intervals: u64,
    /// Readings that were in RAM when the supply went, and had not been sent.
    pub lost_readings: u64,
    /// Other records of which the same is true.
    pub lost_others: u64,
    /// The oldest of the lost readings was that old, in milliseconds.
    pub oldest_lost_ms: u64,
    /// Records that came to the server once more.
    pub again: u64,
    /// Requests to the server.
    pub requests: u64,
    /// Readings of the meter that failed.
    pub failed_polls: u64,
    /// Times at which the meter was to be read and was not.
    pub missed_slots: u64,
    /// The most a reading began late, in milliseconds.
    pub latest_ms: u64,
    /// The longest time the watchdog was not fed, in milliseconds.
    pub longest_unfed_ms: u64,
    /// Pages erased.
    pub erases: u64,
    /// Energy of all registers in milliwatt-hours, and what of it was estimated.
    pub energy_mwh: u64,
    /// Estimated energy.
    pub estimated_mwh: u64,
    /// Times the registers saw a counter set to zero.
    pub resets: u64,
}

impl Report {
    /// Both.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self {
            hours: self.hours + other.hours,
            starts: self.starts + other.starts,
            cuts_in_writes: self.cuts_in_writes + other.cuts_in_writes,
            cuts_in_erases: self.cuts_in_erases + other.cuts_in_erases,
            readings: self.readings + other.readings,
            events: self.events + other.events,
            intervals: self.intervals + other.intervals,
            lost_readings: self.lost_readings + other.lost_readings,
            lost_others: self.lost_others + other.lost_others,
            oldest_lost_ms: self.oldest_lost_ms.max(other.oldest_lost_ms),
            again: self.again + other.again,
            requests: self.requests + other.requests,
            failed_polls: self.failed_polls + other.failed_polls,
            missed_slots: self.missed_slots + other.missed_slots,
            latest_ms: self.latest_ms.max(other.latest_ms),
            longest_unfed_ms: self.longest_unfed_ms.max(other.longest_unfed_ms),
            erases: self.erases + other.erases,
            energy_mwh: self.energy_mwh + other.energy_mwh,
            estimated_mwh: self.estimated_mwh + other.estimated_mwh,
            resets: self.resets + other.resets,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kwh = |mwh: u64| mwh as f64 / 1_000_000.0;
        writeln!(
            f,
            "{} virtual hours, {} starts of the device",
            self.hours, self.starts
        )?;
        writeln!(
            f,
            "power went in the middle of {} writes, {} of them erases; {} pages erased",
            self.cuts_in_writes, self.cuts_in_erases, self.erases
        )?;
        writeln!(
            f,
            "{} readings of meters failed, {} were left out, the latest began {} ms late",
            self.failed_polls, self.missed_slots, self.latest_ms
        )?;
        writeln!(
            f,
            "{} requests; arrived: {} readings, {} events, {} intervals; {} came once more",
            self.requests, self.readings, self.events, self.intervals, self.again
        )?;
        writeln!(
            f,
            "lost with the power, as the settings allow: {} readings up to {:.1} s old, {} others",
            self.lost_readings,
            self.oldest_lost_ms as f64 / 1_000.0,
            self.lost_others
        )?;
        writeln!(
            f,
            "{:.3} kWh in the registers, {:.3} kWh of it estimated; {} counters were set to zero",
            kwh(self.energy_mwh),
            kwh(self.estimated_mwh),
            self.resets
        )?;
        write!(
            f,
            "the watchdog was fed every {:.1} s at least",
            self.longest_unfed_ms as f64 / 1_000.0
        )
    }
}

/// A device, its world, and what happens to them. The same seed gives the same fate.
pub struct Campaign {
    world: World,
    fate: Fate,
}

struct Fate {
    seed: u64,
    random: Random,
    ledger: Ledger,
    report: Report,
    /// Phases until the next look at the books.
    phases_left: u32,
    /// Until when there is no network, whatever else happens.
    offline_until_us: u64,
}

impl Campaign {
    /// A device with one meter, with every second seed two.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let addresses: &[u8] = if seed.is_multiple_of(2) {
            &[1]
        } else {
            &[1, 2]
        };
        Self {
            world: World::new(seed, addresses),
            fate: Fate {
                seed,
                random: Random::new(seed ^ 0xCA3A),
                ledger: Ledger::new(seed, addresses.len()),
                report: Report::default(),
                phases_left: 8,
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
        let mut report = Report {
            hours,
            cuts_in_writes: counts.cuts,
            cuts_in_erases: counts.erase_cuts,
            erases: counts.erases,
            again: world.server.again(),
            requests: world.server.requests(),
            longest_unfed_ms: world.dog.longest_us() / 1_000,
            latest_ms: world.seen.borrow().latest_ms,
            ..fate.report
        };
        fate.ledger.report(&mut report);
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
        if self.random.below(4) == 0 {
            world.battery.off_s.set(None);
        }
    }

    /// Everything is well.
    fn calm(&mut self, world: &World) {
        world.server.set_mood(Mood::Good);
        self.offline_until_us = 0;
        faults::be_kind_to_the_line(world);
        world.flash.cut_after(None);
        world.time_servers.mood.set(TimeMood::GOOD);
    }
}
