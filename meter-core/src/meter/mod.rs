//! The whole way of a reading: calibration, registers, and whatever stages a meter wants behind them.
//!
//! A stage is a type: [`Meter<()>`](Meter) has registers alone, `Meter<(Quality, Detectors)>` two stages more, and
//! [`Standard`] all that this crate has, by name. What meters of a kind have in common is in the [`Settings`], kept
//! once and lent to each [`push`](Meter::push), so that ten thousand meters take little more than their registers.

mod detectors;
mod stage;
mod stages;
mod standard;

pub use detectors::{Detectors, Rules};
pub use stage::{Input, Outputs, Stage};
pub use stages::{History, Limits, Quality, Rates};
pub use standard::{Standard, StandardSettings};

use crate::calibration::Calibration;
use crate::energy::{Config, EnergyMeter, Registers};
use crate::reading::Reading;
use crate::snapshot::Snapshot;
use crate::tariff::LocalTime;

/// What a meter is to do: the same for all of its readings, and for all meters of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Settings<C = (), const K: usize = 0> {
    /// What readings are corrected by. The counter is corrected in the [source](Config::source): see
    /// [`Calibration::source`].
    pub calibration: Calibration<K>,
    /// The source, and how gaps are treated.
    pub energy: Config,
    /// What the stages are to do.
    pub stages: C,
}

impl<C> Settings<C> {
    /// Without calibration.
    #[must_use]
    pub const fn new(energy: Config, stages: C) -> Self {
        Self {
            calibration: Calibration::NONE,
            energy,
            stages,
        }
    }
}

/// Registers, and stages behind them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Meter<S = ()> {
    energy: EnergyMeter,
    /// The stages, to be asked for what they know.
    pub stages: S,
}

impl<S: Stage> Meter<S> {
    /// All registers at zero.
    #[must_use]
    pub const fn new(stages: S) -> Self {
        Self {
            energy: EnergyMeter::new(),
            stages,
        }
    }

    /// Takes a reading, and the local time if it is known: days, rates and nights follow that.
    /// What it led to is written into `outputs`, in place of what was there: these are the caller's and can be kept,
    /// since most of their 900 bytes are not touched by a reading.
    pub fn push<const K: usize>(
        &mut self,
        reading: &Reading,
        local: Option<LocalTime>,
        settings: &Settings<S::Config<'_>, K>,
        outputs: &mut Outputs,
    ) {
        outputs.clear();
        let reading = settings.calibration.apply(reading);
        let step = self.energy.push(&reading, &settings.energy);
        outputs.step = step;
        let input = Input {
            reading: &reading,
            local,
            step,
            registers: self.energy.registers(),
            source: &settings.energy.source,
        };
        self.stages.push(&input, &settings.stages, outputs);
    }

    /// A poll at a time in milliseconds that gave no reading.
    pub fn miss(&mut self, at_ms: u64, outputs: &mut Outputs) {
        outputs.clear();
        self.stages.miss(at_ms, outputs);
    }

    /// The registers.
    #[must_use]
    pub const fn registers(&self) -> &Registers {
        self.energy.registers()
    }

    /// Whether the counter said something that is not believed yet: the next reading decides.
    #[must_use]
    pub const fn is_doubting(&self) -> bool {
        self.energy.is_doubting()
    }

    /// Makes import and export no lower than this, in milliwatt-hours: see [`EnergyMeter::raise`].
    pub const fn raise(&mut self, import_mwh: u64, export_mwh: u64) {
        self.energy.raise(import_mwh, export_mwh);
    }

    /// The state, to be stored.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let mut snapshot = self.energy.snapshot();
        self.stages.save(&mut snapshot);
        snapshot
    }

    /// Goes on from a stored state; `stages` are new ones, which take from it what they need.
    #[must_use]
    pub fn restore(mut stages: S, snapshot: &Snapshot) -> Self {
        stages.load(snapshot);
        Self {
            energy: EnergyMeter::restore(snapshot),
            stages,
        }
    }
}
