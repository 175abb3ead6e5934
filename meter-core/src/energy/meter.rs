//! From readings to registers.

use super::counter::{Change, judge, most_steps};
use super::integral::Powers;
use super::register::PER_UWH;
use super::state::{Config, Flags, Registers, Step};
use crate::reading::{CounterReading, Reading, Source};

/// An age that nobody knows, or longer than 49 days.
const UNKNOWN: u32 = u32::MAX;
/// A day without readings is a gap, whatever the configuration says.
const MOST_GAP_MS: u32 = 86_400_000;
/// A time of the day that nobody knows.
const NO_CLOCK: i64 = i64::MIN;

/// Turns readings into registers.
///
/// There may be ten thousand of them in a gateway and one in a chip with little memory: what all meters of a
/// kind have in common is in the [`Config`], and what is known rarely has a value that stands for unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct EnergyMeter {
    registers: Registers,
    /// The counter as it was believed last.
    counter: CounterReading,
    /// A counter value that was not believed.
    doubted: CounterReading,
    /// Integral since the counter was believed last, import and export in half milliwatt-milliseconds:
    /// what a lost counter is replaced by.
    unconfirmed: [u64; 2],
    last_ms: u64,
    utc_s: i64,
    powers: Powers,
    /// How long before the last reading the counter was believed.
    counter_age_ms: u32,
    /// How long before the last reading it was doubted.
    doubt_age_ms: u32,
    has_last: bool,
    has_counter: bool,
    has_doubt: bool,
    /// Whether what was doubted can be a reset.
    doubts_reset: bool,
}

impl EnergyMeter {
    /// All registers at zero.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            registers: Registers::ZERO,
            counter: CounterReading::ZERO,
            doubted: CounterReading::ZERO,
            unconfirmed: [0; 2],
            last_ms: 0,
            utc_s: NO_CLOCK,
            powers: Powers::NONE,
            counter_age_ms: UNKNOWN,
            doubt_age_ms: UNKNOWN,
            has_last: false,
            has_counter: false,
            has_doubt: false,
            doubts_reset: false,
        }
    }

    /// Goes on with what was kept; the age of the counter is unknown.
    pub(crate) const fn from_parts(
        registers: Registers,
        counter: Option<CounterReading>,
        utc_s: Option<i64>,
    ) -> Self {
        let mut meter = Self::new();
        meter.registers = registers;
        if let Some(counter) = counter {
            meter.counter = counter;
            meter.has_counter = true;
        }
        if let Some(utc_s) = utc_s {
            meter.utc_s = utc_s;
        }
        meter
    }

    /// The registers.
    #[must_use]
    pub const fn registers(&self) -> &Registers {
        &self.registers
    }

    /// The meter's counter as it was believed last.
    #[must_use]
    pub const fn counter(&self) -> Option<CounterReading> {
        if self.has_counter {
            Some(self.counter)
        } else {
            None
        }
    }

    /// Seconds since 1970 of the last reading that knew them.
    #[must_use]
    pub const fn utc_s(&self) -> Option<i64> {
        match self.utc_s {
            NO_CLOCK => None,
            utc_s => Some(utc_s),
        }
    }

    /// Takes a reading.
    pub fn push(&mut self, reading: &Reading, config: &Config) -> Step {
        let mut step = Step::default();
        let before = [self.registers.import.mwh(), self.registers.export.mwh()];
        let powers = Powers::of(reading);
        if !self.has_last {
            step.flags.set(Flags::FIRST);
        } else if reading.at_ms == self.last_ms {
            step.flags.set(Flags::DUPLICATE);
            return step;
        } else if let Some(elapsed_ms) = reading.at_ms.checked_sub(self.last_ms) {
            let elapsed = u32::try_from(elapsed_ms).unwrap_or(UNKNOWN);
            self.counter_age_ms = self.counter_age_ms.saturating_add(elapsed);
            self.doubt_age_ms = self.doubt_age_ms.saturating_add(elapsed);
            self.integrate(elapsed_ms, &powers, config, &mut step);
        } else {
            // Nobody knows how long ago the counter was read.
            self.counter_age_ms = UNKNOWN;
            self.has_doubt = false;
            step.flags.set(Flags::BACKWARD);
        }
        self.has_last = true;
        self.last_ms = reading.at_ms;
        self.powers = powers;
        let counter = reading.counter;
        if let Some(counter) = counter.filter(|_| config.source.counter_step_uwh > 0) {
            self.count(counter, reading, config, &mut step);
        }
        self.utc_s = reading.utc_s.unwrap_or(self.utc_s);
        let [import, export] = before;
        step.import_mwh = self.registers.import.mwh().saturating_sub(import);
        step.export_mwh = self.registers.export.mwh().saturating_sub(export);
        step
    }

    /// The mean of two powers over the time between them.
    fn integrate(&mut self, elapsed_ms: u64, now: &Powers, config: &Config, step: &mut Step) {
        let registers = &mut self.registers;
        let is_gap = elapsed_ms > u64::from(config.gap_ms.min(MOST_GAP_MS));
        if is_gap {
            step.flags.set(Flags::GAP);
            registers.gap_ms = registers.gap_ms.saturating_add(elapsed_ms);
        }
        // Nothing is bridged over 24 days, and no product is beyond 64 bits.
        let bridge_ms = config.bridge_ms.min(i32::MAX.unsigned_abs());
        if is_gap && elapsed_ms > u64::from(bridge_ms) {
            return;
        }
        let elapsed_ms = elapsed_ms as u32;
        self.powers.add_others(now, elapsed_ms, registers);
        let Some([import, export]) = self.powers.active(now, elapsed_ms) else {
            return;
        };
        registers.integrated.add(import.saturating_add(export));
        if config.source.counter_step_uwh > 0 {
            // The counter says what of this is true.
            for (sum, more) in self.unconfirmed.iter_mut().zip([import, export]) {
                *sum = sum.saturating_add(more);
            }
            return;
        }
        registers.import.add(import);
        registers.export.add(export);
        if is_gap {
            registers.estimated.add(import.saturating_add(export));
            step.flags.set(Flags::ESTIMATED);
        }
    }

    /// The counter, if it can be believed.
    fn count(&mut self, now: CounterReading, reading: &Reading, config: &Config, step: &mut Step) {
        let source = &config.source;
        if !self.has_counter {
            self.believe(now);
            return;
        }
        let before = self.counter;
        if now == before && !self.has_doubt {
            // Most readings find it where it was.
            self.believe(now);
            return;
        }
        let most = || most_steps(source, self.elapsed_ms(reading, config));
        let changes = [
            judge(before.import, now.import, most, source.moduli),
            judge(before.export, now.export, most, source.moduli),
        ];
        let goes_on = |change: &Change| matches!(change, Change::Counted(_) | Change::Wrapped(_));
        if changes.iter().all(goes_on) {
            if self.has_doubt {
                // The doubt was right: what was said in between was nonsense.
                self.glitch(self.doubts_reset, step);
            }
            self.take(changes, source, step);
            self.believe(now);
        } else if self.fits_doubt(now, source) {
            // It stays there.
            if self.doubts_reset {
                self.take(changes, source, step);
            } else {
                // What flowed meanwhile is estimated.
                step.flags.set(Flags::GLITCH);
                let estimated = self.unconfirmed;
                self.estimate(estimated, step);
            }
            self.believe(now);
        } else {
            // A meter that loses its supply may say zero once, and a reset is only one that lasts.
            let can_be_reset = changes.iter().all(|change| *change != Change::Impossible);
            if self.has_doubt && self.doubts_reset {
                self.glitch(true, step);
            }
            if !can_be_reset {
                self.glitch(true, step);
            }
            self.has_doubt = true;
            self.doubts_reset = can_be_reset;
            self.doubted = now;
            self.doubt_age_ms = 0;
        }
    }

    const fn glitch(&mut self, is_new: bool, step: &mut Step) {
        step.flags.set(Flags::GLITCH);
        if is_new {
            self.registers.glitches = self.registers.glitches.saturating_add(1);
        }
    }

    /// Whether a counter goes on from the value that was doubted.
    fn fits_doubt(&self, now: CounterReading, source: &Source) -> bool {
        if !self.has_doubt || self.doubt_age_ms == UNKNOWN {
            return false;
        }
        let most = || most_steps(source, self.doubt_age_ms.into());
        let fits = |before, now| matches!(judge(before, now, most, &[]), Change::Counted(_));
        fits(self.doubted.import, now.import) && fits(self.doubted.export, now.export)
    }

    /// Time since the counter was believed last, or the most it can be.
    fn elapsed_ms(&self, reading: &Reading, config: &Config) -> u64 {
        match (self.counter_age_ms, self.utc_s(), reading.utc_s) {
            (UNKNOWN, Some(before_s), Some(now_s)) if now_s >= before_s => {
                // A clock that was set meanwhile may be off by hours, and counters are patient.
                let elapsed_s = now_s.abs_diff(before_s);
                elapsed_s.saturating_add(86_400).saturating_mul(1_000)
            }
            (UNKNOWN, ..) => config.outage_ms,
            (age_ms, ..) => age_ms.into(),
        }
    }

    fn take(&mut self, [import, export]: [Change; 2], source: &Source, step: &mut Step) {
        let [unconfirmed_import, unconfirmed_export] = self.unconfirmed;
        let (uwh, lost_import) = self.counted(import, unconfirmed_import, source, step);
        self.registers.import.add_uwh(uwh);
        let (uwh, lost_export) = self.counted(export, unconfirmed_export, source, step);
        self.registers.export.add_uwh(uwh);
        self.estimate([lost_import, lost_export], step);
    }

    /// What a change is in microwatt-hours, and what of the integral a reset has taken with it.
    fn counted(
        &mut self,
        change: Change,
        unconfirmed: u64,
        source: &Source,
        step: &mut Step,
    ) -> (u64, u64) {
        let uwh = |steps: u64| steps.saturating_mul(source.counter_step_uwh.into());
        match change {
            Change::Counted(steps) => (uwh(steps), 0),
            Change::Wrapped(steps) => {
                self.registers.wraps = self.registers.wraps.saturating_add(1);
                step.flags.set(Flags::WRAP);
                (uwh(steps), 0)
            }
            Change::Reset(steps) => {
                self.registers.resets = self.registers.resets.saturating_add(1);
                step.flags.set(Flags::RESET);
                // What was counted between the last reading and the reset is gone with it.
                let lost = unconfirmed.saturating_sub(uwh(steps).saturating_mul(PER_UWH));
                (uwh(steps), lost)
            }
            Change::Impossible => (0, 0),
        }
    }

    /// Adds energy that no counter has confirmed, import and export.
    fn estimate(&mut self, [import, export]: [u64; 2], step: &mut Step) {
        if import == 0 && export == 0 {
            return;
        }
        self.registers.import.add(import);
        self.registers.export.add(export);
        self.registers.estimated.add(import.saturating_add(export));
        step.flags.set(Flags::ESTIMATED);
    }

    const fn believe(&mut self, counter: CounterReading) {
        self.counter = counter;
        self.has_counter = true;
        self.counter_age_ms = 0;
        self.has_doubt = false;
        self.unconfirmed = [0; 2];
    }
}

impl Default for EnergyMeter {
    fn default() -> Self {
        Self::new()
    }
}
