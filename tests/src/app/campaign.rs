//! Thousands of hours of a device among faults, and what must be true afterwards.

mod device;
mod faults;
mod ledger;

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;

use meter_sim::pzem::{AcModule, Line, ModuleId};
use meter_sim::random::Random;
use smart_meter::settings::{DaylightSaving, Settings, Uplink, Zone};
use smart_meter::store::Plan;

use super::flash::{Counts, Flash};
use super::parts::{Battery, Dog, Seen, Servers, TimeMood};
use super::server::{Mood, Server};
use super::time::Time;
use ledger::Ledger;

/// Pages of the partition, as in the partition tables of the firmware.
const PAGES: u32 = 208;
const HOUR_US: u64 = 3_600_000_000;

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
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wh = |mwh: u64| mwh as f64 / 1_000_000.0;
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
            "{:.3} kWh in the registers, {:.3} kWh of it estimated",
            wh(self.energy_mwh),
            wh(self.estimated_mwh)
        )?;
        write!(
            f,
            "the watchdog was fed every {:.1} s at least",
            self.longest_unfed_ms as f64 / 1_000.0
        )
    }
}

/// A device and its world. The same seed gives the same fate.
pub struct Campaign {
    seed: u64,
    random: Random,
    time: Time,
    line: Line,
    modules: Vec<ModuleId>,
    flash: Flash,
    server: Server,
    time_servers: Servers,
    battery: Battery,
    dog: Dog,
    seen: Rc<RefCell<Seen>>,
    settings: Settings,
    plan: Plan,
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
    #[allow(clippy::expect_used, reason = "a test that can not begin has to fail")]
    pub fn new(seed: u64) -> Self {
        let time = Time::new();
        let line = Line::new();
        let addresses: &[u8] = if seed.is_multiple_of(2) {
            &[1]
        } else {
            &[1, 2]
        };
        let modules = addresses
            .iter()
            .map(|address| {
                let module = AcModule::new(*address).with_power_up_garbage(true);
                line.attach(module.with_household(seed * 16 + u64::from(*address)))
            })
            .collect();
        let mut settings = Settings {
            uplink: Uplink::Http,
            http_base: "http://server/api".try_into().expect("a short name"),
            allow_plain: true,
            zone: Zone {
                offset_min: 60,
                daylight_saving: DaylightSaving::Europe,
            },
            ..Settings::default()
        };
        settings.addresses.extend(addresses.iter().copied());
        Self {
            seed,
            random: Random::new(seed ^ 0xCA3A),
            server: Server::new(seed, &time),
            flash: Flash::new(PAGES as usize, seed, &time),
            time_servers: Servers {
                mood: Rc::new(Cell::new(TimeMood {
                    is_up: true,
                    off_ms: 0,
                })),
                time: time.clone(),
            },
            battery: Battery {
                off_s: Rc::new(Cell::new(None)),
                time: time.clone(),
            },
            dog: Dog::new(&time),
            seen: Rc::default(),
            ledger: Ledger::new(seed, addresses.len()),
            line,
            modules,
            settings,
            plan: Plan::of(PAGES).expect("enough pages"),
            report: Report::default(),
            phases_left: 8,
            offline_until_us: 0,
            time,
        }
    }

    /// Lets so many hours go by, with whatever happens in them.
    ///
    /// # Panics
    /// With what is not as it must be.
    pub fn run(mut self, hours: u64) -> Report {
        let end_us = hours * HOUR_US;
        while self.time.now_us() < end_us {
            self.life(end_us);
            self.rest();
        }
        self.report.hours = hours;
        let counts: Counts = self.flash.counts();
        self.report.cuts_in_writes = counts.cuts;
        self.report.cuts_in_erases = counts.erase_cuts;
        self.report.erases = counts.erases;
        self.report.again = self.server.again();
        self.report.requests = self.server.requests();
        self.report.longest_unfed_ms = self.dog.longest_us() / 1_000;
        self.report.latest_ms = self.seen.borrow().latest_ms;
        self.ledger.report(&mut self.report);
        assert!(
            self.server.complaints().is_empty(),
            "seed {}: {:?}",
            self.seed,
            self.server.complaints()
        );
        self.report
    }

    /// Without supply for a while; the clock with a battery may lose it, too.
    fn rest(&mut self) {
        let off_us = match self.random.below(3) {
            0 => 50_000 + self.random.below(5_000_000),
            1 => self.random.below(600) * 1_000_000,
            _ => self.random.below(5_000) * 1_000_000,
        };
        self.time.stall_us(off_us);
        if self.random.below(4) == 0 {
            self.battery.off_s.set(None);
        }
    }

    /// Everything is well: records arrive, and the books can be looked at.
    fn calm(&mut self) {
        self.server.set_mood(Mood::Good);
        self.offline_until_us = 0;
        self.be_kind_to_the_line();
        self.flash.cut_after(None);
        self.time_servers.mood.set(TimeMood {
            is_up: true,
            off_ms: 0,
        });
    }
}
