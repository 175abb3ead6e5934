//! A counter that does not count what flows.

use super::alarm::{Alarm, Level, Rule};
use super::{Event, EventCode};
use crate::energy::Registers;
use crate::reading::Source;

/// Counter and integral of power apart by more than 3 %, two steps, what can have flowed in gaps, and what the
/// power does not show below half of its step (a standby of 0.4 W is 10 Wh a day). Looked at every 50 Wh and
/// every day: polls ten seconds apart are off by 1 % on lively loads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct EnergyMismatch {
    base: Base,
    alarm: Alarm,
    has_base: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
struct Base {
    at_ms: u64,
    gap_ms: u64,
    counted_mwh: u64,
    integrated_mwh: u64,
}

const LOOK_MWH: u64 = 50_000;
const LOOK_MS: u64 = 86_400_000;

impl EnergyMismatch {
    /// Quiet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            base: Base {
                at_ms: 0,
                gap_ms: 0,
                counted_mwh: 0,
                integrated_mwh: 0,
            },
            alarm: Alarm::new(),
            has_base: false,
        }
    }

    /// Takes the registers at a time. The event's value is the difference in milliwatt-hours, positive when
    /// the counter is ahead.
    pub fn push(&mut self, at_ms: u64, registers: &Registers, source: &Source) -> Option<Event> {
        let (import, export) = (registers.import.mwh(), registers.export.mwh());
        let now = Base {
            at_ms,
            gap_ms: registers.gap_ms,
            counted_mwh: import.saturating_add(export),
            integrated_mwh: registers.integrated.mwh(),
        };
        if !self.has_base {
            self.has_base = true;
            self.base = now;
        }
        let base = self.base;
        let counted = now.counted_mwh.saturating_sub(base.counted_mwh);
        let integrated = now.integrated_mwh.saturating_sub(base.integrated_mwh);
        let larger = counted.max(integrated);
        let elapsed_ms = at_ms.saturating_sub(base.at_ms);
        if larger < LOOK_MWH && elapsed_ms < LOOK_MS {
            return None;
        }
        self.base = now;
        let gap_ms = now.gap_ms.saturating_sub(base.gap_ms);
        let in_gaps = u64::from(source.max_power_mw).saturating_mul(gap_ms) / 3_600_000;
        let unseen = u64::from(source.power_step_mw).saturating_mul(elapsed_ms) / 7_200_000;
        let steps = 2 * u64::from(source.counter_step_uwh) / 1_000;
        let allowed = steps
            .saturating_add(larger / 100 * 3)
            .saturating_add(in_gaps)
            .saturating_add(unseen);
        let is_apart = source.counter_step_uwh > 0 && counted.abs_diff(integrated) > allowed;
        let value = counted.cast_signed().wrapping_sub(integrated.cast_signed());
        let rule = Rule::at_once(EventCode::EnergyMismatch);
        self.alarm.update(&rule, at_ms, Level::of(is_apart), value)
    }
}
