//! From readings to registers.

use super::belief::Belief;
use super::config::Config;
use super::flags::{Flags, Step};
use super::integral::Powers;
use super::registers::Registers;
use crate::reading::{CounterReading, Reading};

/// A time that is none.
const NO_TIME: u64 = u64::MAX;
/// A time of the day that nobody knows.
const NO_CLOCK: i64 = i64::MIN;
/// Clocks that tell whole seconds differ by one from those that tell parts, and are read a moment apart.
const CLOCK_STEP_MS: u64 = 2_000;

/// Turns readings into registers.
///
/// There may be ten thousand of them in a gateway and one in a chip with little memory: what all meters of a
/// kind have in common is in the [`Config`], and what is known rarely has a value that stands for unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct EnergyMeter {
    registers: Registers,
    belief: Belief,
    last_ms: u64,
    /// Milliseconds since 1970 less the time of the readings.
    clock_ms: i64,
    /// The powers that the integral goes on from.
    powers: Powers,
    /// How long before the last reading they were.
    powers_age_ms: u32,
}

impl EnergyMeter {
    /// All registers at zero.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            registers: Registers::ZERO,
            belief: Belief::NONE,
            last_ms: NO_TIME,
            clock_ms: NO_CLOCK,
            powers: Powers::NONE,
            powers_age_ms: 0,
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
            meter.belief = Belief::stored(counter);
        }
        if let Some(utc_s) = utc_s {
            meter.clock_ms = utc_s.saturating_mul(1_000);
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
        self.belief.counter()
    }

    /// Whether the counter said something that is not believed yet: the next reading decides.
    #[must_use]
    pub const fn is_doubting(&self) -> bool {
        self.belief.is_doubting()
    }

    /// Makes import and export no lower than this, in milliwatt-hours; what was missing counts as estimated. For a
    /// program that has told more than it has stored before it stopped, of a meter that can not tell it once more.
    pub const fn raise(&mut self, import_mwh: u64, export_mwh: u64) {
        let registers = &mut self.registers;
        let import = import_mwh.saturating_sub(registers.import.mwh());
        let export = export_mwh.saturating_sub(registers.export.mwh());
        registers.import.add_mwh(import);
        registers.export.add_mwh(export);
        registers.estimated.add_mwh(import.saturating_add(export));
    }

    /// Seconds since 1970 at the last reading, by the last one that knew them.
    #[must_use]
    pub const fn utc_s(&self) -> Option<i64> {
        match utc_ms(self.clock_ms, self.last_ms) {
            Some(utc_ms) => Some(utc_ms.div_euclid(1_000)),
            None => None,
        }
    }

    /// Takes a reading.
    pub fn push(&mut self, reading: &Reading, config: &Config) -> Step {
        let mut step = Step::NONE;
        let before = [self.registers.import.mwh(), self.registers.export.mwh()];
        let powers = Powers::of(reading);
        let is_news = powers != self.powers || !powers.is_active();
        let (clock_ms, last_ms) = (self.clock_ms, self.last_ms);
        if last_ms == NO_TIME {
            step.flags.set(Flags::FIRST);
            self.start(powers, reading, config, &mut step);
        } else if reading.at_ms == last_ms {
            step.flags.set(Flags::DUPLICATE);
            return step;
        } else if let Some(elapsed_ms) = reading.at_ms.checked_sub(last_ms) {
            self.integrate(elapsed_ms, powers, config, &mut step);
        } else {
            step.flags.set(Flags::BACKWARD);
            self.belief.lose_time();
            self.start(powers, reading, config, &mut step);
        }
        self.last_ms = reading.at_ms;
        self.set_clock(reading, &mut step);
        if let Some(counter) = reading.counter.filter(|_| config.is_counting()) {
            let outage_ms = || outage_ms(utc_ms(clock_ms, last_ms), reading.utc_s, config);
            let registers = &mut self.registers;
            self.belief.count(
                counter,
                is_news,
                &config.source,
                outage_ms,
                registers,
                &mut step,
            );
        }
        let [import, export] = before;
        step.import_mwh = self.registers.import.mwh().saturating_sub(import);
        step.export_mwh = self.registers.export.mwh().saturating_sub(export);
        step
    }

    /// The readings have a new time, and the integral begins: what flowed before is what the counter tells, if it was
    /// known.
    #[cold]
    #[inline(never)]
    const fn start(&mut self, powers: Powers, reading: &Reading, config: &Config, step: &mut Step) {
        self.powers = powers;
        self.powers_age_ms = 0;
        if !config.is_counting() || self.belief.counter().is_none() {
            step.flags.set(Flags::OPEN);
        }
        // By the clock no less can have gone by.
        if let Some(utc_ms) = utc_ms(self.clock_ms, self.last_ms) {
            self.clock_ms = utc_ms.saturating_sub(reading.at_ms as i64);
        }
    }

    /// Follows the time of the day.
    fn set_clock(&mut self, reading: &Reading, step: &mut Step) {
        let Some(utc_s) = reading.utc_s.filter(|utc_s| *utc_s >> 50 == *utc_s >> 63) else {
            return;
        };
        let now_ms = (utc_s * 1_000).saturating_sub(reading.at_ms as i64);
        let before_ms = core::mem::replace(&mut self.clock_ms, now_ms);
        let goes_on = !step.flags.has_any(Flags::FIRST.and(Flags::BACKWARD));
        if goes_on && before_ms != NO_CLOCK && now_ms.abs_diff(before_ms) > CLOCK_STEP_MS {
            step.flags.set(Flags::CLOCK_SET);
        }
    }

    /// The mean of two powers over the time between them.
    fn integrate(&mut self, elapsed_ms: u64, now: Powers, config: &Config, step: &mut Step) {
        let elapsed = u32::try_from(elapsed_ms).unwrap_or(u32::MAX);
        self.belief.wait(elapsed);
        let age_ms = self.powers_age_ms;
        let since_ms = age_ms.saturating_add(elapsed);
        let is_gap = config.is_gap(since_ms);
        if is_gap {
            step.flags.set(Flags::GAP);
            let untold_ms = if config.is_gap(age_ms) { 0 } else { age_ms };
            let gap_ms = elapsed_ms.saturating_add(untold_ms.into());
            self.registers.gap_ms = self.registers.gap_ms.saturating_add(gap_ms);
        }
        let is_bridged = !is_gap || config.is_bridged(since_ms);
        if self.powers.is_active() && !now.is_active() {
            // Maybe the next reading tells its power.
            self.powers_age_ms = since_ms;
            if !is_bridged {
                self.lose(config, step);
            }
            return;
        }
        let before = core::mem::replace(&mut self.powers, now);
        self.powers_age_ms = 0;
        if !is_bridged {
            self.lose(config, step);
            return;
        }
        let registers = &mut self.registers;
        before.add_others(&now, since_ms, registers);
        let Some([import, export]) = before.active(&now, since_ms) else {
            self.lose(config, step);
            return;
        };
        registers.integrated.add(import.saturating_add(export));
        if config.is_counting() {
            // The counter says what of this is true.
            self.belief.integrate([import, export]);
            return;
        }
        registers.import.add(import);
        registers.export.add(export);
        if is_gap {
            registers.estimated.add(import.saturating_add(export));
            step.flags.set(Flags::ESTIMATED);
        }
    }

    /// The integral does not know what flowed.
    const fn lose(&mut self, config: &Config, step: &mut Step) {
        if config.is_counting() {
            self.belief.lose_integral();
        } else {
            step.flags.set(Flags::OPEN);
        }
    }
}

/// Milliseconds since 1970 at a time of the readings, [`NO_TIME`] for what was stored.
const fn utc_ms(clock_ms: i64, last_ms: u64) -> Option<i64> {
    match (clock_ms, last_ms) {
        (NO_CLOCK, _) => None,
        (clock_ms, NO_TIME) => Some(clock_ms),
        (clock_ms, last_ms) => Some(clock_ms.saturating_add(last_ms as i64)),
    }
}

/// The longest time the program can not have run, by the time of the day before and now.
const fn outage_ms(before_ms: Option<i64>, now_s: Option<i64>, config: &Config) -> u64 {
    let (Some(before_ms), Some(now_s)) = (before_ms, now_s) else {
        return config.outage_ms;
    };
    let now_ms = now_s.saturating_mul(1_000);
    if now_ms < before_ms {
        return config.outage_ms;
    }
    // A clock that was set meanwhile may be off by hours, and counters are patient.
    now_ms.abs_diff(before_ms).saturating_add(86_400_000)
}

impl Default for EnergyMeter {
    fn default() -> Self {
        Self::new()
    }
}
