//! The guided way: load by load, reading by reading, to a calibration.

use super::average::Average;
use super::gains::Gains;
use super::{Calibration, CalibrationError, Point, Reference, Step};
use crate::factor::Factor;
use crate::front_end::PhaseBudget;
use crate::window::{LineCycles, Rms};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
enum Stage {
    Gain,
    Phase,
    Offset,
    VoltageOffset,
    Done,
}

/// Asks for loads, takes readings, ends in a [`Calibration`].
///
/// Before each reading the driver must have [`calibration`](Self::calibration), which changes with every
/// step. After the first step it may end at any time: what was not done stays nominal.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Procedure {
    pub(super) nominal: Calibration,
    pub(super) calibration: Calibration,
    voltage_mv: u32,
    current_ma: u32,
    mains_hz: u8,
    pub(super) tolerated_udeg: u32,
    stage: Stage,
    pub(super) gains: Gains,
    /// Rms values of the first step and what they stood for.
    pub(super) basic: (Rms, Reference),
    pub(super) phase: Option<PhaseBudget>,
}

impl Procedure {
    /// Starts from the nominal calibration of a front end, for a meter of so many volts and with a
    /// basic current, which is a fifth to a tenth of the largest.
    #[must_use]
    pub const fn new(nominal: Calibration, voltage_mv: u32, current_ma: u32, mains_hz: u8) -> Self {
        let nothing = Reference {
            voltage_mv: 0,
            current_ua: 0,
            active_mw: 0,
            reactive_mvar: 0,
        };
        Self {
            nominal,
            calibration: nominal,
            voltage_mv,
            current_ma,
            mains_hz,
            tolerated_udeg: 28_500,
            stage: Stage::Gain,
            gains: Gains {
                active: Factor::ZERO,
                apparent: Factor::ZERO,
            },
            basic: (
                Rms {
                    current: 0,
                    voltage: 0,
                },
                nothing,
            ),
            phase: None,
        }
    }

    /// Accepts a phase error beyond PHCAL's reach, up to so many microdegrees: one millidegree is
    /// 0.003 % at a power factor of 0.5.
    #[must_use]
    pub const fn with_tolerated_phase(mut self, udeg: u32) -> Self {
        self.tolerated_udeg = udeg;
        self
    }

    /// What to do next.
    #[must_use]
    pub fn step(&self) -> Step {
        match self.stage {
            Stage::Gain => Step::Gain(self.point(self.voltage_mv, self.current_ma, 0)),
            Stage::Phase => Step::Phase(self.point(self.voltage_mv, self.current_ma, 60)),
            Stage::Offset => Step::Offset(self.point(self.voltage_mv, self.current_ma / 20, 0)),
            Stage::VoltageOffset => {
                Step::VoltageOffset(self.point(self.voltage_mv / 10, self.current_ma, 0))
            }
            Stage::Done => Step::Done,
        }
    }

    /// The calibration so far.
    #[must_use]
    pub const fn calibration(&self) -> &Calibration {
        &self.calibration
    }

    /// The phase error that was found.
    #[must_use]
    pub const fn phase(&self) -> Option<PhaseBudget> {
        self.phase
    }

    /// Goes on without the present step; the first one can not be left out.
    ///
    /// # Errors
    /// [`CalibrationError::NoReadings`] in the first step.
    pub fn skip(&mut self) -> Result<(), CalibrationError> {
        if self.stage == Stage::Gain {
            return Err(CalibrationError::NoReadings);
        }
        self.advance();
        Ok(())
    }

    /// Takes the windows of the present step and what really flowed.
    ///
    /// # Errors
    /// [`CalibrationError`] when they can not be; the step can be repeated then.
    pub fn record(
        &mut self,
        average: &Average,
        reference: &Reference,
    ) -> Result<(), CalibrationError> {
        let rms = average.rms();
        if average.windows() == 0 || rms.voltage == 0 || rms.current == 0 {
            return Err(CalibrationError::NoReadings);
        }
        if reference.voltage_mv == 0 || reference.current_ua == 0 || reference.active_mw == 0 {
            return Err(CalibrationError::NoReference);
        }
        match self.stage {
            Stage::Gain => self.gain(average, reference)?,
            Stage::Phase => self.phase_error(average, reference)?,
            Stage::Offset => self.offset(average, reference)?,
            Stage::VoltageOffset => self.voltage_offset(average, reference)?,
            Stage::Done => return Err(CalibrationError::Finished),
        }
        self.advance();
        Ok(())
    }

    fn advance(&mut self) {
        self.stage = match self.stage {
            Stage::Gain => Stage::Phase,
            Stage::Phase => Stage::Offset,
            Stage::Offset => Stage::VoltageOffset,
            Stage::VoltageOffset | Stage::Done => Stage::Done,
        };
    }

    /// Windows of 5000 steps of energy where they can be that long: a step, of which each window loses
    /// a part, is 0.02 % then, and half of that on average is put back.
    fn point(&self, voltage_mv: u32, current_ma: u32, lag_deg: u8) -> Point {
        // The voltage step counts no energy: it is as long as the others at its current.
        let uva = u64::from(self.voltage_mv) * u64::from(current_ma);
        let uw = if lag_deg == 0 { uva } else { uva / 2 }.max(1);
        let step_nwh = self.nominal.scale.energy().times(1_000, 0).unsigned_abs();
        // Nanowatt-hours over microwatts are milliseconds once times 3600.
        let ms = step_nwh.saturating_mul(5_000 * 3_600) / uw;
        let ms = u32::try_from(ms).unwrap_or(u32::MAX).max(2_000);
        Point {
            voltage_mv,
            current_ma,
            lag_deg,
            length: LineCycles::from_ms(ms, self.mains_hz),
            windows: 4,
        }
    }
}
