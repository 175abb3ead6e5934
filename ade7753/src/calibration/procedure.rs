//! The guided way: load by load, reading by reading, to a calibration.

use super::average::Average;
use super::formulas::{self, quotient};
use super::gains::{Gains, ratio, split};
use super::{Calibration, CalibrationError, Point, Reference, Step};
use crate::angle::{ONE, cos_sin};
use crate::factor::Factor;
use crate::front_end::PhaseBudget;
use crate::register::{APOS, IRMSOS, Register, VRMSOS};
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
    nominal: Calibration,
    calibration: Calibration,
    voltage_mv: u32,
    current_ma: u32,
    mains_hz: u8,
    tolerated_udeg: u32,
    stage: Stage,
    gains: Gains,
    /// Rms values of the first step and what they stood for.
    basic: (Rms, Reference),
    phase: Option<PhaseBudget>,
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

    fn gain(&mut self, average: &Average, reference: &Reference) -> Result<(), CalibrationError> {
        let nominal = &self.nominal.scale;
        let (active_uw, wanted_uw) = (average.active_uw(nominal), reference.active_mw * 1_000);
        if (active_uw < 0) != (wanted_uw < 0) {
            return Err(CalibrationError::Reversed);
        }
        let rms = average.rms();
        let microvolts = u64::from(reference.voltage_mv) * 1_000;
        self.calibration.scale.voltage = ratio(microvolts, rms.voltage.into())?;
        self.calibration.scale.current = ratio(reference.current_ua.into(), rms.current.into())?;
        // Voltage, apparent and reactive power are right at this frequency from now on.
        self.calibration.scale.period = average.period();
        self.nominal.scale.period = average.period();
        let apparent_uva = average.apparent_uva(&self.nominal.scale);
        let gains = Gains {
            active: ratio(wanted_uw.unsigned_abs(), active_uw.unsigned_abs())?,
            apparent: ratio(
                reference.apparent_uva().unsigned_abs(),
                apparent_uva.unsigned_abs(),
            )?,
        };
        self.set_gains(gains)?;
        self.basic = (rms, *reference);
        Ok(())
    }

    fn phase_error(
        &mut self,
        average: &Average,
        reference: &Reference,
    ) -> Result<(), CalibrationError> {
        let (active, reactive) = (reference.active_mw, reference.reactive_mvar);
        // A power factor of 0.9 has a tangent of 0.48.
        if reactive.abs() < active.abs() * 48 / 100 {
            return Err(CalibrationError::AngleTooSmall);
        }
        let excess = i128::from(average.active_uw(&self.calibration.scale) - active * 1_000);
        let parts = |numerator: i128, denominator: i64, unit: i128| {
            let value = quotient(numerator * unit, denominator.into())?;
            i64::try_from(value).ok()
        };
        let error = parts(excess, active * 1_000, 1_000_000_000);
        let tangent = parts(reactive.into(), active, 1_000_000);
        let cotangent = parts(active.into(), reactive, ONE.into());
        let (Some(error), Some(tangent), Some(cotangent)) = (error, tangent, cotangent) else {
            return Err(CalibrationError::NoReference);
        };
        let angle_udeg =
            formulas::phase_error_udeg(error, tangent).ok_or(CalibrationError::AngleTooSmall)?;
        let present = self.calibration.registers.phcal.get();
        let budget = PhaseBudget::from_present(present, -angle_udeg, average.period());
        if budget.residual_udeg.unsigned_abs() > self.tolerated_udeg {
            return Err(CalibrationError::PhaseOutOfReach {
                residual_udeg: budget.residual_udeg,
            });
        }
        // The power at a power factor of 1 goes with the cosine of the phase error, which PHCAL
        // has just changed.
        let (before, after) = (cos_sin(angle_udeg), cos_sin(budget.residual_udeg));
        let scaled = |factor: Factor, numerator: i64, denominator: i64| {
            factor
                .scaled(numerator.unsigned_abs(), denominator.unsigned_abs())
                .ok_or(CalibrationError::GainOutOfRange)
        };
        let gains = Gains {
            active: scaled(self.gains.active, before.0, after.0)?,
            ..self.gains
        };
        if average.has_reactive {
            // sin(load + error) / sin(load)
            let sine = before.0 + ((i128::from(cotangent) * i128::from(before.1)) >> 32) as i64;
            let measured = average.reactive_uvar(&self.calibration.scale);
            if (measured < 0) != (reactive < 0) {
                return Err(CalibrationError::Reversed);
            }
            let right = scaled(self.calibration.scale.reactive, reactive * 1_000, measured)?;
            self.calibration.scale.reactive = scaled(right, sine, ONE)?;
        }
        self.set_gains(gains)?;
        self.calibration.registers.phcal = budget.phcal;
        self.phase = Some(budget);
        Ok(())
    }

    fn offset(&mut self, average: &Average, reference: &Reference) -> Result<(), CalibrationError> {
        let (basic, basic_reference) = self.basic;
        if reference.current_ua > basic_reference.current_ua / 2 {
            return Err(CalibrationError::PointsTooClose);
        }
        let registers = &mut self.calibration.registers;
        let rms = average.rms();
        let irmsos = formulas::irmsos(
            registers.irmsos,
            (basic_reference.current_ua, basic.current),
            (reference.current_ua, rms.current),
        );
        // In 256ths of a step, which is as fine as APOS is.
        let measured =
            i128::from(average.active_steps()) * 256 + 128 * i128::from(average.windows());
        let wanted = measured * i128::from(reference.active_mw) * 1_000;
        let expected = quotient(wanted, average.active_uw(&self.calibration.scale).into());
        let apos = match (i64::try_from(measured), expected.map(i64::try_from)) {
            (Ok(measured), Some(Ok(expected))) => formulas::apos(
                registers.apos,
                expected,
                measured,
                average.additions() * 256,
            ),
            _ => None,
        };
        let out_of_range = |register| CalibrationError::OffsetOutOfRange { register };
        let irmsos = irmsos.ok_or(out_of_range(IRMSOS::ADDRESS))?;
        let apos = apos.ok_or(out_of_range(APOS::ADDRESS))?;
        let change = i64::from(irmsos.get() - registers.irmsos.get()) * 32_768;
        let square = u64::from(basic.current)
            .pow(2)
            .saturating_add_signed(change);
        self.move_basic(Rms {
            current: square.isqrt() as u32,
            ..basic
        })?;
        self.calibration.registers.irmsos = irmsos;
        self.calibration.registers.apos = apos;
        Ok(())
    }

    fn voltage_offset(
        &mut self,
        average: &Average,
        reference: &Reference,
    ) -> Result<(), CalibrationError> {
        let (basic, basic_reference) = self.basic;
        if reference.voltage_mv > basic_reference.voltage_mv / 2 {
            return Err(CalibrationError::PointsTooClose);
        }
        let present = self.calibration.registers.vrmsos;
        let vrmsos = formulas::vrmsos(
            present,
            (basic_reference.voltage_mv, basic.voltage),
            (reference.voltage_mv, average.rms().voltage),
        )
        .ok_or(CalibrationError::OffsetOutOfRange {
            register: VRMSOS::ADDRESS,
        })?;
        let change = vrmsos.get() - present.get();
        self.move_basic(Rms {
            voltage: basic.voltage.saturating_add_signed(change),
            ..basic
        })?;
        self.calibration.registers.vrmsos = vrmsos;
        Ok(())
    }

    /// An offset has moved what the chip reads at the first point: scales and gains follow.
    fn move_basic(&mut self, rms: Rms) -> Result<(), CalibrationError> {
        let (before, reference) = self.basic;
        let product = |rms: Rms| u64::from(rms.current) * u64::from(rms.voltage);
        let gains = Gains {
            apparent: self
                .gains
                .apparent
                .scaled(product(before), product(rms))
                .ok_or(CalibrationError::GainOutOfRange)?,
            ..self.gains
        };
        let microvolts = u64::from(reference.voltage_mv) * 1_000;
        let voltage = ratio(microvolts, rms.voltage.into())?;
        let current = ratio(reference.current_ua.into(), rms.current.into())?;
        self.set_gains(gains)?;
        self.calibration.scale.voltage = voltage;
        self.calibration.scale.current = current;
        self.basic.0 = rms;
        Ok(())
    }

    fn set_gains(&mut self, gains: Gains) -> Result<(), CalibrationError> {
        let (wgain, active) = split(gains.active, self.nominal.scale.active)?;
        let (vagain, apparent) = split(gains.apparent, self.nominal.scale.apparent)?;
        self.gains = gains;
        self.calibration.registers.wgain = wgain;
        self.calibration.registers.vagain = vagain;
        self.calibration.scale.active = active;
        self.calibration.scale.apparent = apparent;
        Ok(())
    }
}
