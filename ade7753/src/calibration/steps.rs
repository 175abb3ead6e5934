//! What each step of the procedure makes of its readings.

use super::average::Average;
use super::formulas::{self, quotient};
use super::gains::{Gains, ratio, split};
use super::{CalibrationError, Procedure, Reference};
use crate::angle::{ONE, cos_sin};
use crate::factor::Factor;
use crate::front_end::PhaseBudget;
use crate::register::{APOS, IRMSOS, Register, VRMSOS};
use crate::window::Rms;

impl Procedure {
    pub(super) fn gain(
        &mut self,
        average: &Average,
        reference: &Reference,
    ) -> Result<(), CalibrationError> {
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

    pub(super) fn phase_error(
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

    pub(super) fn offset(
        &mut self,
        average: &Average,
        reference: &Reference,
    ) -> Result<(), CalibrationError> {
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

    pub(super) fn voltage_offset(
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
