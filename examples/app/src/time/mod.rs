//! The time of the day: from time servers, else from the clock with a battery, else nobody's.

pub mod sync;
pub mod zone;

use self::sync::{Change, Sync, is_plausible};
use crate::live::{Live, TimeSource};
use crate::platform::{Clock, ConnectError, Rtc, TimeServer};
use crate::record::DeviceEvent;
use crate::store::Log;

/// The clock with a battery is looked at again after this, as long as no server tells.
const LOOK_MS: u64 = 3_600_000;
/// It tells whole seconds: a difference of less is none.
const COARSE_MS: u64 = 2_000;

/// Keeps the time: asks two servers in turn, sets the clock with a battery from them, and goes by that one until they
/// answer.
pub async fn keep<C: Clock, T: TimeServer, R: Rtc>(
    clock: C,
    mut servers: T,
    mut rtc: R,
    live: &Live,
    log: &Log,
) -> ! {
    let mut sync = Sync::new();
    let mut look_ms = clock.now_ms();
    loop {
        if live.time.get().source != TimeSource::Server && clock.now_ms() >= look_ms {
            look_ms = clock.now_ms().saturating_add(LOOK_MS);
            look(&clock, &mut rtc, live, log);
        }
        let name = live
            .settings
            .borrow()
            .ntp_servers
            .get(usize::from(sync.server()))
            .cloned();
        let name = name.unwrap_or_default();
        let answer = if name.is_empty() {
            Err(ConnectError::Name)
        } else {
            servers.query(&name).await
        };
        let now_ms = clock.now_ms();
        let next_ms = match answer {
            Ok(utc_ms) => {
                let (change, next_ms) = sync.answered(live.time.get(), utc_ms, now_ms);
                if let Some(change) = change {
                    set(change, now_ms, live, log);
                    set_rtc(&clock, &mut rtc, live).await;
                }
                next_ms
            }
            Err(ConnectError::Offline) => sync.offline(now_ms),
            Err(_) => sync.failed(now_ms),
        };
        clock.sleep_until(next_ms).await;
    }
}

/// Takes the time of the clock with a battery.
fn look(clock: &impl Clock, rtc: &mut impl Rtc, live: &Live, log: &Log) {
    let Some(utc_ms) = rtc.read().map(|utc_s| utc_s.saturating_mul(1_000)) else {
        return;
    };
    if !is_plausible(utc_ms) {
        return;
    }
    let (before, now_ms) = (live.time.get(), clock.now_ms());
    let change = sync::change(before, TimeSource::Rtc, utc_ms, now_ms);
    if before.offset_ms.is_none() || change.step_ms.unsigned_abs() >= COARSE_MS {
        set(change, now_ms, live, log);
    }
}

fn set(change: Change, now_ms: u64, live: &Live, log: &Log) {
    live.time.set(change.time);
    log.learn(change.time);
    live.news.signal(());
    let step_ms = change.step_ms.clamp(i32::MIN.into(), i32::MAX.into());
    live.with_health(|health| health.clock_offset_ms = i32::try_from(step_ms).ok());
    if change.is_step {
        log.note(live, now_ms, DeviceEvent::ClockSet, change.step_ms);
    }
}

/// Sets the clock with a battery when it is off, at the beginning of a second.
async fn set_rtc(clock: &impl Clock, rtc: &mut impl Rtc, live: &Live) {
    let utc_ms = |now_ms| live.time.get().utc_ms(now_ms).unwrap_or_default();
    let off_ms = rtc.read().map(|utc_s| {
        let rtc_ms = utc_s.saturating_mul(1_000);
        rtc_ms.abs_diff(utc_ms(clock.now_ms()))
    });
    if off_ms.is_some_and(|off_ms| off_ms < COARSE_MS) {
        return;
    }
    let now_ms = clock.now_ms();
    let to_second_ms = 1_000 - utc_ms(now_ms).rem_euclid(1_000).unsigned_abs();
    clock.sleep_until(now_ms.saturating_add(to_second_ms)).await;
    // Whether it took it is seen the next time it is read.
    let _ = rtc.set(utc_ms(clock.now_ms()).div_euclid(1_000));
}
