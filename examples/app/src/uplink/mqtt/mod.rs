//! Records to an MQTT 5 broker: each waits for its acknowledgement, several at a time.
//!
//! `minimq` speaks the protocol: it needs no allocator, a quarter of the flash of `rust-mqtt`, and survives that a
//! wait is given up. It takes the time for its pings from `embassy-time`; every other wait goes by the device's clock.

mod left;
mod link;
mod present;
mod records;
mod shows;
pub mod topic;

use core::fmt::Write as _;
use core::pin::pin;

use embedded_io_async::{Read, Write};
use heapless::String;
use minimq::{Buffers, ConfigBuilder, ConfigError, QoS, Session, Will};

use self::left::Left;
use self::link::Link;
use self::present::Shown;
use super::backoff::Backoff;
use super::{
    ANSWER_MS, CONNECT_MS, Enrolment, LOOK_MS, Shared, Target, back_off, complain, failed,
    is_current, limit, rest,
};
use crate::live::{Live, Task};
use crate::platform::{Clock, ConnectError, Network, Outbox};
use crate::settings::url::Url;

/// Room for what the broker sends: acknowledgements, and whether Home Assistant is there.
pub const RX: usize = 256;
/// Room for messages that are not acknowledged yet: four records and the words of a new connection.
pub const TX: usize = 2_304;
/// Records taken from the outbox at a time.
pub const WINDOW: usize = 8;
/// A broker that hears nothing for one and a half times so long gives the last will, in seconds.
const KEEP_ALIVE_S: u16 = 30;
/// A connection that lasted so long was a good one, in milliseconds.
const STEADY_MS: u64 = 60_000;

/// What is known from one connection to the next.
#[derive(Debug, Default)]
struct Memory {
    backoff: Backoff,
    /// How often the record at the head was refused.
    tries: u8,
    health_due_ms: u64,
    shown: [Shown; crate::settings::CHANNELS],
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
    let mut memory = Memory::default();
    let mut rx = [0; RX];
    let mut tx = [0; TX];
    let status = topic::status(target.name(0));
    loop {
        let started_ms = clock.now_ms();
        live.is_alive(Task::Uplink, started_ms);
        live.with_health(|health| {
            health.queue_depth = parts.outbox.depth();
            health.rssi_dbm = parts.network.rssi_dbm().or(health.rssi_dbm);
        });
        if !is_current(live, target) {
            return;
        }
        if !parts.network.is_up() {
            complain(live, format_args!("{}", ConnectError::Offline));
            rest(clock, live, target, LOOK_MS / 5).await;
            continue;
        }
        let endpoint = url.endpoint();
        let connected = limit(clock, CONNECT_MS, pin!(parts.network.connect(&endpoint))).await;
        let left = match connected {
            None => Left::Silent,
            Some(Err(error)) => Left::Unconnected(error),
            Some(Ok(stream)) => {
                live.is_alive(Task::Uplink, clock.now_ms());
                let place = Place {
                    clock,
                    live,
                    target,
                    status: &status,
                };
                let buffers = Buffers::new(&mut rx, &mut tx);
                over(
                    stream,
                    buffers,
                    parts.mac,
                    place,
                    &mut memory,
                    &mut parts.outbox,
                )
                .await
            }
        };
        if left == Left::Changed {
            return;
        }
        failed(live, format_args!("{left}"));
        if clock.now_ms().saturating_sub(started_ms) >= STEADY_MS && !left.is_refusal() {
            memory.backoff.succeeded();
        }
        back_off(
            &mut memory.backoff,
            &mut parts.random,
            clock,
            live,
            target,
            0,
        )
        .await;
    }
}

/// What does not change over a connection.
#[derive(Clone, Copy)]
struct Place<'a, C> {
    clock: &'a C,
    live: &'a Live,
    target: &'a Target,
    status: &'a str,
}

/// Works over a stream until that is over.
async fn over<S: Read + Write, O: Outbox, C: Clock>(
    stream: S,
    buffers: Buffers<'_>,
    mac: [u8; 6],
    place: Place<'_, C>,
    memory: &mut Memory,
    outbox: &mut O,
) -> Left {
    // Not `let else`, with which the session is stored twice.
    let mut session = match session(buffers, place.target, place.status, mac) {
        Ok(session) => session,
        Err(_) => return Left::Unfit,
    };
    let connected = limit(place.clock, ANSWER_MS, pin!(session.connect(stream))).await;
    match connected {
        None => Left::Silent,
        Some(Err(error)) => Left::from(error),
        Some(Ok(connection)) => Link::new(connection, place, memory).run(outbox).await,
    }
}

/// A session that lasts as long as its connection: what was not acknowledged is still in the outbox, and is sent
/// from there.
fn session<'b>(
    buffers: Buffers<'b>,
    target: &'b Target,
    status: &str,
    mac: [u8; 6],
) -> Result<Session<'b>, ConfigError> {
    let mut client = String::<64>::new();
    let [.., a, b, c] = mac;
    // Two devices with one name must not throw each other out.
    let _ = write!(client, "{}-{a:02x}{b:02x}{c:02x}", target.meter_id);
    let will = Will::new(status, b"offline", &[])?
        .retained()
        .qos(QoS::AtLeastOnce);
    let mut config = ConfigBuilder::new(buffers)
        .client_id(&client)?
        .keepalive_interval(KEEP_ALIVE_S)
        .will(will)?;
    if !target.user.is_empty() {
        config = config.auth(&target.user, target.secret.reveal().as_bytes())?;
    }
    Ok(Session::new(config))
}
