//! A device with all that is around it: meters on a line, flash, server, time servers.

use std::cell::{Cell, RefCell};
use std::future::pending;
use std::pin::pin;
use std::rc::Rc;

use embassy_futures::join::join;
use meter_sim::pzem::{AcModule, Line, ModuleId};
use meter_sim::random::Random;
use pzem::asynch::Pzem;
use smart_meter::app::{self, Parts};
use smart_meter::archive;
use smart_meter::live::Live;
use smart_meter::platform::Machine;
use smart_meter::sampler::Meters;
use smart_meter::settings::{DaylightSaving, Settings, Uplink, Zone};
use smart_meter::source::PzemLine;
use smart_meter::store::{Enrolled, Log, Opened, Outlet, Plan, SharedFlash, SharedStates, States};
use smart_meter::uplink;

use super::card::{self, CardSlot, Room};
use super::flash::Flash;
use super::parts::{Battery, Dog, Housing, Seen, Servers, TimeMood, Watched};
use super::server::Server;
use super::time::{DeviceClock, Time};
use super::uart::{TimedDelay, TimedUart};

/// Pages of the partition, as in the partition tables of the firmware.
pub const PAGES: u32 = 208;
/// A virtual second, minute, hour in microseconds.
pub const SECOND_US: u64 = 1_000_000;
/// A virtual hour in microseconds.
pub const HOUR_US: u64 = 3_600 * SECOND_US;

/// What goes on when the device has no supply.
pub struct World {
    /// Its time.
    pub time: Time,
    /// The line of the meters.
    pub line: Line,
    /// The meters on it.
    pub modules: Vec<ModuleId>,
    /// Its meters do not count by themselves.
    pub is_volatile: bool,
    /// The flash of the device.
    pub flash: Flash,
    /// Its slot for a card, if it has one.
    pub card: Option<CardSlot>,
    /// Where records go.
    pub server: Server,
    /// Time servers.
    pub time_servers: Servers,
    /// The clock with a battery.
    pub battery: Battery,
    /// The watchdog.
    pub dog: Dog,
    /// What was seen of the reading of meters.
    pub seen: Rc<RefCell<Seen>>,
    /// The settings of the device.
    pub settings: Settings,
    plan: Plan,
}

/// A device that runs.
pub struct Running<'a> {
    /// Its present.
    pub live: &'a Live,
    /// Its records.
    pub log: &'a Log,
    /// Its clock.
    pub clock: &'a DeviceClock,
    /// What waits for its card.
    pub room: &'a Room,
    run: &'a mut dyn FnMut(u64) -> bool,
}

impl Running<'_> {
    /// Lets it run until a moment; `false` when the supply went before.
    pub fn until_us(&mut self, at_us: u64) -> bool {
        (self.run)(at_us)
    }
}

impl World {
    /// Meters with these addresses, each behind a household; all is well.
    #[must_use]
    #[allow(clippy::expect_used, reason = "a test that can not begin has to fail")]
    pub fn new(seed: u64, addresses: &[u8]) -> Self {
        let time = Time::new();
        let line = Line::new();
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
            server: Server::new(seed, &time),
            flash: Flash::new(PAGES as usize, seed, &time),
            card: None,
            is_volatile: false,
            time_servers: Servers {
                mood: Rc::new(Cell::new(TimeMood::GOOD)),
                time: time.clone(),
            },
            battery: Battery {
                off_s: Rc::new(Cell::new(None)),
                time: time.clone(),
            },
            dog: Dog::new(&time),
            seen: Rc::default(),
            line,
            modules,
            settings,
            plan: Plan::of(PAGES).expect("enough pages"),
            time,
        }
    }

    /// How the partition is divided.
    #[must_use]
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Gives the device supply; `direct` decides what happens, and the supply goes when it is done.
    #[allow(clippy::expect_used, reason = "a test that can not go on has to fail")]
    pub fn power<T>(&self, seed: u64, direct: impl FnOnce(&mut Running<'_>) -> T) -> T {
        let live = Live::new(self.settings.clone());
        let log = Log::new();
        let clock = DeviceClock::new(&self.time);
        let housing = Housing(Rc::new(RefCell::new(Random::new(seed))));
        let room = Rc::new(Room::new());
        live.witness
            .set(self.card.is_some().then(|| card::offer_to(&room)));
        self.seen.borrow_mut().first_ms = None;
        self.dog.start();
        let device = async {
            let shared = SharedFlash::open(self.flash.clone(), clock.clone(), 0).await;
            let shared = shared.expect("two pages");
            let layout = self.plan.regions(&shared, 0).expect("whole pages");
            let states = SharedStates::new(States::new(layout.states).expect("enough pages"));
            let opened = Opened::open(&shared, layout.queues, &states, &log, 1).await;
            let opened = opened.expect("a layout that fits");
            assert!(!opened.is_damaged, "a power cut damages nothing");
            let pzem = Pzem::new(
                TimedUart::new(&self.line, &self.time),
                TimedDelay(self.time.clone()),
            );
            let source = Watched {
                source: PzemLine::new(pzem, &self.settings.addresses),
                clock: clock.clone(),
                interval_ms: self.settings.interval_ms.into(),
                seen: self.seen.clone(),
                volatile: self.is_volatile.then_some([None; 4]),
            };
            let meters = Meters::new(&self.settings, &source, &opened.meters);
            let mut random = housing.clone();
            let sending = uplink::run(
                uplink::Parts {
                    network: self.server.network(),
                    outbox: Outlet(&log),
                    enrolment: Enrolled(&states),
                    random: || random.random(),
                    mac: housing.mac(),
                },
                &clock,
                &live,
            );
            let parts = Parts {
                clock: &clock,
                source,
                time_server: self.time_servers.clone(),
                rtc: self.battery.clone(),
                watchdog: self.dog.clone(),
                machine: housing.clone(),
                flash: &shared,
                keeper: opened.keeper,
                is_damaged: opened.is_damaged,
                meters: &meters,
                log: &log,
                live: &live,
            };
            let archiving = async {
                match &self.card {
                    Some(card) => archive::run(card.clone(), &room, &clock, &live).await,
                    None => pending().await,
                }
            };
            app::run(parts, join(sending, archiving)).await
        };
        let mut device = pin!(device);
        let mut run = |at_us| {
            let _ = self.time.run(device.as_mut(), at_us);
            !self.time.is_dark()
        };
        let result = direct(&mut Running {
            live: &live,
            log: &log,
            clock: &clock,
            room: &room,
            run: &mut run,
        });
        self.dog.stop();
        result
    }
}
