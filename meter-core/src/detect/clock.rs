//! Clocks that are set, and clocks that run wrong.

use super::alarm::{Level, Toggle};
use super::{Event, EventCode, Phase};
use crate::reading::Reading;

/// Compares the time of the day with the monotonic clock. A step of more than 2 s is told once, with its size; a
/// drift above 5 s a day begins and ends like any alarm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ClockWatch {
    /// Time of the day less the monotonic one.
    offset_ms: i64,
    /// What the offset was when the day began.
    base_ms: i64,
    /// When the day began, in milliseconds modulo 49 days.
    day_ms: u32,
    drift: Toggle,
    is_known: bool,
}

const STEP_MS: u64 = 2_000;
const DRIFT_MS: u64 = 5_000;
const DAY_MS: u32 = 86_400_000;
/// Seconds that no clock shows; what is below can be multiplied.
const MOST_S: u64 = 1 << 50;

impl ClockWatch {
    /// Quiet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            offset_ms: 0,
            base_ms: 0,
            day_ms: 0,
            drift: Toggle::new(),
            is_known: false,
        }
    }

    /// Takes a reading that knows the time of the day. A step gives both of its ends at once, as DLMS meters log
    /// it: what the clock would say now in the first, and what it says in the second, in milliseconds since 1970.
    pub fn push(&mut self, reading: &Reading) -> [Option<Event>; 3] {
        let utc_s = reading.utc_s.filter(|utc_s| utc_s.unsigned_abs() < MOST_S);
        let (Some(utc_s), Ok(at_ms)) = (utc_s, i64::try_from(reading.at_ms)) else {
            return [None; 3];
        };
        let now_ms = utc_s * 1_000;
        let offset_ms = now_ms.saturating_sub(at_ms);
        let at = reading.at_ms as u32;
        let is_first = !self.is_known;
        let moved_ms = offset_ms.saturating_sub(self.offset_ms);
        self.offset_ms = offset_ms;
        if is_first || moved_ms.unsigned_abs() > STEP_MS {
            self.base_ms = offset_ms;
            self.day_ms = at;
            self.is_known = true;
            if is_first {
                return [None; 3];
            }
            let event = |phase, value| {
                Some(Event {
                    code: EventCode::ClockStep,
                    phase,
                    method: super::Method::Readings,
                    at_ms: reading.at_ms,
                    value,
                })
            };
            return [
                event(Phase::Occurrence, now_ms.saturating_sub(moved_ms)),
                event(Phase::Restoration, now_ms),
                None,
            ];
        }
        if at.wrapping_sub(self.day_ms) < DAY_MS {
            return [None; 3];
        }
        let drift_ms = offset_ms.saturating_sub(self.base_ms);
        self.base_ms = offset_ms;
        self.day_ms = at;
        let level = Level::of(drift_ms.unsigned_abs() > DRIFT_MS);
        let event = self
            .drift
            .update(EventCode::ClockDrift, reading.at_ms, level, drift_ms);
        [None, None, event]
    }
}
