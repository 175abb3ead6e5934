//! Reading registers, with repetition.

use super::{Operation, Progress, is_worth_repeating};
use crate::address::Target;
use crate::config::Config;
use crate::dc::{DcMeasurement, DcSettings};
use crate::error::Failure;
use crate::frame::Registers;
use crate::measurement::{Measurement, Quantity};
use crate::request::Request;
use crate::transaction::Exchange;

/// A block of registers and what it means.
pub trait RegisterBlock {
    /// What the registers are taken for.
    type Output;

    /// The request that reads them.
    fn request(&self, target: Target) -> Request;

    /// Takes the registers of a reply that has the length asked for.
    ///
    /// # Errors
    /// The contents can not be.
    fn interpret(&self, registers: Registers<'_>, config: &Config)
    -> Result<Self::Output, Failure>;
}

/// Reads one block of registers.
#[derive(Clone, Copy, Debug)]
pub struct ReadRegisters<B> {
    target: Target,
    block: B,
    repeated: u8,
}

impl<B: RegisterBlock> ReadRegisters<B> {
    /// Reads `block` of `target`.
    pub fn new(target: impl Into<Target>, block: B) -> Self {
        Self {
            target: target.into(),
            block,
            repeated: 0,
        }
    }
}

impl<B: RegisterBlock> Operation for ReadRegisters<B> {
    type Output = B::Output;

    fn request(&self) -> Request {
        self.block.request(self.target)
    }

    fn conclude(&mut self, exchange: Exchange<'_>, config: &Config) -> Progress<B::Output> {
        let result = exchange
            .result
            .and_then(|reply| self.block.interpret(reply.registers(), config));
        match result {
            Err(failure) if self.repeated < config.read_retries && is_worth_repeating(failure) => {
                self.repeated += 1;
                Progress::Again
            }
            result => Progress::Done(result),
        }
    }
}

/// All ten measurement registers of an AC module.
#[derive(Clone, Copy, Debug, Default)]
pub struct FullBlock;

/// The nine measurement registers of an AC module without the alarm status.
#[derive(Clone, Copy, Debug, Default)]
pub struct WithoutAlarm;

fn measurement(registers: Registers<'_>, config: &Config) -> Result<Measurement, Failure> {
    let measurement = Measurement::from_registers(registers).ok_or(Failure::Malformed)?;
    if let Some(plausibility) = &config.plausibility {
        plausibility
            .check(&measurement)
            .map_err(Failure::Implausible)?;
    }
    Ok(measurement)
}

impl RegisterBlock for FullBlock {
    type Output = Measurement;

    fn request(&self, target: Target) -> Request {
        Request::read_input(target, 0, Measurement::REGISTERS)
    }

    fn interpret(&self, registers: Registers<'_>, config: &Config) -> Result<Measurement, Failure> {
        measurement(registers, config)
    }
}

impl RegisterBlock for WithoutAlarm {
    type Output = Measurement;

    fn request(&self, target: Target) -> Request {
        Request::read_input(target, 0, Measurement::REGISTERS_WITHOUT_ALARM)
    }

    fn interpret(&self, registers: Registers<'_>, config: &Config) -> Result<Measurement, Failure> {
        measurement(registers, config)
    }
}

/// One value of an AC module, in the module's own unit.
#[derive(Clone, Copy, Debug)]
pub struct Value(pub Quantity);

impl RegisterBlock for Value {
    type Output = u32;

    fn request(&self, target: Target) -> Request {
        Request::read_input(target, 0, self.0.registers())
    }

    fn interpret(&self, registers: Registers<'_>, config: &Config) -> Result<u32, Failure> {
        let value = self.0.from_registers(registers).ok_or(Failure::Malformed)?;
        if let Some(plausibility) = &config.plausibility {
            plausibility
                .check_value(self.0, value)
                .map_err(Failure::Implausible)?;
        }
        Ok(value)
    }
}

/// The power alarm threshold of an AC module in W (holding register `0x0001`).
#[derive(Clone, Copy, Debug, Default)]
pub struct AlarmThreshold;

impl RegisterBlock for AlarmThreshold {
    type Output = u16;

    fn request(&self, target: Target) -> Request {
        // With the address register behind it: a one-register reply could be a late answer to a
        // read of the address.
        Request::read_holding(target, 1, 2)
    }

    fn interpret(&self, registers: Registers<'_>, _: &Config) -> Result<u16, Failure> {
        registers.get(0).ok_or(Failure::Malformed)
    }
}

/// All eight measurement registers of a DC module.
#[derive(Clone, Copy, Debug, Default)]
pub struct DcBlock;

impl RegisterBlock for DcBlock {
    type Output = DcMeasurement;

    fn request(&self, target: Target) -> Request {
        Request::read_input(target, 0, DcMeasurement::REGISTERS)
    }

    fn interpret(
        &self,
        registers: Registers<'_>,
        config: &Config,
    ) -> Result<DcMeasurement, Failure> {
        let measurement = DcMeasurement::from_registers(registers).ok_or(Failure::Malformed)?;
        if let Some(plausibility) = &config.dc_plausibility {
            plausibility
                .check(&measurement)
                .map_err(Failure::Implausible)?;
        }
        Ok(measurement)
    }
}

/// Thresholds, address and current range of a DC module (holding registers `0x0000..=0x0003`).
#[derive(Clone, Copy, Debug, Default)]
pub struct DcSettingsBlock;

impl RegisterBlock for DcSettingsBlock {
    type Output = DcSettings;

    fn request(&self, target: Target) -> Request {
        Request::read_holding(target, 0, 4)
    }

    fn interpret(&self, registers: Registers<'_>, _: &Config) -> Result<DcSettings, Failure> {
        DcSettings::from_registers(registers).ok_or(Failure::Malformed)
    }
}
