//! The life of a device: updates that are good, that crash, that never come online, and power that goes at any time.

mod cuts;
mod task;
mod trial;

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
