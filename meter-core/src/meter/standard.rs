//! All stages at once.

use super::detectors::{Detectors, Rules};
use super::stage::{Input, Outputs, Stage};
use super::stages::{History, Limits, Quality};
use crate::demand::Demand;
use crate::detect::DropLimits;
use crate::freeze::Freeze;
use crate::profile::Profile;
use crate::snapshot::Snapshot;
use crate::tariff::{RateRegisters, Tariff};

/// All stages of this crate: demand in blocks, load profile, a tariff of up to `R` rates, ends of days and months,
/// quality, detectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Standard<const R: usize = 4> {
    /// Mean power over a period, and the largest.
    pub demand: Demand<1>,
    /// Energy, voltage and current of each interval.
    pub profile: Profile,
    /// Energy by rate.
    pub rates: RateRegisters<R>,
    /// Registers at the ends of days, months and billing periods.
    pub freeze: Freeze,
    /// The supply.
    pub quality: Quality,
    /// Alarms by single readings.
    pub detectors: Detectors,
    /// Alarms by days and nights.
    pub history: History,
}

/// What [`Standard`] is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct StandardSettings<'a> {
    /// Which rate is in force when.
    pub tariff: Tariff<'a>,
    /// What the supply should be.
    pub limits: Limits,
    /// What to look for in readings.
    pub rules: Rules,
    /// How patient to be with days.
    pub drop: DropLimits,
}

impl<const R: usize> Standard<R> {
    /// Demand and load profile over so many seconds (900 for quarters of an hour), billing periods from this day of
    /// the month on.
    #[must_use]
    pub const fn new(interval_s: u32, billing_day: u8) -> Self {
        Self {
            demand: Demand::new(interval_s),
            profile: Profile::new(interval_s),
            rates: RateRegisters::new(),
            freeze: Freeze::new(billing_day),
            quality: Quality::new(),
            detectors: Detectors::new(),
            history: History::new(),
        }
    }
}

impl<const R: usize> Stage for Standard<R> {
    type Config<'a> = StandardSettings<'a>;

    fn push(&mut self, input: &Input<'_>, config: &StandardSettings<'_>, outputs: &mut Outputs) {
        Stage::push(&mut self.demand, input, &(), outputs);
        Stage::push(&mut self.profile, input, &(), outputs);
        Stage::push(&mut self.rates, input, &config.tariff, outputs);
        Stage::push(&mut self.freeze, input, &(), outputs);
        self.quality.push(input, &config.limits, outputs);
        self.detectors.push(input, &config.rules, outputs);
        self.history.push(input, &config.drop, outputs);
    }

    fn miss(&mut self, at_ms: u64, outputs: &mut Outputs) {
        self.detectors.miss(at_ms, outputs);
    }

    fn save(&self, snapshot: &mut Snapshot) {
        self.demand.save(snapshot);
        self.profile.save(snapshot);
        self.rates.save(snapshot);
        self.freeze.save(snapshot);
        self.history.save(snapshot);
    }

    fn load(&mut self, snapshot: &Snapshot) {
        self.demand.load(snapshot);
        self.profile.load(snapshot);
        self.rates.load(snapshot);
        self.freeze.load(snapshot);
        self.history.load(snapshot);
    }
}
