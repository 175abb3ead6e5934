//! Writing one setting, and asking the module whether it took it.

use super::{Operation, Progress, is_worth_repeating};
use crate::address::Target;
use crate::config::Config;
use crate::dc::CurrentRange;
use crate::error::Failure;
use crate::request::Request;
use crate::transaction::Exchange;

/// Writes one holding register once and reads it back.
#[derive(Clone, Copy, Debug)]
pub struct WriteSetting {
    target: Target,
    register: u8,
    value: u16,
    /// First register and number of registers of the block that is read back.
    block: (u8, u8),
    stage: Stage,
}

#[derive(Clone, Copy, Debug)]
enum Stage {
    Write,
    Verify { repeated: u8 },
}

impl WriteSetting {
    /// Sets the power alarm threshold of an AC module in W (holding register `0x0001`).
    pub fn alarm_threshold(target: impl Into<Target>, watts: u16) -> Self {
        Self::new(target.into(), 1, watts, (1, 2))
    }

    /// Sets the high-voltage threshold of a DC module in 0.01 V: 5 to 350 V
    /// (PZEM-003/017 manual, section 2.5).
    ///
    /// # Errors
    /// [`Failure::InvalidArgument`] outside that range.
    pub fn dc_high_voltage(target: impl Into<Target>, centivolts: u16) -> Result<Self, Failure> {
        match centivolts {
            500..=35_000 => Ok(Self::dc(target, 0, centivolts)),
            _ => Err(Failure::InvalidArgument),
        }
    }

    /// Sets the low-voltage threshold of a DC module in 0.01 V: 1 to 350 V
    /// (PZEM-003/017 manual, section 2.5).
    ///
    /// # Errors
    /// [`Failure::InvalidArgument`] outside that range.
    pub fn dc_low_voltage(target: impl Into<Target>, centivolts: u16) -> Result<Self, Failure> {
        match centivolts {
            100..=35_000 => Ok(Self::dc(target, 1, centivolts)),
            _ => Err(Failure::InvalidArgument),
        }
    }

    /// Tells a PZEM-017 which shunt it has.
    ///
    /// # Errors
    /// [`Failure::InvalidArgument`] for [`CurrentRange::Unknown`].
    pub fn dc_current_range(
        target: impl Into<Target>,
        range: CurrentRange,
    ) -> Result<Self, Failure> {
        match range {
            CurrentRange::Unknown(_) => Err(Failure::InvalidArgument),
            known => Ok(Self::dc(target, 3, known.register())),
        }
    }

    fn dc(target: impl Into<Target>, register: u8, value: u16) -> Self {
        Self::new(target.into(), register, value, (0, 4))
    }

    const fn new(target: Target, register: u8, value: u16, block: (u8, u8)) -> Self {
        Self {
            target,
            register,
            value,
            block,
            stage: Stage::Write,
        }
    }
}

impl Operation for WriteSetting {
    type Output = ();

    fn request(&self) -> Request {
        match self.stage {
            Stage::Write => Request::write_single(self.target, self.register, self.value),
            Stage::Verify { .. } => {
                let (start, count) = self.block;
                Request::read_holding(self.target, start, count)
            }
        }
    }

    fn conclude(&mut self, exchange: Exchange<'_>, config: &Config) -> Progress<()> {
        match (self.stage, exchange.result) {
            (Stage::Write, Err(failure @ Failure::Exception(_))) => {
                return Progress::Done(Err(failure));
            }
            // Answered or silent: what counts is what the module keeps.
            (Stage::Write, _) => self.stage = Stage::Verify { repeated: 0 },
            (Stage::Verify { repeated }, Err(failure)) => {
                if repeated >= config.read_retries || !is_worth_repeating(failure) {
                    return Progress::Done(Err(Failure::Unconfirmed));
                }
                self.stage = Stage::Verify {
                    repeated: repeated + 1,
                };
            }
            (Stage::Verify { .. }, Ok(reply)) => {
                let (start, _) = self.block;
                let index = usize::from(self.register.saturating_sub(start));
                return Progress::Done(match reply.registers().get(index) {
                    Some(value) if value == self.value => Ok(()),
                    _ => Err(Failure::NotApplied),
                });
            }
        }
        Progress::Again
    }
}
