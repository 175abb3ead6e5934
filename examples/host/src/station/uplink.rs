//! Records leave the station, and people hear of it when they do not.

use std::convert::Infallible;
use std::time::Duration;

use embassy_futures::join::join;
use embedded_storage_async::nor_flash::MultiwriteNorFlash;
use smart_meter::live::Live;
use smart_meter::platform::{Clock, Machine};
use smart_meter::settings::Uplink;
use smart_meter::store::{Enrolled, Log, Outlet, SharedStates};
use smart_meter::uplink::{Parts, run as send};

use super::clock::StationClock;
use super::machine::Process;
use super::output::say;
use crate::network::Sockets;

const LOOK: Duration = Duration::from_millis(100);

/// Sends records; `is_told`: what is wrong is said on standard error, since no display shows it.
pub(super) async fn run<F: MultiwriteNorFlash, C: Clock>(
    network: Sockets,
    log: &Log,
    states: &SharedStates<'_, F, C>,
    clock: StationClock,
    live: &Live,
    is_told: bool,
) {
    let parts = Parts {
        network,
        outbox: Outlet(log),
        enrolment: Enrolled(states),
        random: || Process.random(),
        mac: Process.mac(),
    };
    join(send(parts, &clock, live), tell(live, is_told)).await;
}

/// Says when sending fails, why, and when it goes on.
async fn tell(live: &Live, is_told: bool) -> Infallible {
    let mut said: Option<String> = None;
    loop {
        tokio::time::sleep(LOOK).await;
        let error = live.uplink.borrow().error.as_deref().map(str::to_owned);
        if is_told && error != said {
            match &error {
                Some(error) => say(format_args!("{}: {error}; records wait", to(live))),
                None => say(format_args!("{}: records are sent", to(live))),
            }
        }
        said = error;
    }
}

fn to(live: &Live) -> String {
    let settings = live.settings.borrow();
    match settings.uplink {
        Uplink::None => String::new(),
        Uplink::Http => settings.http_base.as_str().to_owned(),
        Uplink::Mqtt => settings.mqtt_broker.as_str().to_owned(),
    }
}
