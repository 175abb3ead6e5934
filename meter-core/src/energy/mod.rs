//! Energy registers of a meter.
//!
//! The meter's own counter is the truth: it goes on while nobody reads. The integral of power is kept beside it
//! as a check, and takes its place where there is no counter or where the counter was lost. What a counter
//! does is told apart: it counts, it starts over at its end, it was set to zero, or it says nonsense, which
//! is believed only when the next reading says the same.

mod counter;
mod register;

pub use register::Register;

use crate::reading::{CounterReading, Reading, Source};
use counter::{Change, judge, most_steps};
use register::PER_UWH;

/// How gaps are treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Config {
    /// Readings further apart than this leave a gap, in milliseconds.
    pub gap_ms: u32,
    /// Gaps up to this are bridged by the mean of the powers at their ends where there is no counter;
    /// longer ones stay open.
    pub bridge_ms: u32,
    /// The longest time the meter can have counted while this program did not run, when no clock
    /// tells: a bound for what is believed of its counter after a restart.
    pub outage_ms: u64,
}

impl Config {
    /// Gaps from 10 s on, bridged up to 5 minutes; a month of outage.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            gap_ms: 10_000,
            bridge_ms: 300_000,
            outage_ms: 31 * 86_400_000,
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::new()
    }
}

/// The registers. None of them ever decreases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Registers {
    /// Active energy taken in.
    pub import: Register,
    /// Active energy that flowed back.
    pub export: Register,
    /// The part of both that was estimated: gaps that were bridged, counters that were lost.
    pub estimated: Register,
    /// Integral of the positive active power, as a check.
    pub integrated_import: Register,
    /// Integral of the negative active power.
    pub integrated_export: Register,
    /// Apparent energy, V times I, in milliwatt-hours' place.
    pub apparent: Register,
    /// Non-active energy of a meter without reactive power: the root of S^2 - P^2 (IEEE 1459), without
    /// sign.
    pub nonactive: Register,
    /// Reactive energy by quadrant: import lagging, export lagging, export leading, import leading (IEC
    /// 62053-23, annex C).
    pub quadrants: [Register; 4],
    /// Time without readings in milliseconds.
    pub gap_ms: u64,
    /// How often the counter was set to zero.
    pub resets: u16,
    /// How often it started over at its end.
    pub wraps: u16,
    /// How often it said nonsense.
    pub glitches: u16,
}

/// What happened at a reading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Flags(u16);

impl Flags {
    /// The first reading, or the first one after a restart without a counter.
    pub const FIRST: Self = Self(1);
    /// Readings were missing before this one.
    pub const GAP: Self = Self(1 << 1);
    /// Energy was estimated.
    pub const ESTIMATED: Self = Self(1 << 2);
    /// The counter started over at its end.
    pub const WRAP: Self = Self(1 << 3);
    /// The counter was set to zero.
    pub const RESET: Self = Self(1 << 4);
    /// The counter says nonsense, or has been found to have done so.
    pub const GLITCH: Self = Self(1 << 5);
    /// A reading of a time that was there already; nothing was taken from it.
    pub const DUPLICATE: Self = Self(1 << 6);
    /// Time stepped back; counting goes on from there.
    pub const BACKWARD: Self = Self(1 << 7);

    /// Whether all of `other` are set.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether nothing happened.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    const fn set(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

/// What a reading added to the registers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Step {
    /// Imported energy in microwatt-hours, whole ones.
    pub import_uwh: u64,
    /// Exported energy.
    pub export_uwh: u64,
    /// What happened.
    pub flags: Flags,
}

/// Powers between which an integral runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
struct Powers {
    active_mw: Option<i32>,
    reactive_mvar: Option<i32>,
    apparent_mva: Option<u32>,
}

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
        const ZERO: Register = Register::ZERO;
        Self::with_registers(
            source,
            config,
            Registers {
                import: ZERO,
                export: ZERO,
                estimated: ZERO,
                integrated_import: ZERO,
                integrated_export: ZERO,
                apparent: ZERO,
                nonactive: ZERO,
                quadrants: [ZERO; 4],
                gap_ms: 0,
                resets: 0,
                wraps: 0,
                glitches: 0,
            },
        )
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
        let powers = Powers {
            active_mw: reading.power_mw,
            reactive_mvar: reading.reactive_mvar,
            apparent_mva: reading
                .apparent_mva()
                .and_then(|mva| u32::try_from(mva).ok()),
        };
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
            let gap_ms = self.registers.gap_ms.saturating_add(elapsed_ms);
            self.registers.gap_ms = gap_ms;
            if elapsed_ms > u64::from(self.config.bridge_ms) {
                return;
            }
        }
        let registers = &mut self.registers;
        if let (Some(a), Some(b)) = (before.active_mw, now.active_mw) {
            let import = halves(a, b, elapsed_ms);
            let export = halves(a.saturating_neg(), b.saturating_neg(), elapsed_ms);
            registers.integrated_import.add(import);
            registers.integrated_export.add(export);
            if self.source.counter_step_uwh > 0 {
                let [unconfirmed_import, unconfirmed_export] = &mut self.unconfirmed;
                *unconfirmed_import = unconfirmed_import.saturating_add(import);
                *unconfirmed_export = unconfirmed_export.saturating_add(export);
            } else {
                registers.import.add(import);
                registers.export.add(export);
                step.import_uwh = import / PER_UWH;
                step.export_uwh = export / PER_UWH;
                if is_gap {
                    registers.estimated.add(import.saturating_add(export));
                    step.flags.set(Flags::ESTIMATED);
                }
            }
        }
        if let (Some(a), Some(b)) = (before.apparent_mva, now.apparent_mva) {
            let sum = u64::from(a) + u64::from(b);
            registers.apparent.add(sum.saturating_mul(elapsed_ms));
        }
        for (powers, other) in [(before, now), (now, before)] {
            match (powers.active_mw, powers.reactive_mvar, other.reactive_mvar) {
                (Some(active), Some(reactive), Some(_)) => {
                    let quadrant = match (active < 0, reactive < 0) {
                        (false, false) => 0,
                        (true, false) => 1,
                        (true, true) => 2,
                        (false, true) => 3,
                    };
                    if let Some(register) = registers.quadrants.get_mut(quadrant) {
                        register.add(u64::from(reactive.unsigned_abs()).saturating_mul(elapsed_ms));
                    }
                }
                (Some(active), None, None) => {
                    if let (Some(apparent), Some(_)) = (powers.apparent_mva, other.apparent_mva) {
                        let mvar = nonactive_mvar(apparent, active);
                        registers.nonactive.add(mvar.saturating_mul(elapsed_ms));
                    }
                }
                _ => {}
            }
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

/// Half milliwatt-milliseconds of the positive parts of two powers, each over half the time: their
/// mean where both have one sign.
const fn halves(a_mw: i32, b_mw: i32, elapsed_ms: u64) -> u64 {
    let a = if a_mw > 0 {
        a_mw.unsigned_abs() as u64
    } else {
        0
    };
    let b = if b_mw > 0 {
        b_mw.unsigned_abs() as u64
    } else {
        0
    };
    (a + b).saturating_mul(elapsed_ms)
}

/// The root of S^2 - P^2 (IEEE 1459: non-active power N).
const fn nonactive_mvar(apparent_mva: u32, active_mw: i32) -> u64 {
    let (apparent, active) = (apparent_mva as u64, active_mw.unsigned_abs() as u64);
    (apparent * apparent)
        .saturating_sub(active * active)
        .isqrt()
}
