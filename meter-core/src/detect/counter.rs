//! What the meter's own counter did, as events.

use super::alarm::{Level, Toggle};
use super::{Event, EventCode};
use crate::energy::{Flags, Step};
use crate::reading::Reading;

/// Resets and nonsense of the counter. A wrap is no event: it is counted through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct CounterWatch {
    reset: Toggle,
    glitch: Toggle,
}

impl CounterWatch {
    /// Quiet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            reset: Toggle::new(),
            glitch: Toggle::new(),
        }
    }

    /// Takes a reading and what it did. Alarms end with the next reading that has nothing wrong; the value is
    /// what the counter said.
    pub fn push(&mut self, reading: &Reading, step: &Step) -> [Option<Event>; 2] {
        let Some(counter) = reading.counter else {
            return [None; 2];
        };
        let value = i64::try_from(counter.import).unwrap_or(i64::MAX);
        let update = |alarm: &mut Toggle, code, flag| {
            let level = Level::of(step.flags.contains(flag));
            alarm.update(code, reading.at_ms, level, value)
        };
        [
            update(&mut self.reset, EventCode::CounterReset, Flags::RESET),
            update(&mut self.glitch, EventCode::CounterGlitch, Flags::GLITCH),
        ]
    }
}
