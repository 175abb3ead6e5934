//! The life of a device: updates that are good, that crash, that never come online, and power that goes at any time.

use embassy_futures::block_on;
use embassy_futures::select::select;
use smart_meter::live::{Channel, Live, NetworkState, Task};
use smart_meter::ota::guard::{self, STARTS};
use smart_meter::ota::proof::{Proof, Seen, Verdict};
use smart_meter::ota::{self, Chip, Expects, Refusal, Slot, Start, UpdateError, Version};
use smart_meter::record::{DeviceEvent, Values};
use smart_meter::settings::Settings;

use crate::clock::StepClock;
use crate::device::{Device, body_of};
use crate::image::Maker;
use crate::web::{Link, Web};

const LENGTH: usize = 700;
const URL: &str = "https://updates.example.org/f";
const BOTH: Expects = Expects {
    meter: true,
    network: true,
};

/// What a firmware does once it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Nature {
    Good,
    /// It crashes after its start was counted.
    Crashes,
    /// It runs and never reaches its server.
    StaysOffline,
    /// It runs and never reads the meter.
    StaysBlind,
}

/// What a start came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Runs,
    Restarts,
    PowerCut,
}

fn install(
    device: &Device,
    running: Version,
    version: Version,
    flags: u8,
) -> Result<Version, UpdateError> {
    let numbers = [version.major, version.minor, version.patch];
    let maker = Maker {
        flags,
        ..Maker::new(numbers, &body_of(version, LENGTH))
    };
    let web = Web::serving(&maker.image());
    let keys = [maker.public()];
    let this = ota::Device {
        keys: &keys,
        chip: Chip::Esp32c3,
        version: running,
    };
    let (mut blobs, mut slots) = (device.blobs(), device.slots(device.boot()));
    block_on(ota::update(
        &mut Link(web),
        &device.clock,
        &mut blobs,
        &mut slots,
        &this,
        URL,
        false,
        BOTH,
        &mut [0; 512],
        |_| {},
    ))
}

/// The version in the slot the boot loader starts: only a whole one starts.
fn running(device: &Device, known: &[Version]) -> Version {
    let body = device.body(device.boot(), LENGTH);
    let found = known
        .iter()
        .find(|version| body_of(**version, LENGTH) == body);
    *found.expect("the boot loader starts a whole firmware")
}

/// One start of whatever is to be started.
fn start_once(device: &Device, version: Version, nature: Nature) -> End {
    if !device.has_power() {
        return End::PowerCut;
    }
    let boot = device.boot();
    let outcome = device.start(version);
    if !device.has_power() {
        return End::PowerCut;
    }
    let (mut blobs, mut slots) = (device.blobs(), device.slots(boot));
    let expects = match outcome {
        Start::GiveUp => return End::Restarts,
        Start::Usual | Start::TookBack(_) if nature == Nature::Crashes => return End::Restarts,
        Start::Usual | Start::TookBack(_) => return End::Runs,
        Start::OnTrial(_, expects) => expects,
    };
    if nature == Nature::Crashes {
        return End::Restarts;
    }
    let seen = Seen {
        store: true,
        tasks: true,
        meter: nature != Nature::StaysBlind,
        network: nature != Nature::StaysOffline,
    };
    let mut proof = Proof::new(expects);
    for now_ms in (0..=3_600_000).step_by(1_000) {
        match proof.judge(seen, now_ms) {
            Verdict::Wait => {}
            Verdict::Stays => {
                return match block_on(guard::confirm(&mut blobs, &mut slots)) {
                    Ok(()) => End::Runs,
                    Err(_) => End::PowerCut,
                };
            }
            Verdict::Goes(_) => {
                block_on(guard::give_up(&mut slots));
                return End::Restarts;
            }
        }
    }
    panic!("no verdict within an hour")
}

const OLD: Version = Version::new(1, 0, 0);
const NEW: Version = Version::new(1, 1, 0);

fn updated() -> Device {
    let device = Device::new(&body_of(OLD, LENGTH));
    assert_eq!(install(&device, OLD, NEW, 0), Ok(NEW));
    device
}

#[test]
fn good_firmware_confirms_itself_and_stays() {
    let device = updated();
    assert_eq!(start_once(&device, NEW, Nature::Good), End::Runs);
    assert_eq!(
        block_on(guard::history(&mut device.blobs())),
        Ok((None, false))
    );
    for _ in 0..10 {
        assert_eq!(device.start(NEW), Start::Usual);
    }
    assert_eq!(device.boot(), Slot::B);
    // The next one goes into the other slot.
    assert_eq!(
        install(&device, NEW, Version::new(1, 2, 0), 0),
        Ok(Version::new(1, 2, 0))
    );
    assert_eq!(device.boot(), Slot::A);
}

#[test]
fn firmware_that_crashes_is_taken_back_and_not_loaded_again() {
    let device = updated();
    for start in 1..=3 {
        assert_eq!(device.start(NEW), Start::OnTrial(start, BOTH));
    }
    assert_eq!(STARTS, 3);
    assert_eq!(device.start(NEW), Start::GiveUp);
    assert_eq!(device.boot(), Slot::A);
    assert_eq!(device.start(OLD), Start::TookBack(NEW));
    assert_eq!(device.start(OLD), Start::Usual, "said once");
    device.assert_rest_untouched("taken back");

    let again = install(&device, OLD, NEW, 0);
    assert_eq!(again, Err(UpdateError::Refused(Refusal::FailedBefore(NEW))));
    assert_eq!(
        install(&device, OLD, Version::new(1, 1, 1), 0),
        Ok(Version::new(1, 1, 1))
    );
    assert_eq!(
        start_once(&device, Version::new(1, 1, 1), Nature::Good),
        End::Runs
    );
}

#[test]
fn firmware_that_can_do_less_than_the_one_before_is_taken_back() {
    for nature in [Nature::StaysOffline, Nature::StaysBlind] {
        let device = updated();
        assert_eq!(start_once(&device, NEW, nature), End::Restarts);
        assert_eq!(device.boot(), Slot::A);
        assert_eq!(device.start(OLD), Start::TookBack(NEW));
    }
}

#[test]
fn what_could_not_be_done_before_is_not_asked_for() {
    let seen = Seen {
        store: true,
        tasks: true,
        ..Seen::default()
    };
    let mut proof = Proof::new(Expects::default());
    assert_eq!(proof.judge(seen, 0), Verdict::Wait);
    assert_eq!(proof.judge(seen, 29_999), Verdict::Wait);
    assert_eq!(proof.judge(seen, 30_000), Verdict::Stays);

    // It has to go well for half a minute without a break, and within ten minutes.
    let mut proof = Proof::new(Expects::default());
    assert_eq!(proof.judge(seen, 0), Verdict::Wait);
    assert_eq!(
        proof.judge(
            Seen {
                tasks: false,
                ..seen
            },
            20_000
        ),
        Verdict::Wait
    );
    assert_eq!(proof.judge(seen, 30_000), Verdict::Wait);
    assert_eq!(
        proof.judge(
            Seen {
                tasks: false,
                ..seen
            },
            599_999
        ),
        Verdict::Wait
    );
    assert_eq!(
        proof.judge(
            Seen {
                tasks: false,
                ..seen
            },
            600_000
        ),
        Verdict::Goes("a task is stuck")
    );
    let closed = Seen {
        store: false,
        ..seen
    };
    assert_eq!(
        Proof::new(BOTH).judge(closed, 600_000),
        Verdict::Goes("the store can not be opened")
    );
    let mut meter = Proof::new(BOTH);
    assert_eq!(
        meter.judge(seen, 600_000),
        Verdict::Goes("the meter is not read, and was before")
    );
    let offline = Seen {
        meter: true,
        ..seen
    };
    assert_eq!(
        meter.judge(offline, 600_000),
        Verdict::Goes("the server is not reached, and was before")
    );
}

#[test]
fn a_power_cut_at_any_step_of_a_whole_update_ends_with_one_or_the_other_firmware() {
    // Load, start, confirm, start again; the second kind crashes until it is taken back.
    let life = |device: &Device, nature: Nature| {
        for _ in 0..12 {
            if !device.has_power() {
                break;
            }
            let version = running(device, &[OLD, NEW]);
            let nature = if version == OLD { Nature::Good } else { nature };
            let end = start_once(device, version, nature);
            if end == End::Runs && version == OLD && install(device, OLD, NEW, 0).is_err() {
                break;
            }
        }
    };
    for nature in [Nature::Good, Nature::Crashes, Nature::StaysOffline] {
        let total = {
            let device = Device::new(&body_of(OLD, LENGTH));
            device.chip.borrow_mut().steps = 0;
            life(&device, nature);
            device.steps()
        };
        for budget in 0..total {
            let device = Device::new(&body_of(OLD, LENGTH));
            device.chip.borrow_mut().budget = Some(budget);
            life(&device, nature);
            device.chip.borrow_mut().budget = None;
            let context = format!("{nature:?}, cut after {budget} of {total} steps");
            device.assert_rest_untouched(&context);
            running(&device, &[OLD, NEW]);
            life(&device, nature);
            let last = if nature == Nature::Good { NEW } else { OLD };
            assert_eq!(running(&device, &[OLD, NEW]), last, "{context}");
            assert_eq!(
                block_on(guard::history(&mut device.blobs())).map(|(_, trial)| trial),
                Ok(false),
                "{context}"
            );
        }
        println!("{nature:?}: {total} power cuts");
    }
}

#[test]
fn firmware_put_in_by_cable_during_a_trial_is_not_on_trial() {
    let device = updated();
    assert_eq!(device.start(NEW), Start::OnTrial(1, BOTH));
    let by_cable = Version::new(3, 0, 0);
    device.flash_by_cable(Slot::B, &body_of(by_cable, LENGTH));
    assert_eq!(device.start(by_cable), Start::Usual);
    for _ in 0..5 {
        assert_eq!(device.start(by_cable), Start::Usual);
    }
}

#[test]
fn a_boot_loader_that_goes_back_by_itself_is_understood() {
    let device = updated();
    // It found the new firmware damaged and started the old one, without changing what it was told.
    let (mut blobs, mut slots) = (device.blobs(), device.slots(Slot::A));
    assert_eq!(device.boot(), Slot::B);
    assert_eq!(
        block_on(guard::start(&mut blobs, &mut slots, OLD)),
        Start::TookBack(NEW)
    );
    assert_eq!(device.boot(), Slot::A);
    assert_eq!(device.start(OLD), Start::Usual);
}

#[test]
fn firmware_that_can_not_count_its_starts_is_taken_back_at_once() {
    let device = updated();
    // Nothing but what the boot loader reads can be changed, and the notes can not be read.
    device.chip.borrow_mut().bytes[2 * 4_096..4 * 4_096].fill(0x5A);
    let start = device.start(NEW);
    assert_eq!(start, Start::GiveUp);
    assert_eq!(device.boot(), Slot::A);
    assert_eq!(
        device.start(OLD),
        Start::Usual,
        "the old one is not on trial: it runs without notes"
    );
}

/// A small generator with a fixed seed.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u32) -> u32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % u64::from(limit)) as u32
    }
}

#[test]
fn years_of_updates_and_power_cuts() {
    let (mut cuts, mut taken_back, mut installed) = (0, 0, 0);
    for seed in 0..20 {
        let mut random = Random(seed);
        let device = Device::new(&body_of(OLD, LENGTH));
        let mut known = vec![(OLD, Nature::Good)];
        let mut last_good = OLD;
        for step in 0..200 {
            let versions: Vec<Version> = known.iter().map(|(version, _)| *version).collect();
            let version = running(&device, &versions);
            let nature = known.iter().find(|(one, _)| *one == version).unwrap().1;
            if random.below(3) == 0 {
                device.chip.borrow_mut().budget = Some(random.below(250));
            }
            let end = start_once(&device, version, nature);
            if end == End::Runs && device.has_power() {
                let is_on_trial = block_on(guard::history(&mut device.blobs())).unwrap().1;
                assert!(!is_on_trial, "seed {seed}, step {step}");
                assert_eq!(
                    nature,
                    Nature::Good,
                    "seed {seed}, step {step}: {version} stays"
                );
                assert!(
                    version >= last_good,
                    "seed {seed}, step {step}: an older one came back"
                );
                last_good = version;
                let next = Version::new(1, step + 1, 0);
                let natures = [
                    Nature::Good,
                    Nature::Crashes,
                    Nature::StaysOffline,
                    Nature::StaysBlind,
                ];
                known.push((next, natures[random.below(4) as usize]));
                installed += usize::from(install(&device, version, next, 0).is_ok());
            }
            let mut chip = device.chip.borrow_mut();
            cuts += usize::from(chip.budget == Some(0));
            chip.budget = None;
            drop(chip);
            device.assert_rest_untouched("in the long run");
            taken_back += usize::from(
                block_on(guard::history(&mut device.blobs()))
                    .unwrap()
                    .0
                    .is_some(),
            );
        }
    }
    println!(
        "{installed} updates, {cuts} power cuts, {taken_back} starts that remembered a failure"
    );
    assert!(installed > 500 && cuts > 300 && taken_back > 100);
}

/// Runs the task itself on a device, with somebody who acts beside it.
fn with_updater(
    device: &Device,
    web: &std::rc::Rc<Web>,
    version: Version,
    live: &Live,
    clock: &StepClock,
    act: impl Future<Output = ()>,
) {
    let keys = [Maker::new([0; 3], &[]).public()];
    let this = ota::Device {
        keys: &keys,
        chip: Chip::Esp32c3,
        version,
    };
    let start = device.start(version);
    let (mut blobs, mut slots) = (device.blobs(), device.slots(device.boot()));
    let (mut link, mut buffer) = (Link(web.clone()), [0; 512]);
    let task = ota::updater(
        &mut link,
        clock,
        &mut blobs,
        &mut slots,
        &this,
        start,
        true,
        live,
        &mut buffer,
    );
    block_on(select(task, act));
}

#[test]
fn the_task_looks_when_asked_loads_restarts_and_lets_the_new_firmware_prove_itself() {
    let device = Device::new(&body_of(OLD, LENGTH));
    let web = Web::serving(&Maker::new([1, 1, 0], &body_of(NEW, LENGTH)).image());
    let mut settings = Settings::default();
    let alive = |live: &Live, now_ms| {
        for task in [Task::Sampler, Task::Uplink, Task::Keeper] {
            live.is_alive(task, now_ms);
        }
    };
    let said = |live: &Live| live.firmware.said.borrow().to_string();

    let (live, clock) = (Live::new(settings.clone()), StepClock::default());
    with_updater(&device, &web, OLD, &live, &clock, async {
        live.firmware.look.signal(());
        clock.pass(1_000, |_| {}).await;
        assert_eq!(
            said(&live),
            "no address for updates: `set update.url https://...`"
        );
        assert_eq!(live.firmware.version.get(), OLD);

        live.settings.borrow_mut().set("update.url", URL).unwrap();
        web.refuses
            .set(Some(smart_meter::platform::ConnectError::Certificate));
        live.firmware.look.signal(());
        clock.pass(1_000, |_| {}).await;
        assert!(
            said(&live).contains("certificate is refused"),
            "{}",
            said(&live)
        );
        assert_eq!(live.update_percent.get(), None);
        web.refuses.set(None);

        // What works now is what the new firmware has to do too.
        let channel = Channel {
            last: Some((Values::default(), 0)),
            ..Channel::default()
        };
        assert!(live.channels.borrow_mut().push(channel).is_ok());
        live.network.set(NetworkState {
            is_up: true,
            ..NetworkState::default()
        });
        live.firmware.look.signal(());
        clock.pass(1_000, |_| {}).await;
        assert_eq!(said(&live), "version 1.1.0 is loaded: restarting");
        live.restart.wait().await;
    });
    assert_eq!(device.boot(), Slot::B);

    settings.set("update.url", URL).unwrap();
    let (live, clock) = (Live::new(settings.clone()), StepClock::default());
    with_updater(&device, &web, NEW, &live, &clock, async {
        clock.pass(60_000, |now_ms| alive(&live, now_ms)).await;
        assert!(
            live.firmware.is_on_trial.get(),
            "neither meter nor network yet"
        );
        let channel = Channel {
            last: Some((Values::default(), 0)),
            ..Channel::default()
        };
        assert!(live.channels.borrow_mut().push(channel).is_ok());
        live.network.set(NetworkState {
            is_up: true,
            ..NetworkState::default()
        });
        clock.pass(29_000, |now_ms| alive(&live, now_ms)).await;
        assert!(live.firmware.is_on_trial.get());
        clock.pass(3_000, |now_ms| alive(&live, now_ms)).await;
        assert!(!live.firmware.is_on_trial.get());
        assert_eq!(said(&live), "version 1.1.0 has proved itself");
        let event = live.told.try_receive().unwrap();
        assert_eq!(
            (event.code, event.value),
            (DeviceEvent::Updated as u8, 0x1_0001_0000)
        );

        // It looks by itself after a quarter of an hour, and finds nothing newer.
        clock.pass(16 * 60_000, |now_ms| alive(&live, now_ms)).await;
        assert!(
            said(&live).contains("version 1.1.0 is not newer than 1.1.0"),
            "{}",
            said(&live)
        );
    });
    assert_eq!(device.start(NEW), Start::Usual);
}

#[test]
fn the_task_takes_firmware_back_that_does_not_come_online() {
    let device = updated();
    let web = Web::serving(&[]);
    let (live, clock) = (Live::new(Settings::default()), StepClock::default());
    with_updater(&device, &web, NEW, &live, &clock, async {
        clock
            .pass(601_000, |now_ms| live.is_alive(Task::Sampler, now_ms))
            .await;
        live.restart.wait().await;
        let said = live.firmware.said.borrow().to_string();
        assert_eq!(said, "version 1.1.0 goes: a task is stuck");
    });
    assert_eq!(device.boot(), Slot::A);
    let (live, clock) = (Live::new(Settings::default()), StepClock::default());
    with_updater(&device, &web, OLD, &live, &clock, async {
        clock.pass(1_000, |_| {}).await;
        let said = live.firmware.said.borrow().to_string();
        assert_eq!(
            said,
            "version 1.1.0 did not prove itself and was taken back"
        );
        let event = live.told.try_receive().unwrap();
        assert_eq!(
            (event.code, event.value),
            (DeviceEvent::RolledBack as u8, 0x1_0001_0000)
        );
    });
}
