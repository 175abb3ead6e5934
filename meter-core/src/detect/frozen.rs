//! A meter that repeats itself.

use super::alarm::{Alarm, Level};
use super::{Event, EventCode};
use crate::reading::Reading;

/// Voltage, current and power that stay the same to the last digit. The longest such run of a healthy
/// PZEM-004T at a reading a second was 3 s under load and 9 s idle; a cloud plug repeats itself for an hour, so the
/// times are the source's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct FrozenSource {
    alarm: Alarm,
    loaded_ms: u32,
    idle_ms: u32,
    before: Option<(u64, [u32; 3])>,
}

/// Above this, something runs.
const LOADED_MW: u32 = 5_000;

impl FrozenSource {
    /// A minute under load, five minutes without.
    #[must_use]
    pub const fn new() -> Self {
        Self::with_times(60_000, 300_000)
    }

    /// Other times in milliseconds.
    #[must_use]
    pub const fn with_times(loaded_ms: u32, idle_ms: u32) -> Self {
        Self {
            alarm: Alarm::new(EventCode::FrozenSource, 0, 0),
            loaded_ms,
            idle_ms,
            before: None,
        }
    }

    /// Takes a reading. The event's value is how long nothing has changed, in milliseconds.
    pub fn push(&mut self, reading: &Reading) -> Option<Event> {
        let power = reading.power_mw?.unsigned_abs();
        let values = [reading.voltage_mv?, reading.current_ma?, power];
        let since_ms = match self.before {
            Some((since_ms, before)) if before == values && since_ms <= reading.at_ms => since_ms,
            _ => reading.at_ms,
        };
        self.before = Some((since_ms, values));
        let same_ms = reading.at_ms - since_ms;
        let limit_ms = if power > LOADED_MW {
            self.loaded_ms
        } else {
            self.idle_ms
        };
        let level = if same_ms == 0 {
            Level::Back
        } else if same_ms >= u64::from(limit_ms) {
            Level::Beyond
        } else {
            Level::Between
        };
        let value = i64::try_from(same_ms).unwrap_or(i64::MAX);
        self.alarm.update(reading.at_ms, level, value)
    }
}

impl Default for FrozenSource {
    fn default() -> Self {
        Self::new()
    }
}
