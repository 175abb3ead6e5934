//! Sags, swells and interruptions.

use crate::detect::{Event, EventCode, Level, Method, Phase};
use crate::reading::Reading;

/// A sag, swell or interruption that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Disturbance {
    /// [`EventCode::Sag`], [`EventCode::Swell`] or [`EventCode::Interruption`].
    pub code: EventCode,
    /// When it was seen first, in milliseconds.
    pub begin_ms: u64,
    /// How long it was seen, to the first reading after it, in milliseconds: with a reading a second it may have
    /// been a second shorter.
    pub duration_ms: u64,
    /// The lowest voltage seen, for a swell the highest, in millivolts.
    pub extreme_mv: u32,
    /// The nominal voltage in millivolts.
    pub nominal_mv: u32,
    /// What it was seen by: single readings miss dips of cycles and say too little of their depth.
    pub method: Method,
}

/// Classes of the voltage that is left (EN 50160, table of dips).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum DepthClass {
    /// More than 110 % of nominal: a swell.
    Above110,
    /// 80 % to 90 %.
    From80To90,
    /// 70 % to 80 %.
    From70To80,
    /// 40 % to 70 %.
    From40To70,
    /// 5 % to 40 %.
    From5To40,
    /// Less than 5 %: an interruption.
    Below5,
}

/// Classes of duration (EN 50160, table of dips; up to three minutes an interruption is a short one).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum DurationClass {
    /// Up to 200 ms.
    UpTo200Ms,
    /// Up to 500 ms.
    UpTo500Ms,
    /// Up to a second.
    UpTo1S,
    /// Up to five seconds.
    UpTo5S,
    /// Up to a minute.
    UpTo1Min,
    /// Up to three minutes.
    UpTo3Min,
    /// Longer.
    Longer,
}

impl Disturbance {
    /// The class of its extreme.
    #[must_use]
    pub const fn depth(&self) -> DepthClass {
        if matches!(self.code, EventCode::Swell) {
            return DepthClass::Above110;
        }
        let mv = self.extreme_mv as u64;
        if mv < percent_of(self.nominal_mv, 5) {
            DepthClass::Below5
        } else if mv < percent_of(self.nominal_mv, 40) {
            DepthClass::From5To40
        } else if mv < percent_of(self.nominal_mv, 70) {
            DepthClass::From40To70
        } else if mv < percent_of(self.nominal_mv, 80) {
            DepthClass::From70To80
        } else {
            DepthClass::From80To90
        }
    }

    /// The class of its duration.
    #[must_use]
    pub const fn duration(&self) -> DurationClass {
        match self.duration_ms {
            0..=200 => DurationClass::UpTo200Ms,
            201..=500 => DurationClass::UpTo500Ms,
            501..=1_000 => DurationClass::UpTo1S,
            1_001..=5_000 => DurationClass::UpTo5S,
            5_001..=60_000 => DurationClass::UpTo1Min,
            60_001..=180_000 => DurationClass::UpTo3Min,
            _ => DurationClass::Longer,
        }
    }
}

const fn percent_of(nominal_mv: u32, percent: u64) -> u64 {
    nominal_mv as u64 * percent / 100
}

/// What the voltage is at present.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
enum State {
    #[default]
    Normal,
    Sag,
    Swell,
    Interruption,
}

impl State {
    const fn code(self) -> Option<EventCode> {
        match self {
            Self::Normal => None,
            Self::Sag => Some(EventCode::Sag),
            Self::Swell => Some(EventCode::Swell),
            Self::Interruption => Some(EventCode::Interruption),
        }
    }
}

/// Watches the voltage: a sag below 90 % of nominal until it is above 92 %, a swell above 110 % until below 108 %, an
/// interruption below 5 % until above 7 % (EN 50160; hysteresis of IEC 61000-4-30).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Voltage {
    begin_ms: u64,
    extreme_mv: u32,
    state: State,
}

impl Voltage {
    /// Nothing seen yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            begin_ms: 0,
            extreme_mv: 0,
            state: State::Normal,
        }
    }

    /// Takes a reading, or a half-cycle value of a chip that makes them, and says by what it was seen. Gives the end
    /// of what was, the beginning of what is, and the disturbance that is over. An interruption is no sag: that
    /// ends where the other begins.
    pub fn push(
        &mut self,
        reading: &Reading,
        nominal_mv: u32,
        method: Method,
    ) -> ([Option<Event>; 2], Option<Disturbance>) {
        let Some(mv) = reading.voltage_mv else {
            return ([None; 2], None);
        };
        let now = self.state_at(mv, nominal_mv);
        if now == self.state {
            // A time that stepped back makes no duration that is negative.
            self.begin_ms = self.begin_ms.min(reading.at_ms);
            self.extreme_mv = if matches!(now, State::Swell) {
                self.extreme_mv.max(mv)
            } else {
                self.extreme_mv.min(mv)
            };
            return ([None; 2], None);
        }
        let event = |code, phase, value: u32| Event {
            code,
            phase,
            method,
            at_ms: reading.at_ms,
            value: value.into(),
        };
        let before = self.state.code();
        let ended = before.map(|code| event(code, Phase::Restoration, self.extreme_mv));
        let disturbance = before.map(|code| Disturbance {
            code,
            begin_ms: self.begin_ms,
            duration_ms: reading.at_ms.saturating_sub(self.begin_ms),
            extreme_mv: self.extreme_mv,
            nominal_mv,
            method,
        });
        let began = now.code().map(|code| event(code, Phase::Occurrence, mv));
        *self = Self {
            begin_ms: reading.at_ms,
            extreme_mv: mv,
            state: now,
        };
        ([ended, began], disturbance)
    }

    fn state_at(&self, mv: u32, nominal_mv: u32) -> State {
        // Within 10 % nearly all of the time, which is less work.
        if self.state == State::Normal && mv.abs_diff(nominal_mv) <= nominal_mv / 10 {
            return State::Normal;
        }
        let share = |percent| u64::from(nominal_mv) * percent;
        let mv = u64::from(mv) * 100;
        let goes_on = |state: State, level: Level| match level {
            Level::Beyond => true,
            Level::Between => self.state == state,
            Level::Back => false,
        };
        if goes_on(State::Interruption, Level::below(mv, share(5), share(7))) {
            State::Interruption
        } else if goes_on(State::Sag, Level::below(mv, share(90), share(92))) {
            State::Sag
        } else if goes_on(State::Swell, Level::above(mv, share(110), share(108))) {
            State::Swell
        } else {
            State::Normal
        }
    }
}
