//! Hold, hysteresis and the two ends of an alarm.

use super::{Event, EventCode, Phase};

/// How a value lies to the limits of an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    /// Beyond the limit.
    Beyond,
    /// Between the limit and where it is over: what is stays.
    Between,
    /// Back where it should be.
    Back,
}

impl Level {
    /// Beyond or back, nothing in between.
    pub(crate) const fn of(is_beyond: bool) -> Self {
        if is_beyond { Self::Beyond } else { Self::Back }
    }
}

/// The state of one alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Alarm {
    code: EventCode,
    hold_ms: u32,
    clear_ms: u32,
    is_on: bool,
    /// Since when the value is on the other side.
    since_ms: Option<u64>,
}

impl Alarm {
    /// An alarm that begins after `hold_ms` beyond its limit and ends after `clear_ms` back.
    #[must_use]
    pub const fn new(code: EventCode, hold_ms: u32, clear_ms: u32) -> Self {
        Self {
            code,
            hold_ms,
            clear_ms,
            is_on: false,
            since_ms: None,
        }
    }

    /// Whether it is on.
    #[must_use]
    pub const fn is_on(&self) -> bool {
        self.is_on
    }

    pub(crate) const fn code(&self) -> EventCode {
        self.code
    }

    /// Takes a level at a time.
    pub(crate) const fn update(&mut self, at_ms: u64, level: Level, value: i64) -> Option<Event> {
        let (changes, wait_ms) = match (self.is_on, level) {
            (false, Level::Beyond) => (true, self.hold_ms),
            (true, Level::Back) => (true, self.clear_ms),
            _ => (false, 0),
        };
        if !changes {
            self.since_ms = None;
            return None;
        }
        let since_ms = match self.since_ms {
            // A clock that stepped back begins the wait anew.
            Some(since_ms) if since_ms <= at_ms => since_ms,
            _ => at_ms,
        };
        if at_ms - since_ms < wait_ms as u64 {
            self.since_ms = Some(since_ms);
            return None;
        }
        self.since_ms = None;
        self.is_on = !self.is_on;
        Some(Event {
            code: self.code,
            phase: if self.is_on {
                Phase::Occurrence
            } else {
                Phase::Restoration
            },
            at_ms,
            value,
        })
    }
}
