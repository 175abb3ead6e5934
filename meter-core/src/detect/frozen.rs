//! A meter that repeats itself.

use super::alarm::{Level, Toggle};
use super::{Event, EventCode};
use crate::reading::Reading;

/// Voltage, current and power that stay the same to the last digit. The longest such run of a healthy
/// PZEM-004T at a reading a second was 3 s under load and 9 s idle; a cloud plug repeats itself for an hour, so the
/// times are the source's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct FrozenSource {
    alarm: Toggle,
    /// Readings that were the same; [`READINGS`] are enough.
    count: u8,
    /// Milliseconds since which nothing has moved, modulo 49 days.
    since_ms: u32,
    /// A digest of the values: they are compared and never needed again.
    digest: u32,
}

/// How long values may stay the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct FrozenTimes {
    /// In milliseconds, above 5 W.
    pub loaded_ms: u32,
    /// In milliseconds, up to 5 W.
    pub idle_ms: u32,
}

/// So many readings after the first one have to be the same, since the two at the ends of a gap may well be.
const READINGS: u8 = 5;
/// Above this, something runs.
const LOADED_MW: u32 = 5_000;

impl FrozenTimes {
    /// A minute under load, five minutes without.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            loaded_ms: 60_000,
            idle_ms: 300_000,
        }
    }
}

impl Default for FrozenTimes {
    fn default() -> Self {
        Self::new()
    }
}

impl FrozenSource {
    /// Quiet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            alarm: Toggle::new(),
            count: 0,
            since_ms: 0,
            digest: 0,
        }
    }

    /// Takes a reading. The event's value is how long nothing has changed, in milliseconds; once the alarm is
    /// on it stays so until something moves.
    pub fn push(&mut self, reading: &Reading, times: &FrozenTimes) -> Option<Event> {
        let power = reading.power_mw?.unsigned_abs();
        let digest = digest([reading.voltage_mv?, reading.current_ma?, power]);
        let now_ms = reading.at_ms as u32;
        let same_ms = now_ms.wrapping_sub(self.since_ms);
        // A time far ahead is one that stepped back, unless nothing has moved for weeks.
        let is_same = digest == self.digest && (self.alarm.is_on() || same_ms < 1 << 31);
        let limit_ms = if power > LOADED_MW {
            times.loaded_ms
        } else {
            times.idle_ms
        };
        self.count = if is_same {
            self.count.saturating_add(1)
        } else {
            0
        };
        let is_long = same_ms >= limit_ms && self.count >= READINGS;
        let level = match (is_same, is_long) {
            (true, true) => Level::Beyond,
            (true, false) => Level::Between,
            (false, _) => Level::Back,
        };
        if !is_same {
            self.digest = digest;
            self.since_ms = now_ms;
        }
        self.alarm.update(
            EventCode::FrozenSource,
            reading.at_ms,
            level,
            same_ms.into(),
        )
    }
}

/// Mixes three values so that any change shows but one in four billion.
const fn digest([a, b, c]: [u32; 3]) -> u32 {
    // Odd factors around the golden ratio spread every bit upwards, the rotations downwards.
    let mut mixed = a.wrapping_mul(0x9E37_79B1).rotate_left(13) ^ b;
    mixed = mixed.wrapping_mul(0x85EB_CA77).rotate_left(13) ^ c;
    mixed = mixed.wrapping_mul(0xC2B2_AE3D);
    // Never what a new detector begins with.
    if mixed == 0 { 1 } else { mixed }
}
