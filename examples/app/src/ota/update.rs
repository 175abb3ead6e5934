//! The whole way from an address to a restart, and the task that goes it.

use core::fmt::Write as _;

use embassy_futures::select::select;

use super::error::UpdateError;
use super::fetch::fetch;
use super::guard::{self, Expects, Start};
use super::install::Install;
use super::proof::{Proof, Seen, Verdict};
use super::slots::Slots;
use super::verify::Policy;
use super::{Chip, Version};
use crate::blobs::Blobs;
use crate::live::Live;
use crate::platform::{Clock, Network};
use crate::record::{DeviceEvent, EventRecord};

/// Between two looks for newer firmware.
const LOOK_MS: u64 = 24 * 3_600_000;
/// Before the first, so that a device that restarts again and again does not ask each time.
const FIRST_LOOK_MS: u64 = 15 * 60_000;

/// What runs, and what it trusts.
#[derive(Clone, Copy, Debug)]
pub struct Device<'a> {
    /// Public keys of those who may sign firmware.
    pub keys: &'a [[u8; 32]],
    /// The chip.
    pub chip: Chip,
    /// The version that runs.
    pub version: Version,
}

/// Loads newer firmware and has the boot loader start it: the device is to be restarted then. The future has to be
/// run to its end.
///
/// # Errors
/// [`UpdateError`]: what runs is started again, whenever the power goes.
#[expect(
    clippy::too_many_arguments,
    reason = "each is another part of the device"
)]
pub async fn update<N: Network, S: Slots>(
    network: &mut N,
    clock: &impl Clock,
    blobs: &mut impl Blobs,
    slots: &mut S,
    device: &Device<'_>,
    url: &str,
    allow_plain: bool,
    expects: Expects,
    buffer: &mut [u8],
    progress: impl FnMut(Option<u8>),
) -> Result<Version, UpdateError> {
    let (failed, is_on_trial) = guard::history(blobs).await.map_err(UpdateError::Note)?;
    if is_on_trial {
        return Err(UpdateError::OnTrial);
    }
    let policy = Policy {
        keys: device.keys,
        chip: device.chip,
        running: device.version,
        failed,
        room: slots.room(),
    };
    let mut install = Install::new(slots, policy);
    fetch(
        network,
        clock,
        url,
        allow_plain,
        &mut install,
        buffer,
        progress,
    )
    .await?;
    let header = install.finish().await?;
    guard::begin(blobs, slots, header.version, expects).await?;
    Ok(header.version)
}

/// Lets firmware on trial prove itself, then looks for newer one each day and whenever somebody asks. What becomes of
/// it is in [`Live::firmware`]; a restart that is due is asked for with [`Live::restart`].
#[expect(
    clippy::too_many_arguments,
    reason = "each is another part of the device"
)]
pub async fn updater<N: Network, S: Slots>(
    network: &mut N,
    clock: &impl Clock,
    blobs: &mut impl Blobs,
    slots: &mut S,
    device: &Device<'_>,
    start: Start,
    is_store_open: bool,
    live: &Live,
    buffer: &mut [u8],
) -> ! {
    live.firmware.version.set(device.version);
    match start {
        Start::OnTrial(_, expects) => {
            prove(clock, blobs, slots, device, expects, is_store_open, live).await
        }
        Start::TookBack(version) => {
            say(
                live,
                format_args!("version {version} did not prove itself and was taken back"),
            );
            tell(live, DeviceEvent::RolledBack, version);
        }
        Start::Usual | Start::GiveUp => {}
    }
    let mut pause_ms = FIRST_LOOK_MS;
    loop {
        select(live.firmware.look.wait(), clock.sleep_ms(pause_ms)).await;
        pause_ms = LOOK_MS;
        let (url, allow_plain) = {
            let settings = live.settings.borrow();
            (settings.update_url.clone(), settings.allow_plain)
        };
        if url.is_empty() {
            say(live, format_args!("{}", UpdateError::NoAddress));
            continue;
        }
        let expects = Seen::now(live, is_store_open, clock.now_ms()).expects();
        live.update_percent.set(Some(0));
        let progress = |percent: Option<u8>| live.update_percent.set(percent.or(Some(0)));
        let outcome = update(
            network,
            clock,
            blobs,
            slots,
            device,
            &url,
            allow_plain,
            expects,
            buffer,
            progress,
        );
        let outcome = outcome.await;
        live.update_percent.set(None);
        match outcome {
            Ok(version) => {
                say(
                    live,
                    format_args!("version {version} is loaded: restarting"),
                );
                restart(clock, live).await;
            }
            Err(error) => say(live, format_args!("{error}")),
        }
    }
}

async fn prove<S: Slots>(
    clock: &impl Clock,
    blobs: &mut impl Blobs,
    slots: &mut S,
    device: &Device<'_>,
    expects: Expects,
    is_store_open: bool,
    live: &Live,
) {
    live.firmware.is_on_trial.set(true);
    let mut proof = Proof::new(expects);
    loop {
        clock.sleep_ms(1_000).await;
        let now_ms = clock.now_ms();
        match proof.judge(Seen::now(live, is_store_open, now_ms), now_ms) {
            Verdict::Wait => {}
            Verdict::Stays => match guard::confirm(blobs, slots).await {
                Ok(()) => break,
                Err(error) => say(live, format_args!("{error}")),
            },
            Verdict::Goes(reason) => {
                say(
                    live,
                    format_args!("version {} goes: {reason}", device.version),
                );
                if guard::give_up(slots).await == Start::GiveUp {
                    restart(clock, live).await;
                }
                // There is no way back.
                break;
            }
        }
    }
    live.firmware.is_on_trial.set(false);
    say(
        live,
        format_args!("version {} has proved itself", device.version),
    );
    tell(live, DeviceEvent::Updated, device.version);
}

/// Asks for a restart and waits for it.
async fn restart(clock: &impl Clock, live: &Live) {
    loop {
        live.restart.signal(());
        clock.sleep_ms(LOOK_MS).await;
    }
}

fn say(live: &Live, text: core::fmt::Arguments<'_>) {
    let mut said = live.firmware.said.borrow_mut();
    said.clear();
    // What does not fit is left out.
    let _ = said.write_fmt(text);
}

fn tell(live: &Live, event: DeviceEvent, version: Version) {
    live.tell(EventRecord {
        code: event as u8,
        is_occurrence: true,
        value: version.number(),
    });
}
