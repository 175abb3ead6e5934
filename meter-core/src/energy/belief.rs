//! What is believed of the meter's own counter.

use super::change::{Change, judge, most_steps, steps_of};
use super::flags::{Flags, Step};
use super::register::PER_UWH;
use super::registers::Registers;
use crate::reading::{CounterReading, Source};

/// An age that nobody knows, or longer than 49 days.
const UNKNOWN: u32 = u32::MAX;

/// A counter value that was not believed, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
enum Doubt {
    /// There is none.
    None,
    /// It can not have got there.
    Nonsense,
    /// It can have been set to zero, and a reset is only one that lasts.
    Reset,
    /// It says exactly zero near its end: it may have started over, or be a meter that is not awake yet.
    Zero,
}

/// The counter as it was believed last, and a value that was not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(super) struct Belief {
    counter: CounterReading,
    doubted: CounterReading,
    /// Integral since the counter moved, import and export in half milliwatt-milliseconds: what a lost counter is replaced
    /// by.
    unconfirmed: [u64; 2],
    /// How long before the last reading the counter was believed.
    age_ms: u32,
    /// How long before the last reading the meter has said something new: one that repeats itself to the last digit may
    /// not have looked.
    repeated_ms: u32,
    /// How long before the last reading it was doubted.
    doubt_age_ms: u32,
    doubt: Doubt,
    is_known: bool,
    /// Whether that integral has a hole.
    has_hole: bool,
}

impl Belief {
    pub(super) const NONE: Self = Self {
        counter: CounterReading::ZERO,
        doubted: CounterReading::ZERO,
        unconfirmed: [0; 2],
        age_ms: UNKNOWN,
        repeated_ms: 0,
        doubt_age_ms: UNKNOWN,
        doubt: Doubt::None,
        is_known: false,
        has_hole: false,
    };

    /// A counter of before a restart: nobody knows how long ago it was read.
    pub(super) const fn stored(counter: CounterReading) -> Self {
        Self {
            counter,
            is_known: true,
            ..Self::NONE
        }
    }

    pub(super) const fn counter(&self) -> Option<CounterReading> {
        if self.is_known {
            Some(self.counter)
        } else {
            None
        }
    }

    /// Whether the counter said something that is not believed.
    pub(super) const fn is_doubting(&self) -> bool {
        !matches!(self.doubt, Doubt::None)
    }

    /// Time went by.
    pub(super) const fn wait(&mut self, elapsed_ms: u32) {
        self.age_ms = self.age_ms.saturating_add(elapsed_ms);
        self.repeated_ms = self.repeated_ms.saturating_add(elapsed_ms);
        self.doubt_age_ms = self.doubt_age_ms.saturating_add(elapsed_ms);
    }

    /// Nobody knows how much time went by.
    pub(super) const fn lose_time(&mut self) {
        self.age_ms = UNKNOWN;
        self.doubt = Doubt::None;
        self.has_hole = true;
    }

    /// Energy flowed that the integral of power does not know.
    pub(super) const fn lose_integral(&mut self) {
        self.has_hole = true;
    }

    /// Energy flowed by the integral of power.
    pub(super) fn integrate(&mut self, energy: [u64; 2]) {
        for (sum, more) in self.unconfirmed.iter_mut().zip(energy) {
            *sum = sum.saturating_add(more);
        }
    }

    /// The counter was read, in a reading that says something new or repeats the one before. `outage_ms` is how long ago it
    /// was believed at most, when its age is not known.
    pub(super) fn count(
        &mut self,
        now: CounterReading,
        is_news: bool,
        source: &Source,
        outage_ms: impl Fn() -> u64,
        registers: &mut Registers,
        step: &mut Step,
    ) {
        if !self.is_known {
            // What flowed before anybody knew the counter is known by its power alone.
            self.estimate(self.unconfirmed, registers, step);
            self.believe(now);
            return;
        }
        let before = self.counter;
        if now == before && self.doubt == Doubt::None {
            // Most readings find it where it was.
            self.age_ms = 0;
            if is_news {
                self.repeated_ms = 0;
            }
            return;
        }
        let most = |unconfirmed: u64| {
            let age_ms = match self.age_ms {
                UNKNOWN => outage_ms(),
                age_ms => age_ms.into(),
            };
            most_steps(source, age_ms).max(steps_of(source, unconfirmed))
        };
        let [import, export] = self.unconfirmed;
        let changes = [
            judge(before.import, now.import, || most(import), source.moduli),
            judge(before.export, now.export, || most(export), source.moduli),
        ];
        let is_possible = !changes.contains(&Change::Impossible);
        let is_wrap = changes
            .iter()
            .any(|change| matches!(change, Change::Wrapped(_)));
        let goes_on = |change: &Change| matches!(change, Change::Counted(_) | Change::Wrapped(_));
        if changes.iter().all(goes_on) {
            let is_awaited = is_wrap && self.doubt == Doubt::Zero;
            if self.doubt != Doubt::None && !is_awaited {
                // The doubt was right: what was said in between was nonsense.
                glitch(self.doubt != Doubt::Nonsense, registers, step);
            }
            if is_wrap && !is_awaited && now == CounterReading::ZERO {
                self.doubt(now, Doubt::Zero);
                return;
            }
            self.take(changes, source, registers, step);
            self.believe(now);
        } else if self.fits_doubt(now, source) {
            // It stays there.
            let repeated_ms = self.repeated_ms.into();
            let counted = [
                judge(
                    before.import,
                    now.import,
                    || most_steps(source, repeated_ms),
                    &[],
                ),
                judge(
                    before.export,
                    now.export,
                    || most_steps(source, repeated_ms),
                    &[],
                ),
            ];
            if self.doubt != Doubt::Nonsense && is_possible {
                self.take(changes, source, registers, step);
            } else if counted.iter().all(goes_on) {
                // It counted while the meter repeated itself, which was a time without readings.
                glitch(false, registers, step);
                registers.gap_ms = registers.gap_ms.saturating_add(repeated_ms);
                step.flags.set(Flags::GAP);
                self.take(counted, source, registers, step);
            } else {
                // What flowed meanwhile is estimated.
                glitch(false, registers, step);
                self.estimate(self.unconfirmed, registers, step);
                self.leave_open(step);
            }
            self.believe(now);
        } else {
            if !matches!(self.doubt, Doubt::None | Doubt::Nonsense) {
                glitch(true, registers, step);
            }
            if is_possible {
                self.doubt(now, Doubt::Reset);
            } else {
                glitch(true, registers, step);
                self.doubt(now, Doubt::Nonsense);
            }
        }
    }

    /// Whether a counter goes on from the value that was doubted.
    fn fits_doubt(&self, now: CounterReading, source: &Source) -> bool {
        if self.doubt == Doubt::None || self.doubt_age_ms == UNKNOWN {
            return false;
        }
        let most = || most_steps(source, self.doubt_age_ms.into());
        let fits = |before, now| matches!(judge(before, now, most, &[]), Change::Counted(_));
        fits(self.doubted.import, now.import) && fits(self.doubted.export, now.export)
    }

    fn take(
        &self,
        [import, export]: [Change; 2],
        source: &Source,
        registers: &mut Registers,
        step: &mut Step,
    ) {
        let [unconfirmed_import, unconfirmed_export] = self.unconfirmed;
        let (uwh, lost_import) = self.counted(import, unconfirmed_import, source, registers, step);
        registers.import.add_uwh(uwh);
        let (uwh, lost_export) = self.counted(export, unconfirmed_export, source, registers, step);
        registers.export.add_uwh(uwh);
        self.estimate([lost_import, lost_export], registers, step);
    }

    /// What a change is in microwatt-hours, and what of the integral a reset has taken with it.
    fn counted(
        &self,
        change: Change,
        unconfirmed: u64,
        source: &Source,
        registers: &mut Registers,
        step: &mut Step,
    ) -> (u64, u64) {
        let uwh = |steps: u64| steps.saturating_mul(source.counter_step_uwh.into());
        match change {
            Change::Counted(steps) => (uwh(steps), 0),
            Change::Wrapped(steps) => {
                registers.wraps = registers.wraps.saturating_add(1);
                step.flags.set(Flags::WRAP);
                (uwh(steps), 0)
            }
            Change::Reset(steps) => {
                registers.resets = registers.resets.saturating_add(1);
                step.flags.set(Flags::RESET);
                self.leave_open(step);
                // What was counted between the last reading and the reset is gone with it.
                let lost = unconfirmed.saturating_sub(uwh(steps).saturating_mul(PER_UWH));
                (uwh(steps), lost)
            }
            Change::Impossible => (0, 0),
        }
    }

    /// Says so when an estimate can not be whole.
    const fn leave_open(&self, step: &mut Step) {
        if self.has_hole || self.age_ms == UNKNOWN {
            step.flags.set(Flags::OPEN);
        }
    }

    /// Adds energy that no counter has confirmed, import and export.
    fn estimate(&self, [import, export]: [u64; 2], registers: &mut Registers, step: &mut Step) {
        if import == 0 && export == 0 {
            return;
        }
        registers.import.add(import);
        registers.export.add(export);
        registers.estimated.add(import.saturating_add(export));
        step.flags.set(Flags::ESTIMATED);
    }

    const fn doubt(&mut self, counter: CounterReading, why: Doubt) {
        self.doubted = counter;
        self.doubt = why;
        self.doubt_age_ms = 0;
    }

    const fn believe(&mut self, counter: CounterReading) {
        self.counter = counter;
        self.is_known = true;
        self.age_ms = 0;
        self.repeated_ms = 0;
        self.doubt = Doubt::None;
        self.unconfirmed = [0; 2];
        self.has_hole = false;
    }
}

const fn glitch(is_new: bool, registers: &mut Registers, step: &mut Step) {
    step.flags.set(Flags::GLITCH);
    if is_new {
        registers.glitches = registers.glitches.saturating_add(1);
    }
}
