//! Readings that fail or stay away.

use super::alarm::{Level, Toggle};
use super::{Event, EventCode};

/// The success of the last polls, about 256 of them, and the time since the last good one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Link {
    /// Modulo 49 days; a silence that long has long been told.
    last_good_ms: u32,
    /// Share of good polls, 32 768 for all.
    success: u16,
    alarm: Toggle,
    is_known: bool,
}

const ALL: u16 = 1 << 15;
/// Silence after which a link is lost.
const SILENCE_MS: u32 = 30_000;

impl Link {
    /// A link that is believed to be good.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            last_good_ms: 0,
            success: ALL,
            alarm: Toggle::new(),
            is_known: false,
        }
    }

    /// Takes the outcome of a poll. The alarm begins below 95 % or after 30 s without a good one, and ends above
    /// 97 %; its value is the share of good polls in thousandths.
    pub const fn push(&mut self, at_ms: u64, is_good: bool) -> Option<Event> {
        let target = if is_good { ALL } else { 0 };
        // Rounded away from where it is, so that it arrives.
        self.success = if target >= self.success {
            self.success + (target - self.success).div_ceil(256)
        } else {
            self.success - (self.success - target).div_ceil(256)
        };
        let now_ms = at_ms as u32;
        if is_good || !self.is_known {
            self.last_good_ms = now_ms;
            self.is_known = true;
        }
        let mut silent_ms = now_ms.wrapping_sub(self.last_good_ms);
        if silent_ms > u32::MAX / 2 {
            // The time stepped back.
            self.last_good_ms = now_ms;
            silent_ms = 0;
        }
        let milli = self.success_milli();
        let level = if milli < 950 || silent_ms >= SILENCE_MS {
            Level::Beyond
        } else if milli >= 970 {
            Level::Back
        } else {
            Level::Between
        };
        self.alarm
            .update(EventCode::LinkLost, at_ms, level, milli as i64)
    }

    /// Share of good polls in thousandths.
    #[must_use]
    pub const fn success_milli(&self) -> u16 {
        (self.success as u32 * 1_000 / ALL as u32) as u16
    }
}

impl Default for Link {
    fn default() -> Self {
        Self::new()
    }
}
