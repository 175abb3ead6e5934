//! Reads the meters on a fixed schedule, and makes records of what they say.
//!
//! Nothing here waits for flash, network or display: a reading is made at its time whatever else fails.

mod meters;
mod schedule;
mod setup;
mod slot;

pub use meters::Meters;
pub use schedule::Schedule;

use meter_core::Outputs;

use crate::live::{Live, Task};
use crate::platform::{Cause, Clock, MeterSource, SourceError};
use crate::store::Log;

/// Reads every meter of a source in its turn, at the n-th multiple of the interval since the start. `pace` is told
/// when reading begins, and when it ends and goes on next.
pub async fn sample<C: Clock, S: MeterSource>(
    clock: C,
    mut source: S,
    live: &Live,
    log: &Log,
    meters: &Meters,
    pace: impl Fn(bool, u64),
) -> ! {
    let mut outputs = Outputs::new();
    let mut schedule = Schedule::new(clock.now_ms(), live.settings.borrow().interval_ms);
    loop {
        pace(false, schedule.due_ms());
        clock.sleep_until(schedule.due_ms()).await;
        pace(true, schedule.due_ms());
        for channel in 0..source.channels() {
            let result = source.read(channel).await;
            let at_ms = clock.now_ms();
            live.with_health(|health| {
                health.polls.count(result.is_ok());
                health.uptime_s = u32::try_from(at_ms / 1_000).unwrap_or(u32::MAX);
            });
            match result {
                Ok(mut reading) => {
                    reading.at_ms = at_ms;
                    let kind = source.describe(channel);
                    meters.take(channel, reading, &kind, live, log, &mut outputs);
                }
                Err(error) => {
                    count(live, error.cause);
                    meters.miss(channel, at_ms, &error, live, log, &mut outputs);
                }
            }
        }
        let now_ms = clock.now_ms();
        live.is_alive(Task::Sampler, now_ms);
        live.missed_slots.set(schedule.advance(now_ms));
        schedule.set_interval(live.settings.borrow().interval_ms, now_ms);
    }
}

/// Counts a failed poll. Failures of this device's own bus are those of all that have no other cause.
fn count(live: &Live, cause: Cause) {
    live.with_health(|health| {
        let errors = &mut health.poll_errors;
        let counter = match cause {
            Cause::NoReply => &mut errors.no_reply,
            Cause::Garbled => &mut errors.garbled,
            Cause::Refused => &mut errors.refused,
            Cause::Implausible => &mut errors.implausible,
            Cause::Bus => return,
        };
        *counter = counter.saturating_add(1);
    });
}

/// What a failed poll is for people.
fn words(error: &SourceError) -> heapless::String<96> {
    error.message.clone()
}
