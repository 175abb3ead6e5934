//! Joins everything into the one future that a device runs.

use core::future::Future;

use embassy_futures::join::{join, join3};
use embedded_storage_async::nor_flash::MultiwriteNorFlash;
use meter_core::health::ResetCause;

use crate::live::{Live, Task};
use crate::platform::{Clock, Machine, MeterSource, Rtc, TimeServer, Watchdog};
use crate::record::DeviceEvent;
use crate::sampler::{self, Meters};
use crate::settings::Uplink;
use crate::store::{Keeper, Log, SharedFlash};
use crate::time;
use crate::uplink::LONGEST_SILENCE_MS;

/// The watchdog is thought of this often.
const ROUND_MS: u64 = 1_000;
/// Signs of life have to come within this: reading can take a while beyond its interval, and flash can be slow.
const SAMPLER_MS: u64 = 15_000;
const KEEPER_MS: u64 = 60_000;
const UPLINK_MS: u64 = 3 * LONGEST_SILENCE_MS;

/// What the core of the device is made of: everything but ways out and ways to look.
pub struct Parts<'a, 'f, C: Clock, S, T, R, W, M, F: MultiwriteNorFlash, D: Clock> {
    /// Time since the start.
    pub clock: C,
    /// The meters.
    pub source: S,
    /// Time servers.
    pub time_server: T,
    /// The clock with a battery.
    pub rtc: R,
    /// The watchdog.
    pub watchdog: W,
    /// The device.
    pub machine: M,
    /// The flash, to be told of pauses.
    pub flash: &'a SharedFlash<F, D>,
    /// Writes flash.
    pub keeper: Keeper<'f, F, D>,
    /// Whether the store has begun anew since it could not be read.
    pub is_damaged: bool,
    /// Registers and stages.
    pub meters: &'a Meters,
    /// Records.
    pub log: &'a Log,
    /// The present.
    pub live: &'a Live,
}

/// Runs the device: reads meters, keeps records, keeps the time, feeds the watchdog. `others` is whatever runs beside
/// this: the uplink, display, button, local page.
pub async fn run<C, S, T, R, W, M, F, D>(
    parts: Parts<'_, '_, C, S, T, R, W, M, F, D>,
    others: impl Future,
) -> !
where
    C: Clock,
    S: MeterSource,
    T: TimeServer,
    R: Rtc,
    W: Watchdog,
    M: Machine,
    F: MultiwriteNorFlash,
    D: Clock,
{
    let Parts {
        clock,
        source,
        time_server,
        rtc,
        watchdog,
        machine,
        flash,
        mut keeper,
        is_damaged,
        meters,
        log,
        live,
    } = parts;
    let now_ms = clock.now_ms();
    let cause = machine.reset_cause();
    live.with_health(|health| {
        health.boots = log.boot();
        health.reset_cause = cause;
    });
    meters.show(live);
    log.note(live, now_ms, DeviceEvent::Started, number(cause));
    if is_damaged {
        log.note(live, now_ms, DeviceEvent::StoreDamaged, 0);
    }
    for task in [Task::Sampler, Task::Keeper, Task::Uplink] {
        live.is_alive(task, now_ms);
    }
    let pace = |is_sampling, next_ms| flash.sampling(is_sampling, next_ms);
    let sampling = sampler::sample(&clock, source, live, log, meters, pace);
    let keeping = keeper.run(&clock, live, log, meters);
    let timing = time::keep(&clock, time_server, rtc, live, log);
    let supervising = supervise(&clock, watchdog, machine, live);
    let (never, _) = join(join3(sampling, keeping, timing), join(supervising, others)).await;
    never.0
}

/// Feeds the watchdog as long as everything that has to live does.
async fn supervise(
    clock: &impl Clock,
    mut watchdog: impl Watchdog,
    machine: impl Machine,
    live: &Live,
) -> ! {
    loop {
        let now_ms = clock.now_ms();
        if is_well(live, now_ms) {
            watchdog.feed();
        }
        let heap = machine.heap();
        live.with_health(|health| {
            health.uptime_s = u32::try_from(now_ms / 1_000).unwrap_or(u32::MAX);
            health.heap_free = heap.map(|(free, _)| free);
            health.heap_least = heap.map(|(_, least)| least);
        });
        clock.sleep_ms(ROUND_MS).await;
    }
}

/// Whether every task has given a sign of life within its limit. Without an uplink nobody waits for one.
fn is_well(live: &Live, now_ms: u64) -> bool {
    let (interval_ms, uplink) = {
        let settings = live.settings.borrow();
        (u64::from(settings.interval_ms), settings.uplink)
    };
    let is_recent = |task, limit_ms: u64| now_ms.saturating_sub(live.sign_ms(task)) <= limit_ms;
    is_recent(Task::Sampler, SAMPLER_MS.saturating_add(2 * interval_ms))
        && is_recent(Task::Keeper, KEEPER_MS)
        && (uplink == Uplink::None || is_recent(Task::Uplink, UPLINK_MS))
}

/// The cause of a start as a number, which stays what it is.
const fn number(cause: ResetCause) -> i64 {
    match cause {
        ResetCause::PowerOn => 1,
        ResetCause::BrownOut => 2,
        ResetCause::Watchdog => 3,
        ResetCause::Software => 4,
        ResetCause::Panic => 5,
        ResetCause::Wake => 6,
        _ => 0,
    }
}
