//! From readings to registers.

use super::counter::{Change, judge, most_steps};
use super::integral::Powers;
use super::register::PER_UWH;
use super::state::{Config, Flags, Registers, Step};
use crate::reading::{CounterReading, Reading, Source};

/// A counter value that was not believed, and the one that was believed last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
struct Doubt {
    counter: CounterReading,
    at_ms: u64,
}

/// Turns readings into registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct EnergyMeter {
    source: Source,
    config: Config,
    pub(crate) registers: Registers,
    /// The counter as it was believed last, and the time of that; the time is unknown after a restart.
    pub(crate) counter: Option<CounterReading>,
    counted_at_ms: Option<u64>,
    pub(crate) utc_s: Option<i64>,
    doubt: Option<Doubt>,
    last: Option<(u64, Powers)>,
    /// Integral since the counter was believed last, in half milliwatt-milliseconds: what a lost counter
    /// is replaced by.
    unconfirmed: [u64; 2],
}

impl EnergyMeter {
    /// All registers at zero.
    #[must_use]
    pub const fn new(source: Source, config: Config) -> Self {
        Self::with_registers(source, config, Registers::ZERO)
    }

    /// Goes on with registers of before.
    pub(crate) const fn with_registers(
        source: Source,
        config: Config,
        registers: Registers,
    ) -> Self {
        Self {
            source,
            config,
            registers,
            counter: None,
            counted_at_ms: None,
            utc_s: None,
            doubt: None,
            last: None,
            unconfirmed: [0; 2],
        }
    }

    /// The registers.
    #[must_use]
    pub const fn registers(&self) -> &Registers {
        &self.registers
    }

    /// The meter the readings come from.
    #[must_use]
    pub const fn source(&self) -> &Source {
        &self.source
    }

    /// Takes a reading.
    pub fn push(&mut self, reading: &Reading) -> Step {
        let mut step = Step::default();
        let powers = Powers::of(reading);
        match self.last.replace((reading.at_ms, powers)) {
            None => step.flags.set(Flags::FIRST),
            Some((before_ms, before)) if reading.at_ms == before_ms => {
                self.last = Some((before_ms, before));
                step.flags.set(Flags::DUPLICATE);
                return step;
            }
            Some((before_ms, _)) if reading.at_ms < before_ms => {
                // Nobody knows how long ago the counter was read.
                self.counted_at_ms = None;
                self.doubt = None;
                step.flags.set(Flags::BACKWARD);
            }
            Some((before_ms, before)) => {
                self.integrate(reading.at_ms - before_ms, &before, &powers, &mut step);
            }
        }
        if let Some(counter) = reading.counter.filter(|_| self.source.counter_step_uwh > 0) {
            self.count(counter, reading, &mut step);
        }
        self.utc_s = reading.utc_s.or(self.utc_s);
        step
    }

    /// The mean of two powers over the time between them.
    fn integrate(&mut self, elapsed_ms: u64, before: &Powers, now: &Powers, step: &mut Step) {
        let is_gap = elapsed_ms > u64::from(self.config.gap_ms);
        if is_gap {
            step.flags.set(Flags::GAP);
            self.registers.gap_ms = self.registers.gap_ms.saturating_add(elapsed_ms);
            if elapsed_ms > u64::from(self.config.bridge_ms) {
                return;
            }
        }
        before.add_others(now, elapsed_ms, &mut self.registers);
        let Some([import, export]) = before.active(now, elapsed_ms) else {
            return;
        };
        let registers = &mut self.registers;
        registers.integrated_import.add(import);
        registers.integrated_export.add(export);
        if self.source.counter_step_uwh > 0 {
            // The counter says what of this is true.
            for (sum, more) in self.unconfirmed.iter_mut().zip([import, export]) {
                *sum = sum.saturating_add(more);
            }
            return;
        }
        registers.import.add(import);
        registers.export.add(export);
        step.import_uwh = import / PER_UWH;
        step.export_uwh = export / PER_UWH;
        if is_gap {
            registers.estimated.add(import.saturating_add(export));
            step.flags.set(Flags::ESTIMATED);
        }
    }

    /// The counter, if it can be believed.
    fn count(&mut self, now: CounterReading, reading: &Reading, step: &mut Step) {
        let Some(before) = self.counter else {
            self.believe(now, reading.at_ms);
            return;
        };
        let most = most_steps(&self.source, self.elapsed_ms(reading));
        let import = judge(before.import, now.import, most, self.source.moduli);
        let export = judge(before.export, now.export, most, self.source.moduli);
        if import != Change::Impossible && export != Change::Impossible {
            if self.doubt.take().is_some() {
                // The doubt was right: what was said in between was nonsense.
                step.flags.set(Flags::GLITCH);
            }
            self.take([import, export], step);
            self.believe(now, reading.at_ms);
            return;
        }
        step.flags.set(Flags::GLITCH);
        let confirmed = self.doubt.is_some_and(|doubt| {
            let most = most_steps(&self.source, reading.at_ms.saturating_sub(doubt.at_ms));
            let fits = |before, now| matches!(judge(before, now, most, &[]), Change::Counted(_));
            fits(doubt.counter.import, now.import) && fits(doubt.counter.export, now.export)
        });
        if confirmed {
            // It stays there: counting goes on from the new value, and what flowed meanwhile is estimated.
            let estimated = self.unconfirmed;
            self.estimate(estimated, step);
            self.believe(now, reading.at_ms);
            return;
        }
        self.registers.glitches = self.registers.glitches.saturating_add(1);
        self.doubt = Some(Doubt {
            counter: now,
            at_ms: reading.at_ms,
        });
    }

    /// Time since the counter was believed last, or the most it can be.
    fn elapsed_ms(&self, reading: &Reading) -> u64 {
        match (self.counted_at_ms, self.utc_s, reading.utc_s) {
            (Some(at_ms), ..) => reading.at_ms.saturating_sub(at_ms),
            // A clock that was set meanwhile may be off by hours, and counters are patient.
            (None, Some(before_s), Some(now_s)) if now_s >= before_s => {
                let elapsed_s = now_s.abs_diff(before_s);
                elapsed_s.saturating_add(86_400).saturating_mul(1_000)
            }
            _ => self.config.outage_ms,
        }
    }

    fn take(&mut self, changes: [Change; 2], step: &mut Step) {
        let step_uwh = u64::from(self.source.counter_step_uwh);
        let mut lost = [0; 2];
        for (index, change) in changes.into_iter().enumerate() {
            let steps = match change {
                Change::Counted(steps) => steps,
                Change::Wrapped(steps) => {
                    self.registers.wraps = self.registers.wraps.saturating_add(1);
                    step.flags.set(Flags::WRAP);
                    steps
                }
                Change::Reset(steps) => {
                    self.registers.resets = self.registers.resets.saturating_add(1);
                    step.flags.set(Flags::RESET);
                    // What was counted between the last reading and the reset is gone with it.
                    let counted = steps.saturating_mul(step_uwh).saturating_mul(PER_UWH);
                    let integral = self.unconfirmed.get(index).copied().unwrap_or_default();
                    if let Some(slot) = lost.get_mut(index) {
                        *slot = integral.saturating_sub(counted);
                    }
                    steps
                }
                Change::Impossible => 0,
            };
            let uwh = steps.saturating_mul(step_uwh);
            if index == 0 {
                self.registers.import.add_uwh(uwh);
                step.import_uwh = step.import_uwh.saturating_add(uwh);
            } else {
                self.registers.export.add_uwh(uwh);
                step.export_uwh = step.export_uwh.saturating_add(uwh);
            }
        }
        self.estimate(lost, step);
    }

    /// Adds energy that no counter has confirmed, import and export.
    fn estimate(&mut self, [import, export]: [u64; 2], step: &mut Step) {
        if import == 0 && export == 0 {
            return;
        }
        self.registers.import.add(import);
        self.registers.export.add(export);
        self.registers.estimated.add(import.saturating_add(export));
        step.import_uwh = step.import_uwh.saturating_add(import / PER_UWH);
        step.export_uwh = step.export_uwh.saturating_add(export / PER_UWH);
        step.flags.set(Flags::ESTIMATED);
    }

    const fn believe(&mut self, counter: CounterReading, at_ms: u64) {
        self.counter = Some(counter);
        self.counted_at_ms = Some(at_ms);
        self.doubt = None;
        self.unconfirmed = [0; 2];
    }
}
