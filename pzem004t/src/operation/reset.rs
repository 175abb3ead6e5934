//! Setting the energy counter to zero, and making sure that it is.

use super::probe::Family;
use super::{Operation, Progress, is_worth_repeating};
use crate::address::Target;
use crate::config::Config;
use crate::dc::DcMeasurement;
use crate::error::Failure;
use crate::frame::Registers;
use crate::measurement::Quantity;
use crate::request::Request;
use crate::transaction::Exchange;

/// Reads the energy counter, resets it once, and reads it until it has dropped.
///
/// The reset is never repeated: a reply can get lost after the module has obeyed, and energy
/// counted since would vanish. A module refreshes its registers about every 1.25 s, so the counter
/// is looked at for two seconds before the reset counts as refused.
#[derive(Clone, Copy, Debug)]
pub struct ResetEnergy {
    target: Target,
    family: Family,
    stage: Stage,
    repeated: u8,
}

#[derive(Clone, Copy, Debug)]
enum Stage {
    ReadBefore,
    Reset { before_wh: u32 },
    ReadAfter { before_wh: u32 },
}

/// Looks at the counter after the reset, half a second apart.
const LOOKS: u8 = 4;
const PAUSE_MS: u16 = 500;

impl ResetEnergy {
    /// Resets the counter of `target`, a module of `family`.
    pub fn new(target: impl Into<Target>, family: Family) -> Self {
        Self {
            target: target.into(),
            family,
            stage: Stage::ReadBefore,
            repeated: 0,
        }
    }

    fn read(&self) -> Request {
        let count = match self.family {
            Family::Ac => Quantity::Energy.registers(),
            Family::Dc => DcMeasurement::REGISTERS,
        };
        Request::read_input(self.target, 0, count)
    }

    fn energy_wh(&self, registers: Registers<'_>) -> Option<u32> {
        match self.family {
            Family::Ac => Quantity::Energy.from_registers(registers),
            Family::Dc => DcMeasurement::from_registers(registers).map(|m| m.energy_wh),
        }
    }
}

impl Operation for ResetEnergy {
    /// The counter in Wh before the reset.
    type Output = u32;

    fn request(&self) -> Request {
        match self.stage {
            Stage::ReadBefore => self.read(),
            Stage::Reset { .. } => Request::reset_energy(self.target),
            Stage::ReadAfter { .. } if self.repeated > 0 => self.read().with_quiet_ms(PAUSE_MS),
            Stage::ReadAfter { .. } => self.read(),
        }
    }

    fn conclude(&mut self, exchange: Exchange<'_>, config: &Config) -> Progress<u32> {
        let energy = exchange
            .result
            .map(|reply| self.energy_wh(reply.registers()));
        match (self.stage, energy) {
            (Stage::ReadBefore, Ok(Some(before_wh))) => {
                self.stage = Stage::Reset { before_wh };
                self.repeated = 0;
                Progress::Again
            }
            (Stage::ReadBefore, Err(failure))
                if self.repeated < config.read_retries && is_worth_repeating(failure) =>
            {
                self.repeated += 1;
                Progress::Again
            }
            (Stage::ReadBefore, Err(failure)) => Progress::Done(Err(failure)),
            (Stage::ReadBefore, Ok(None)) => Progress::Done(Err(Failure::Malformed)),

            (Stage::Reset { .. }, Err(failure @ Failure::Exception(_))) => {
                Progress::Done(Err(failure))
            }
            (Stage::Reset { before_wh }, _) => {
                self.stage = Stage::ReadAfter { before_wh };
                self.repeated = 0;
                Progress::Again
            }

            (Stage::ReadAfter { before_wh }, Ok(Some(after_wh)))
                if after_wh < before_wh || before_wh == 0 =>
            {
                Progress::Done(Ok(before_wh))
            }
            (Stage::ReadAfter { .. }, result) => {
                self.repeated += 1;
                if self.repeated < LOOKS {
                    Progress::Again
                } else if result.is_ok() {
                    Progress::Done(Err(Failure::NotApplied))
                } else {
                    Progress::Done(Err(Failure::Unconfirmed))
                }
            }
        }
    }
}
