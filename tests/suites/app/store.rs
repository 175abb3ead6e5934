//! Records through RAM and flash, with the supply going at any moment.

use std::collections::BTreeMap;
use std::pin::pin;

use heapless::Vec as Fixed;
use meter_core::{Reading, Source};
use meter_sim::pzem::AcModule;
use meter_sim::random::Random;
use metering_tests::app::flash::{Counts, Flash, PAGE};
use metering_tests::app::time::{DeviceClock, Time};
use smart_meter::live::{Live, TimeSource, TimeState};
use smart_meter::platform::{Clock, MeterSource, Outbox, SourceError};
use smart_meter::record::{Body, DeviceEvent, EventRecord, Id, Quality, Record, Values};
use smart_meter::sampler::Meters;
use smart_meter::settings::Settings;
use smart_meter::store::{Log, Opened, Outlet, Queues, SharedFlash, SharedStates, States, Use};

/// Guard, states, journal and readings, in pages: little, so that it is full soon.
const PAGES: [u32; 4] = [2, 4, 3, 6];

/// No meters.
struct Nothing;

impl MeterSource for Nothing {
    fn channels(&self) -> u8 {
        0
    }

    fn describe(&self, _: u8) -> Source {
        unreachable!("there is none")
    }

    async fn read(&mut self, _: u8) -> Result<Reading, SourceError> {
        unreachable!("there is none")
    }
}

/// What a device does with its store between two power cuts.
struct Device<'a> {
    clock: DeviceClock,
    live: &'a Live,
    log: &'a Log,
    outlet: Outlet<'a>,
}

impl Device<'_> {
    fn add(&self, import_mwh: u64) -> Id {
        let at_ms = self.clock.now_ms();
        let values = Values {
            voltage_mv: Some(230_000 + (import_mwh % 97) as u32 * 100),
            power_mw: Some((import_mwh % 1_000) as i32 * 100),
            import_mwh,
            ..Values::default()
        };
        self.log
            .add(self.live, 0, at_ms, Quality::GOOD, Body::Reading(values))
    }

    fn learn_time(&self) {
        let time = TimeState {
            offset_ms: Some(1_800_000_000_000 - self.clock.now_ms() as i64),
            source: TimeSource::Server,
        };
        self.live.time.set(time);
        self.log.learn(time);
    }

    fn event(&self, value: i64) -> Id {
        let at_ms = self.clock.now_ms();
        let event = EventRecord::device(DeviceEvent::SettingsChanged, true, value);
        self.log
            .add(self.live, 0, at_ms, Quality::GOOD, Body::Event(event))
    }
}

struct World {
    time: Time,
    flash: Flash,
    pages: [u32; 4],
    settings: Settings,
}

impl World {
    fn new(seed: u64) -> Self {
        Self::with_pages(seed, PAGES)
    }

    fn with_pages(seed: u64, pages: [u32; 4]) -> Self {
        let time = Time::new();
        let flash = Flash::new(pages.iter().sum::<u32>() as usize, seed, &time);
        Self {
            time,
            flash,
            pages,
            settings: Settings::default(),
        }
    }

    /// Starts the device and lets it do something until that is done or the supply goes. Gives what it gave.
    fn run<T>(&self, what: impl AsyncFnOnce(&Device<'_>) -> T) -> Option<T> {
        let live = Live::new(self.settings.clone());
        let log = Log::new();
        let clock = DeviceClock::new(&self.time);
        let device = async {
            let shared = SharedFlash::open(self.flash.clone(), clock.clone(), 0).await;
            let shared = shared.expect("two pages");
            let mut at = self.pages[0] * PAGE as u32;
            let mut region = |purpose, pages: u32| {
                let start = at;
                at += pages * PAGE as u32;
                shared.region(purpose, start, at).expect("whole pages")
            };
            let states = States::new(region(Use::States, self.pages[1])).expect("enough pages");
            let states = SharedStates::new(states);
            let queues = Queues {
                journal: region(Use::Journal, self.pages[2]),
                readings: region(Use::Readings, self.pages[3]),
            };
            let opened = Opened::open(&shared, queues, &states, &log, 7).await;
            let mut opened = opened.expect("a layout that fits");
            assert!(!opened.is_damaged, "a power cut damages nothing");
            let meters = Meters::new(&self.settings, &Nothing, &opened.meters);
            let device = Device {
                clock: clock.clone(),
                live: &live,
                log: &log,
                outlet: Outlet(&log),
            };
            let keeping = opened.keeper.run(&clock, &live, &log, &meters);
            match embassy_futures::select::select(keeping, what(&device)).await {
                embassy_futures::select::Either::Second(value) => value,
                embassy_futures::select::Either::First(never) => never,
            }
        };
        let mut device = pin!(device);
        self.time
            .run(device.as_mut(), self.time.now_us() + 100_000_000_000)
    }

    /// Sends everything that waits to a server that takes it all.
    fn drain(&self, server: &mut Server) {
        self.run(async |device| {
            device.clock.sleep_ms(1).await;
            while device.outlet.depth() > 0 {
                server.take(device, usize::MAX).await;
            }
        })
        .expect("no power cut here");
    }
}

/// Knows records by name.
#[derive(Default)]
struct Server {
    records: BTreeMap<Id, Record>,
    again: u32,
}

impl Server {
    /// Takes up to so many of the next records; gives how many.
    async fn take(&mut self, device: &Device<'_>, most: usize) -> usize {
        let mut outlet = device.outlet;
        let mut records: Fixed<Record, 16> = Fixed::new();
        outlet.peek(&mut records).await;
        let count = records.len().min(most);
        assert!(
            records.windows(2).all(|pair| pair[0].id < pair[1].id),
            "in order"
        );
        for record in records.iter().take(count) {
            if self.records.insert(record.id, *record).is_some() {
                self.again += 1;
            }
        }
        // The answer takes a while, in which the keeper may move what was sent.
        device.clock.sleep_ms(50).await;
        outlet.forget(count).await;
        count
    }

    fn sequence(&self, boot: u32) -> Vec<u32> {
        let of_boot = self.records.keys().filter(|id| id.boot == boot);
        of_boot.map(|id| id.seq).collect()
    }
}

#[test]
fn an_uplink_that_keeps_up_leaves_readings_out_of_flash() {
    let world = World::new(1);
    let mut server = Server::default();
    world.run(async |device| {
        device.learn_time();
        device.clock.sleep_ms(1).await;
        let written = world.flash.counts().bytes_written;
        for round in 0..720 {
            device.add(round * 7);
            server.take(device, usize::MAX).await;
            device.clock.sleep_ms(4_950).await;
        }
        assert_eq!(world.flash.counts().bytes_written, written);
    });
    assert_eq!(server.sequence(1), (0..720).collect::<Vec<_>>());
    assert_eq!(server.again, 0);
}

#[test]
fn what_waits_longer_than_allowed_survives_a_power_cut() {
    let world = World::new(2);
    let mut server = Server::default();
    world.run(async |device| {
        device.learn_time();
        for round in 0..100 {
            device.add(round);
            device.clock.sleep_ms(5_000).await;
        }
    });
    world.drain(&mut server);
    // The last minute is what the default settings give away: up to twelve readings, and the one that was due to go.
    let kept = server.sequence(1);
    assert_eq!(kept, (0..kept.len() as u32).collect::<Vec<_>>());
    assert!((87..100).contains(&kept.len()), "{}", kept.len());
}

#[test]
fn an_event_is_in_flash_at_once() {
    let world = World::new(3);
    let mut server = Server::default();
    world.run(async |device| {
        device.add(1);
        device.event(42);
        device.clock.sleep_ms(10).await;
    });
    world.drain(&mut server);
    assert_eq!(server.sequence(1), [1]);
    let record = server.records.values().next().expect("the event");
    assert!(matches!(record.body, Body::Event(event) if event.value == 42));
}

#[test]
fn forgetting_stays_right_while_records_move_to_flash() {
    let world = World::new(4);
    let mut server = Server::default();
    world.run(async |device| {
        device.learn_time();
        for round in 0..40 {
            device.add(round);
        }
        let mut records: Fixed<Record, 16> = Fixed::new();
        let mut outlet = device.outlet;
        outlet.peek(&mut records).await;
        assert_eq!(records.len(), 16);
        // All of it goes to flash before the server answers.
        device.log.settle().await;
        assert_eq!(device.log.depths(), (0, 40));
        outlet.forget(10).await;
        assert_eq!(device.outlet.depth(), 30);
        outlet.peek(&mut records).await;
        assert_eq!(records[0].id.seq, 10);
        while server.take(device, 7).await > 0 {}
        assert_eq!(device.outlet.depth(), 0);
    });
    assert_eq!(server.sequence(1), (10..40).collect::<Vec<_>>());
    assert_eq!(server.again, 0);
    // Nothing is left for the next start.
    world.drain(&mut server);
    assert_eq!(server.again, 0);
}

#[test]
fn a_full_store_gives_up_the_oldest_readings_and_says_how_many() {
    let world = World::new(5);
    let mut server = Server::default();
    let added = 6_000;
    let dropped = world.run(async |device| {
        device.learn_time();
        for round in 0..added {
            device.add(round * 1_000);
            if round == 10 {
                device.event(1);
            }
            device.clock.sleep_ms(5_000).await;
        }
        device.log.settle().await;
        device.log.state().dropped
    });
    let dropped = dropped.expect("no power cut");
    assert!(dropped > 1_000, "{dropped}");
    world.drain(&mut server);
    let events = |record: &&Record| matches!(record.body, Body::Event(_));
    let of_first = |record: &&Record| record.id.boot == 1;
    let readings = server
        .records
        .values()
        .filter(of_first)
        .filter(|record| !events(record));
    let readings: Vec<u32> = readings.map(|record| record.id.seq).collect();
    // The youngest are all there, without a hole.
    assert_eq!(readings.len() as u64 + u64::from(dropped), added);
    let told: i64 = server
        .records
        .values()
        .filter_map(|record| match record.body {
            Body::Event(event) if event.code == DeviceEvent::RecordsDropped as u8 => {
                Some(event.value)
            }
            _ => None,
        })
        .sum();
    // Within the last hour before the end some may not have been told of.
    assert!(told > 0 && told <= dropped.into(), "{told} of {dropped}");
    assert!(
        i64::from(dropped) - told <= 720 + 300,
        "{told} of {dropped}"
    );
    let event = server.records.values().find(|record| matches!(record.body, Body::Event(event) if event.code == DeviceEvent::SettingsChanged as u8));
    assert!(event.is_some(), "events stay");
}

/// A reading of a simulated household.
fn household(module: &mut AcModule, at_ms: u64) -> Values {
    let registers = module.registers(at_ms * 1_000).map(u32::from);
    let [
        voltage_dv,
        i0,
        i1,
        p0,
        p1,
        e0,
        e1,
        frequency_dhz,
        percent,
        _,
    ] = registers;
    Values {
        voltage_mv: Some(voltage_dv * 100),
        current_ma: Some(i0 | i1 << 16),
        power_mw: Some(((p0 | p1 << 16) * 100) as i32),
        frequency_mhz: Some(frequency_dhz * 100),
        power_factor_milli: Some((percent * 10) as i16),
        import_mwh: u64::from(e0 | e1 << 16) * 1_000,
        ..Values::default()
    }
}

#[test]
fn a_day_offline_fits_into_448_kib() {
    let world = World::with_pages(6, [2, 16, 16, 112]);
    let mut server = Server::default();
    let mut module = AcModule::new(1).with_household(3);
    let used = world.run(async |device| {
        device.learn_time();
        device.clock.sleep_ms(10).await;
        let before = world.flash.counts().bytes_written;
        for round in 0..17_280_u64 {
            device.clock.sleep_until(100 + round * 5_000).await;
            let at_ms = device.clock.now_ms();
            let values = household(&mut module, at_ms);
            device
                .log
                .add(device.live, 0, at_ms, Quality::GOOD, Body::Reading(values));
        }
        device.log.settle().await;
        assert_eq!(device.log.state().dropped, 0);
        world.flash.counts().bytes_written - before
    });
    let used = used.expect("no power cut");
    println!(
        "a day of readings every five seconds takes {used} bytes of flash, {:.1} each",
        used as f64 / 17_280.0
    );
    world.drain(&mut server);
    assert_eq!(server.sequence(1).len(), 17_280);
}

/// What was added in a start, with its time, and whether it is an event.
type Added = Vec<(Id, u64, bool)>;

/// Whether all that was added in a start has come, but what a power cut may take: readings of the last minute, events of
/// right now, and readings when the store was full.
fn check(added: &Added, server: &Server, is_full: bool, seed: u64) {
    let last_ms = added.last().map_or(0, |(_, at_ms, _)| *at_ms);
    for (id, at_ms, is_event) in added {
        let age_ms = last_ms.saturating_sub(*at_ms);
        let may_miss = if *is_event {
            age_ms < 500
        } else {
            age_ms < 75_000 || is_full
        };
        assert!(
            may_miss || server.records.contains_key(id),
            "seed {seed}: {id:?} of {age_ms} ms before the end is lost, event: {is_event}"
        );
    }
}

/// Records of the size that [`torture`] makes which surely fit into its flash.
const NEARLY_FULL: u32 = 700;

/// Random work with power cuts anywhere: in the middle of writes, of erases, and between them.
fn torture(seed: u64, rounds: u32) -> Counts {
    let world = World::new(seed);
    let mut random = Random::new(seed ^ 0x5EED);
    let mut server = Server::default();
    let mut starts: Vec<Added> = Vec::new();
    let mut is_full = false;
    let mut boots = 0;
    for round in 0..rounds {
        let limit = match random.below(4) {
            0 => None,
            1 => Some(random.below(60)),
            2 => Some(random.below(1_200)),
            _ => Some(random.below(6_000)),
        };
        world.flash.cut_after(limit);
        let is_online = random.below(3) > 0;
        let mut added = Added::new();
        let steps = random.below(900);
        world.run(async |device| {
            assert!(device.log.boot() > boots, "a name is given once");
            boots = device.log.boot();
            if random.below(2) == 0 {
                device.learn_time();
            }
            for _ in 0..steps {
                let now_ms = device.clock.now_ms();
                match random.below(12) {
                    0 => added.push((device.event(i64::from(round)), now_ms, true)),
                    1 if random.below(6) == 0 => device.log.settle().await,
                    // Values that jump take more room.
                    _ => added.push((device.add(random.below(1 << 40)), now_ms, false)),
                }
                if is_online && random.below(3) == 0 {
                    server.take(device, 1 + random.below(16) as usize).await;
                }
                device.clock.sleep_ms(random.below(9_000)).await;
                // Near its end the power can go between a drop and a look at the counter.
                is_full |= device.log.state().dropped > 0 || device.log.depths().1 > NEARLY_FULL;
            }
        });
        world.flash.cut_after(None);
        starts.push(added);
        if random.below(4) == 0 || round + 1 == rounds {
            world.drain(&mut server);
            boots += 1;
            for added in starts.drain(..) {
                check(&added, &server, is_full, seed);
            }
            is_full = false;
        }
    }
    world.flash.counts()
}

#[test]
fn nothing_older_than_allowed_is_lost_to_power_cuts_anywhere() {
    let seeds = std::env::var("SEEDS").map_or(40, |text| text.parse().expect("a number"));
    let (mut cuts, mut in_erases) = (0, 0);
    for seed in 0..seeds {
        let counts = torture(seed, 25);
        cuts += counts.cuts;
        in_erases += counts.erase_cuts;
    }
    println!("{cuts} power cuts in writes and erases, {in_erases} of them in erases");
    assert!(
        cuts >= 8 * seeds && in_erases >= seeds,
        "{cuts}, {in_erases}"
    );
}
