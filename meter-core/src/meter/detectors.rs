//! All detectors that look at each reading.

use super::stage::{Input, Outputs, Stage};
use crate::detect::{
    Alarm, ClockWatch, CounterWatch, Edges, EnergyMismatch, FrozenSource, FrozenTimes,
    ImpossiblePower, Limit, Link, Naive, Residual,
};

/// What to look for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Rules {
    /// Too much power.
    pub overload: Option<Limit>,
    /// Too much current.
    pub over_current: Option<Limit>,
    /// Much current at a low power factor, for information.
    pub low_power_factor: Option<Limit>,
    /// The naive rule for theft.
    pub theft: Option<Naive>,
    /// The naive rule for high usage.
    pub high_usage: Option<Naive>,
    /// How long values may stay the same.
    pub frozen: FrozenTimes,
}

impl Rules {
    /// What needs no knowledge of the installation: no limits of power and current, and of the naive rules the one
    /// for theft with its guard.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            overload: None,
            over_current: None,
            low_power_factor: Some(Limit::low_power_factor()),
            theft: Some(Naive::theft_suspicion(100, true)),
            high_usage: None,
            frozen: FrozenTimes::new(),
        }
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self::new()
    }
}

/// The state of all detectors that look at each reading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Detectors {
    overload: Alarm,
    over_current: Alarm,
    low_power_factor: Alarm,
    theft: Alarm,
    high_usage: Alarm,
    residual: Residual,
    impossible: ImpossiblePower,
    frozen: FrozenSource,
    mismatch: EnergyMismatch,
    counter: CounterWatch,
    clock: ClockWatch,
    edges: Edges,
    link: Link,
}

impl Detectors {
    /// Quiet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            overload: Alarm::new(),
            over_current: Alarm::new(),
            low_power_factor: Alarm::new(),
            theft: Alarm::new(),
            high_usage: Alarm::new(),
            residual: Residual::new(),
            impossible: ImpossiblePower::new(),
            frozen: FrozenSource::new(),
            mismatch: EnergyMismatch::new(),
            counter: CounterWatch::new(),
            clock: ClockWatch::new(),
            edges: Edges::new(),
            link: Link::new(),
        }
    }

    /// The link to the meter.
    #[must_use]
    pub const fn link(&self) -> &Link {
        &self.link
    }
}

impl Stage for Detectors {
    type Config<'a> = Rules;

    fn push(&mut self, input: &Input<'_>, rules: &Rules, outputs: &mut Outputs) {
        let (reading, source, at_ms) = (input.reading, input.source, input.reading.at_ms);
        let limit =
            |limit: &Option<Limit>, alarm: &mut Alarm| limit.as_ref()?.check(reading, alarm);
        let naive =
            |rule: &Option<Naive>, alarm: &mut Alarm| rule.as_ref()?.check(reading, source, alarm);
        outputs.note(&limit(&rules.overload, &mut self.overload));
        outputs.note(&limit(&rules.over_current, &mut self.over_current));
        outputs.note(&limit(&rules.low_power_factor, &mut self.low_power_factor));
        outputs.note(&naive(&rules.theft, &mut self.theft));
        outputs.note(&naive(&rules.high_usage, &mut self.high_usage));
        outputs.note(&self.residual.push(reading, source));
        outputs.note(&self.impossible.push(reading, source));
        outputs.note(&self.frozen.push(reading, &rules.frozen));
        outputs.note(&self.mismatch.push(at_ms, input.registers, source));
        outputs.note(&self.link.push(at_ms, true));
        for event in &self.counter.push(reading, &input.step) {
            outputs.note(event);
        }
        for event in &self.clock.push(reading) {
            outputs.note(event);
        }
        outputs.edge = self.edges.push(reading).or(outputs.edge);
    }

    fn miss(&mut self, at_ms: u64, outputs: &mut Outputs) {
        outputs.note(&self.link.push(at_ms, false));
    }
}
