//! Hold, hysteresis and the two ends of an alarm.

use super::{Event, EventCode, Method, Phase};

/// How a value lies to the limits of an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Level {
    /// Beyond the limit.
    Beyond,
    /// Between the limit and where it is over: what is stays.
    Between,
    /// Back where it should be.
    Back,
}

impl Level {
    /// Beyond or back, nothing in between.
    #[must_use]
    pub const fn of(is_beyond: bool) -> Self {
        if is_beyond { Self::Beyond } else { Self::Back }
    }

    /// Beyond above `limit`, back below `over`.
    #[must_use]
    pub const fn above(value: u64, limit: u64, over: u64) -> Self {
        if value > limit {
            Self::Beyond
        } else if value < over {
            Self::Back
        } else {
            Self::Between
        }
    }

    /// Beyond below `limit`, back from `over` on.
    #[must_use]
    pub const fn below(value: u64, limit: u64, over: u64) -> Self {
        if value < limit {
            Self::Beyond
        } else if value >= over {
            Self::Back
        } else {
            Self::Between
        }
    }
}

/// What an alarm is called and how patient it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Rule {
    /// What its events are about.
    pub code: EventCode,
    /// It begins after so many milliseconds beyond its limit, up to three days.
    pub hold_ms: u32,
    /// It ends after so many milliseconds back, up to three days.
    pub clear_ms: u32,
}

/// The state of one alarm, in four bytes: a meter has a dozen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Alarm(u32);

const ON: u32 = 1 << 31;
const WAITING: u32 = 1 << 30;
/// Below, the milliseconds since which the value is on the other side, modulo six days.
const SINCE: u32 = (1 << 29) - 1;

impl Alarm {
    /// Off.
    #[must_use]
    pub const fn new() -> Self {
        Self(0)
    }

    /// Whether it is on.
    #[must_use]
    pub const fn is_on(self) -> bool {
        self.0 & ON != 0
    }

    /// Takes a level at a time. `value` is what the event will tell.
    pub const fn update(
        &mut self,
        rule: &Rule,
        at_ms: u64,
        level: Level,
        value: i64,
    ) -> Option<Event> {
        let wait_ms = match (self.is_on(), level) {
            (false, Level::Beyond) => rule.hold_ms,
            (true, Level::Back) => rule.clear_ms,
            _ => {
                self.0 &= ON;
                return None;
            }
        };
        let now = at_ms as u32 & SINCE;
        let waited_ms = now.wrapping_sub(self.0 & SINCE) & SINCE;
        // More than half of what can be told is a clock that stepped back: the wait begins anew.
        let waited_ms = if self.0 & WAITING == 0 || waited_ms > SINCE / 2 {
            self.0 = self.0 & ON | WAITING | now;
            0
        } else {
            waited_ms
        };
        if waited_ms < wait_ms {
            return None;
        }
        self.0 = !self.0 & ON;
        Some(Event {
            code: rule.code,
            phase: if self.is_on() {
                Phase::Occurrence
            } else {
                Phase::Restoration
            },
            method: Method::Readings,
            at_ms,
            value,
        })
    }
}

/// An alarm that waits for nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) struct Toggle(bool);

impl Toggle {
    /// Off.
    pub(crate) const fn new() -> Self {
        Self(false)
    }

    /// As it was before a restart.
    pub(crate) const fn stored(is_on: bool) -> Self {
        Self(is_on)
    }

    pub(crate) const fn is_on(self) -> bool {
        self.0
    }

    /// Takes a level at a time.
    pub(crate) const fn update(
        &mut self,
        code: EventCode,
        at_ms: u64,
        level: Level,
        value: i64,
    ) -> Option<Event> {
        match (self.0, level) {
            (false, Level::Beyond) | (true, Level::Back) => self.turn(code, at_ms, value),
            _ => None,
        }
    }

    /// Rarely called: what looks at each reading stays small.
    #[cold]
    #[inline(never)]
    const fn turn(&mut self, code: EventCode, at_ms: u64, value: i64) -> Option<Event> {
        self.0 = !self.0;
        Some(Event {
            code,
            phase: if self.0 {
                Phase::Occurrence
            } else {
                Phase::Restoration
            },
            method: Method::Readings,
            at_ms,
            value,
        })
    }
}
