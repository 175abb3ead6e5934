//! One module's turn, and what comes of it.

use super::Link;
use crate::address::{Address, Target};
use crate::config::Config;
use crate::dc::DcMeasurement;
use crate::error::Error;
use crate::measurement::Measurement;
use crate::operation::{DcBlock, Family, FullBlock, Operation, Progress, RegisterBlock};
use crate::request::Request;
use crate::transaction::Exchange;

/// The measurements of a module of either family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Sample {
    /// Of an AC module.
    Ac(Measurement),
    /// Of a DC module.
    Dc(DcMeasurement),
}

impl Sample {
    /// The energy counter in Wh.
    #[must_use]
    pub const fn energy_wh(&self) -> u32 {
        match self {
            Self::Ac(measurement) => measurement.energy_wh,
            Self::Dc(measurement) => measurement.energy_wh,
        }
    }
}

/// One module's turn: an [`Operation`] that reads its measurements once.
///
/// A poll is never repeated by itself; the schedule comes back to the module soon enough, and the
/// others are not kept waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Poll {
    pub(super) index: usize,
    pub(super) address: Address,
    pub(super) family: Family,
    pub(super) started_ms: u32,
}

impl Poll {
    /// The module whose turn it is.
    #[must_use]
    pub const fn address(&self) -> Address {
        self.address
    }
}

impl Operation for Poll {
    type Output = Sample;

    fn request(&self) -> Request {
        let target = Target::Unit(self.address);
        match self.family {
            Family::Ac => FullBlock.request(target),
            Family::Dc => DcBlock.request(target),
        }
    }

    fn conclude(&mut self, exchange: Exchange<'_>, config: &Config) -> Progress<Sample> {
        let family = self.family;
        Progress::Done(exchange.result.and_then(|reply| {
            match family {
                Family::Ac => FullBlock
                    .interpret(reply.registers(), config)
                    .map(Sample::Ac),
                Family::Dc => DcBlock.interpret(reply.registers(), config).map(Sample::Dc),
            }
        }))
    }
}

/// What came of a module's turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Event<E> {
    /// The module.
    pub address: Address,
    /// Its measurements, or why there are none.
    pub result: Result<Sample, Error<E>>,
    /// The state it changed to, when it did.
    pub change: Option<Link>,
}
