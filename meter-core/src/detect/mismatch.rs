//! A counter that does not count what flows.

use super::alarm::{Level, Toggle};
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
    alarm: Toggle,
}

/// Where a look began, by the low halves of the numbers: looks are shorter than these wrap, and what a gap can have
/// hidden is allowed for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
struct Base {
    /// In 1024 ms, and one more; 0 before the first look.
    at: u32,
    /// In 1024 ms.
    gap: u32,
    counted_mwh: u32,
    integrated_mwh: u32,
}

const LOOK_MWH: u32 = 50_000;
/// A day in 1024 ms.
const LOOK: u32 = 84_375;

impl EnergyMismatch {
    /// Quiet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            base: Base {
                at: 0,
                gap: 0,
                counted_mwh: 0,
                integrated_mwh: 0,
            },
            alarm: Toggle::new(),
        }
    }

    /// Takes the registers at a time. The event's value is the difference in milliwatt-hours, positive when
    /// the counter is ahead.
    pub fn push(&mut self, at_ms: u64, registers: &Registers, source: &Source) -> Option<Event> {
        let (import, export) = (registers.import.mwh(), registers.export.mwh());
        let now = Base {
            at: ((at_ms >> 10) as u32).wrapping_add(1).max(1),
            gap: (registers.gap_ms >> 10) as u32,
            counted_mwh: import.wrapping_add(export) as u32,
            integrated_mwh: registers.integrated.mwh() as u32,
        };
        if self.base.at == 0 {
            self.base = now;
        }
        let base = self.base;
        let counted = now.counted_mwh.wrapping_sub(base.counted_mwh);
        let integrated = now.integrated_mwh.wrapping_sub(base.integrated_mwh);
        let elapsed = now.at.wrapping_sub(base.at);
        let larger = counted.max(integrated);
        if larger < LOOK_MWH && elapsed < LOOK {
            return None;
        }
        self.base = now;
        let (counted, integrated) = (u64::from(counted), u64::from(integrated));
        // A gap may be a part of 1024 ms longer than is told.
        let gap = u64::from(now.gap.wrapping_sub(base.gap));
        let gap = if gap == 0 { 0 } else { gap + 1 };
        let in_gaps = u64::from(source.max_power_mw) * gap / 3_515;
        let unseen = u64::from(source.power_step_mw) * u64::from(elapsed) / 7_031;
        let steps = 2 * u64::from(source.counter_step_uwh) / 1_000;
        let allowed = steps
            .saturating_add(u64::from(larger / 100 * 3))
            .saturating_add(in_gaps)
            .saturating_add(unseen);
        let is_apart = source.counter_step_uwh > 0 && counted.abs_diff(integrated) > allowed;
        let value = counted.cast_signed().wrapping_sub(integrated.cast_signed());
        self.alarm
            .update(EventCode::EnergyMismatch, at_ms, Level::of(is_apart), value)
    }
}
