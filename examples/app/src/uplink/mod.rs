//! Records leave the device: over HTTP or MQTT, each at least once, the oldest first. A server knows them again by
//! boot and number, so that each counts once.

pub mod backoff;
pub mod home_assistant;
pub mod http;
pub mod json;
pub mod mqtt;
pub mod payload;
pub mod target;
pub mod tasmota;

use core::fmt::Write as _;
use core::future::Future;
use core::pin::Pin;

use embassy_futures::select::{Either, select};
use heapless::String;

use self::backoff::Backoff;
use self::target::Target;
use crate::live::{Live, Task};
use crate::platform::{Clock, Network, Outbox};
use crate::settings::Uplink;

/// Remembers for which server the meters are registered, over restarts.
pub trait Enrolment {
    /// The mark that was kept last; 0 when there is none.
    async fn mark(&mut self) -> u32;

    /// Keeps a mark.
    async fn set_mark(&mut self, mark: u32);
}

/// Remembers until the device restarts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forgetful(u32);

impl Enrolment for Forgetful {
    async fn mark(&mut self) -> u32 {
        self.0
    }

    async fn set_mark(&mut self, mark: u32) {
        self.0 = mark;
    }
}

/// No sign of life of this task stays away longer, in milliseconds: a watchdog must have more patience.
pub const LONGEST_SILENCE_MS: u64 = 20_000;

/// Time for a connection to come about, TLS included.
pub(crate) const CONNECT_MS: u64 = 15_000;
/// Time for an answer.
pub(crate) const ANSWER_MS: u64 = 10_000;
/// Health is sent once in that time.
pub(crate) const HEALTH_MS: u64 = 300_000;
/// How often an idle task looks around.
pub(crate) const LOOK_MS: u64 = 5_000;
/// How often a record is sent that the server refuses before it is given up.
pub(crate) const TRIES: u8 = 3;

/// What the uplink works with.
#[derive(Debug)]
pub struct Parts<N, O, E, R> {
    /// The way out.
    pub network: N,
    /// Records that wait.
    pub outbox: O,
    /// Where it is kept that the meters are registered.
    pub enrolment: E,
    /// Gives random bits.
    pub random: R,
    /// Hardware address of the device.
    pub mac: [u8; 6],
}

/// What both kinds share while they run.
pub(crate) struct Shared<'a, N, O, E, R, C> {
    pub(crate) parts: &'a mut Parts<N, O, E, R>,
    pub(crate) clock: &'a C,
    pub(crate) live: &'a Live,
    pub(crate) target: &'a Target,
}

/// Sends records as they come, for ever. Which way is up to the settings, and so is when that changes.
///
/// # Cancellation safety
/// Records that were not acknowledged when the future is dropped are sent again.
pub async fn run<N, O, E, R, C>(mut parts: Parts<N, O, E, R>, clock: &C, live: &Live) -> !
where
    N: Network,
    O: Outbox,
    E: Enrolment,
    R: FnMut() -> u32,
    C: Clock,
{
    loop {
        let target = Target::new(&live.settings.borrow());
        let url = match (target.uplink, target.url()) {
            (Uplink::None, _) => {
                *live.uplink.borrow_mut() = crate::live::UplinkState::default();
                idle(clock, live, &mut parts.outbox, &target).await;
                continue;
            }
            (_, Ok(url)) => url,
            (_, Err(error)) => {
                complain(live, format_args!("{error}"));
                idle(clock, live, &mut parts.outbox, &target).await;
                continue;
            }
        };
        let shared = Shared {
            parts: &mut parts,
            clock,
            live,
            target: &target,
        };
        match target.uplink {
            Uplink::Mqtt => mqtt::run(shared, &url).await,
            _ => http::run(shared, &url).await,
        }
    }
}

/// Until other settings are in force.
async fn idle<O: Outbox>(clock: &impl Clock, live: &Live, outbox: &mut O, target: &Target) {
    while is_current(live, target) {
        live.is_alive(Task::Uplink, clock.now_ms());
        live.with_health(|health| health.queue_depth = outbox.depth());
        clock.sleep_ms(LOOK_MS).await;
    }
}

pub(crate) fn is_current(live: &Live, target: &Target) -> bool {
    Target::new(&live.settings.borrow()) == *target
}

/// Waits, with signs of life; shorter when other settings come into force.
pub(crate) async fn rest(clock: &impl Clock, live: &Live, target: &Target, ms: u64) {
    let until_ms = clock.now_ms().saturating_add(ms);
    loop {
        let now_ms = clock.now_ms();
        live.is_alive(Task::Uplink, now_ms);
        if now_ms >= until_ms || !is_current(live, target) {
            return;
        }
        clock
            .sleep_until(until_ms.min(now_ms.saturating_add(LOOK_MS)))
            .await;
    }
}

/// Rests after a failure, at least so long.
pub(crate) async fn back_off(
    backoff: &mut Backoff,
    random: &mut impl FnMut() -> u32,
    clock: &impl Clock,
    live: &Live,
    target: &Target,
    least_ms: u64,
) {
    let ms = backoff.failed(random()).max(least_ms);
    rest(clock, live, target, ms).await;
}

/// A future with an end. It is pinned where it is called, since a future that is handed on is stored twice.
pub(crate) async fn limit<F: Future>(
    clock: &impl Clock,
    ms: u64,
    future: Pin<&mut F>,
) -> Option<F::Output> {
    match select(future, clock.sleep_ms(ms)).await {
        Either::First(output) => Some(output),
        Either::Second(()) => None,
    }
}

/// Something was accepted.
pub(crate) fn succeeded(live: &Live, now_ms: u64) {
    live.with_health(|health| health.uploads.count(true));
    let mut uplink = live.uplink.borrow_mut();
    uplink.is_up = true;
    uplink.last_ok_ms = Some(now_ms);
    uplink.error = None;
}

/// An upload went wrong; what is in the words must not be secret.
pub(crate) fn failed(live: &Live, why: core::fmt::Arguments<'_>) {
    live.with_health(|health| health.uploads.count(false));
    complain(live, why);
}

/// Nothing can be sent; what is in the words must not be secret.
pub(crate) fn complain(live: &Live, why: core::fmt::Arguments<'_>) {
    let mut text = String::new();
    // What does not fit is left out.
    let _ = text.write_fmt(why);
    let mut uplink = live.uplink.borrow_mut();
    uplink.is_up = false;
    uplink.error = Some(text);
}
