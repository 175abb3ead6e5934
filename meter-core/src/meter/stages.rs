//! The stages of this crate.

use super::stage::{Input, Outputs, Stage};
use crate::demand::Demand;
use crate::detect::{BaseLoad, ConsumptionDrop, DropLimits, Method};
use crate::freeze::Freeze;
use crate::profile::Profile;
use crate::quality::{Frequency, Supply, Voltage};
use crate::snapshot::Snapshot;
use crate::tariff::{RateRegisters, Tariff};

/// Needs the time of the day; without, nothing is said and nothing is lost.
impl<const N: usize> Stage for Demand<N> {
    type Config<'a> = ();

    fn push(&mut self, input: &Input<'_>, (): &(), outputs: &mut Outputs) {
        if let Some(utc_s) = input.reading.utc_s {
            let demand = Self::push(self, utc_s, input.registers, input.step.flags);
            outputs.demand = demand.or(outputs.demand);
        }
    }

    fn save(&self, snapshot: &mut Snapshot) {
        snapshot.set_demand(self);
    }

    fn load(&mut self, snapshot: &Snapshot) {
        self.resume(snapshot.peak());
    }
}

/// Needs the time of the day; what flows while it is not known is part of the record after.
impl Stage for Profile {
    type Config<'a> = ();

    fn push(&mut self, input: &Input<'_>, (): &(), outputs: &mut Outputs) {
        if let Some(utc_s) = input.reading.utc_s {
            let record = Self::push(self, utc_s, input.reading, &input.step, input.registers);
            outputs.record = record.or(outputs.record);
        }
    }

    fn save(&self, snapshot: &mut Snapshot) {
        snapshot.set_profile(self);
    }

    fn load(&mut self, snapshot: &Snapshot) {
        if let Some((end_s, base_mwh)) = snapshot.interval() {
            self.resume(end_s, base_mwh);
        }
    }
}

/// Energy by the rates of a tariff. Needs the local time; what flows while it is not known counts to the rate before.
pub type Rates<const R: usize> = RateRegisters<R>;

impl<const R: usize> Stage for RateRegisters<R> {
    type Config<'a> = Tariff<'a>;

    fn push(&mut self, input: &Input<'_>, tariff: &Tariff<'_>, _: &mut Outputs) {
        if let Some(local) = input.local {
            Self::push(self, tariff.rate_at(local), input.registers);
        }
    }

    fn save(&self, snapshot: &mut Snapshot) {
        snapshot.set_rates(self);
    }

    fn load(&mut self, snapshot: &Snapshot) {
        *self = snapshot.rates();
    }
}

/// Needs the local time.
impl Stage for Freeze {
    type Config<'a> = ();

    fn push(&mut self, input: &Input<'_>, (): &(), outputs: &mut Outputs) {
        if let Some(local) = input.local {
            let ended = Self::push(self, local, input.registers, input.step.flags);
            outputs.ended = ended.or(outputs.ended);
        }
    }

    fn save(&self, snapshot: &mut Snapshot) {
        snapshot.set_freeze(self);
    }

    fn load(&mut self, snapshot: &Snapshot) {
        if let Some(begun) = snapshot.freeze() {
            self.resume(begun);
        }
    }
}

/// What the supply should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Limits {
    /// Nominal voltage in millivolts.
    pub nominal_mv: u32,
    /// Nominal frequency in millihertz.
    pub nominal_mhz: u32,
    /// What the voltage is seen by.
    pub method: Method,
}

impl Limits {
    /// Volts and hertz, seen by readings.
    #[must_use]
    pub const fn new(volts: u32, hertz: u32) -> Self {
        Self {
            nominal_mv: volts.saturating_mul(1_000),
            nominal_mhz: hertz.saturating_mul(1_000),
            method: Method::Readings,
        }
    }
}

/// Sags, swells, interruptions and the bands of the frequency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Quality {
    /// The voltage.
    pub voltage: Voltage,
    /// The frequency.
    pub frequency: Frequency,
}

impl Quality {
    /// Nothing seen yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            voltage: Voltage::new(),
            frequency: Frequency::new(),
        }
    }
}

impl Stage for Quality {
    type Config<'a> = Limits;

    fn push(&mut self, input: &Input<'_>, limits: &Limits, outputs: &mut Outputs) {
        let (voltage, disturbance) =
            self.voltage
                .push(input.reading, limits.nominal_mv, limits.method);
        let (mean_mhz, frequency) = self.frequency.push(input.reading, limits.nominal_mhz);
        voltage.iter().for_each(|event| outputs.note(event));
        frequency.iter().for_each(|event| outputs.note(event));
        outputs.disturbance = disturbance.or(outputs.disturbance);
        outputs.mean_mhz = mean_mhz.or(outputs.mean_mhz);
    }
}

/// Needs [`Quality`] before it.
impl Stage for Supply {
    type Config<'a> = Limits;

    fn push(&mut self, input: &Input<'_>, limits: &Limits, outputs: &mut Outputs) {
        let (mv, mhz) = (limits.nominal_mv, limits.nominal_mhz);
        Self::push(self, input.reading, mv, outputs.mean_mhz, mhz);
    }
}

/// Detection by what was used over days and nights. Needs the local time, and [`Freeze`] before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct History {
    /// Far less per day.
    pub consumption: ConsumptionDrop,
    /// Far less at night.
    pub base_load: BaseLoad,
}

impl History {
    /// Nothing learnt yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            consumption: ConsumptionDrop::new(),
            base_load: BaseLoad::new(),
        }
    }
}

impl Stage for History {
    type Config<'a> = DropLimits;

    fn push(&mut self, input: &Input<'_>, limits: &DropLimits, outputs: &mut Outputs) {
        let at_ms = input.reading.at_ms;
        if let Some(ended) = outputs.ended.filter(|ended| ended.day.is_complete) {
            outputs.note(&self.consumption.push(at_ms, ended.day.used_mwh, limits));
        }
        if let Some(local) = input.local {
            outputs.note(&self.base_load.push(at_ms, local, input.registers));
        }
    }

    fn save(&self, snapshot: &mut Snapshot) {
        snapshot.set_history(self);
    }

    fn load(&mut self, snapshot: &Snapshot) {
        *self = snapshot.history();
    }
}
