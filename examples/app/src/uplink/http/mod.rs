//! Records to a server over HTTP, one connection for many requests.

pub mod answer;
mod left;
mod memory;
pub mod reply;
mod request;
mod session;

use core::pin::pin;

use embassy_futures::select::select;

use self::left::Left;
use self::memory::Memory;
use self::session::{Place, Session};
use super::{
    CONNECT_MS, Enrolment, LOOK_MS, Shared, back_off, complain, failed, is_current, limit, rest,
};
use crate::live::Task;
use crate::platform::{Clock, ConnectError, Network, Outbox};
use crate::record::{Body, Record};
use crate::settings::url::Url;

/// Records taken from the outbox at a time, and readings in a batch.
pub const WINDOW: usize = 16;
/// After a server that said so is asked again whether it has an interface, in milliseconds.
const ASK_AGAIN_MS: u64 = 3_600_000;

/// What kind of record it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Reading,
    Event,
    Interval,
}

impl Kind {
    const fn path(self) -> &'static str {
        match self {
            Self::Reading => "/readings/create",
            Self::Event => "/events/create",
            Self::Interval => "/intervals/create",
        }
    }
}

const fn kind_of(record: &Record) -> Kind {
    match record.body {
        Body::Reading(_) => Kind::Reading,
        Body::Event(_) => Kind::Event,
        Body::Interval(_) => Kind::Interval,
    }
}

/// Sends until other settings are in force.
pub(super) async fn run<N, O, E, R, C>(shared: Shared<'_, N, O, E, R, C>, url: &Url<'_>)
where
    N: Network,
    O: Outbox,
    E: Enrolment,
    R: FnMut() -> u32,
    C: Clock,
{
    let Shared {
        parts,
        clock,
        live,
        target,
    } = shared;
    let mut memory = Memory::new(parts.enrolment.mark().await);
    loop {
        let now_ms = clock.now_ms();
        live.is_alive(Task::Uplink, now_ms);
        live.with_health(|health| {
            health.queue_depth = parts.outbox.depth();
            health.rssi_dbm = parts.network.rssi_dbm().or(health.rssi_dbm);
        });
        if !is_current(live, target) {
            return;
        }
        if parts.outbox.depth() == 0 && !memory.has_work(now_ms) {
            let _ = select(live.news.wait(), clock.sleep_ms(LOOK_MS)).await;
            continue;
        }
        if !parts.network.is_up() {
            complain(live, format_args!("{}", ConnectError::Offline));
            rest(clock, live, target, LOOK_MS / 5).await;
            continue;
        }
        let endpoint = url.endpoint();
        let connected = limit(clock, CONNECT_MS, pin!(parts.network.connect(&endpoint))).await;
        let left = match connected {
            Some(Ok(stream)) => {
                let place = Place {
                    mac: parts.mac,
                    clock,
                    live,
                    target,
                    url,
                };
                let (outbox, enrolment) = (&mut parts.outbox, &mut parts.enrolment);
                Session::new(stream, outbox, enrolment, place, &mut memory)
                    .run()
                    .await
            }
            Some(Err(error)) => Left::Unconnected(error),
            None => Left::Silent,
        };
        if left.is_usual() {
            continue;
        }
        failed(live, format_args!("{left}"));
        let (random, least_ms) = (&mut parts.random, left.least_ms());
        back_off(&mut memory.backoff, random, clock, live, target, least_ms).await;
    }
}
