//! Images from a server: broken connections, wrong replies, power cuts at every step of the flash.

mod connections;
mod replies;
mod storage;

use std::rc::Rc;

use embassy_futures::block_on;
use smart_meter::ota::{
    self, Chip, Expects, Refusal, Slot, SlotError, UpdateError, Version, guard,
};
use smart_meter::platform::{ConnectError, Network};

use crate::device::{Device, SLOT_SECTORS, body_of};
use crate::flash::SECTOR;
use crate::image::Maker;
use crate::web::{Link, Web};

const OLD: Version = Version::new(1, 0, 0);
const NEW: Version = Version::new(1, 1, 0);
/// More than a sector, and no multiple of anything.
const LENGTH: usize = SECTOR + 1_337;
const URL: &str = "https://updates.example.org/meter/esp32c3.img";

fn image() -> Vec<u8> {
    Maker::new([1, 1, 0], &body_of(NEW, LENGTH)).image()
}

fn device() -> Device {
    Device::new(&body_of(OLD, LENGTH))
}

fn run_over(
    device: &Device,
    network: &mut impl Network,
    url: &str,
    allow_plain: bool,
) -> Result<Version, UpdateError> {
    let keys = [Maker::new([0; 3], &[]).public()];
    let this = ota::Device {
        keys: &keys,
        chip: Chip::Esp32c3,
        version: OLD,
    };
    let mut progress = 0;
    let (mut blobs, mut slots) = (device.blobs(), device.slots(Slot::A));
    let outcome = block_on(ota::update(
        network,
        &device.clock,
        &mut blobs,
        &mut slots,
        &this,
        url,
        allow_plain,
        Expects::default(),
        &mut [0; 600],
        |percent| progress = percent.unwrap_or(0),
    ));
    if outcome.is_ok() {
        assert_eq!(progress, 100);
    }
    outcome
}

fn run_from(
    device: &Device,
    web: &Rc<Web>,
    url: &str,
    allow_plain: bool,
) -> Result<Version, UpdateError> {
    run_over(device, &mut Link(web.clone()), url, allow_plain)
}

fn run(device: &Device, web: &Rc<Web>) -> Result<Version, UpdateError> {
    run_from(device, web, URL, false)
}

/// The firmware that came with the device is the one that starts, and nothing else has changed.
fn assert_unchanged(device: &Device, context: &str) {
    assert_eq!(device.boot(), Slot::A, "{context}");
    assert_eq!(
        device.body(Slot::A, LENGTH),
        body_of(OLD, LENGTH),
        "{context}"
    );
    device.assert_rest_untouched(context);
}
