//! Reading and changing the address a module listens to.

use super::{Operation, Progress, is_worth_repeating};
use crate::address::{Address, Target};
use crate::config::Config;
use crate::error::Failure;
use crate::request::Request;
use crate::transaction::Exchange;

/// Holding register of the address, in AC and DC modules alike.
const REGISTER: u8 = 2;

/// A read of the address register alone: no other operation asks for one holding register, so a
/// late reply of another can not be taken for this one.
fn read(target: Target) -> Request {
    Request::read_holding(target, REGISTER, 1)
}

/// Reads the address a module keeps; through [`Target::General`] it tells that of the only module
/// on the line.
#[derive(Clone, Copy, Debug)]
pub struct ReadAddress {
    target: Target,
    repeated: u8,
}

impl ReadAddress {
    /// Asks `target`.
    pub fn new(target: impl Into<Target>) -> Self {
        Self {
            target: target.into(),
            repeated: 0,
        }
    }
}

impl Operation for ReadAddress {
    type Output = Address;

    fn request(&self) -> Request {
        read(self.target)
    }

    fn conclude(&mut self, exchange: Exchange<'_>, config: &Config) -> Progress<Address> {
        match exchange.result.and_then(address_in) {
            Err(failure) if self.repeated < config.read_retries && is_worth_repeating(failure) => {
                self.repeated += 1;
                Progress::Again
            }
            result => Progress::Done(result),
        }
    }
}

fn address_in(reply: crate::transaction::Reply<'_>) -> Result<Address, Failure> {
    reply
        .registers()
        .get(0)
        .and_then(|value| u8::try_from(value).ok())
        .and_then(Address::new)
        .ok_or(Failure::Malformed)
}

/// Gives a module a new address and makes sure that it answers there.
///
/// The new address is asked first: two modules with one address garble each other and can only be
/// told apart again by taking one off the line. Then the change is written once, and the module is
/// looked for at the new address, then at the old one.
#[derive(Clone, Copy, Debug)]
pub struct SetAddress {
    from: Target,
    to: Address,
    stage: Stage,
    repeated: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    IsNewFree,
    Write,
    VerifyNew,
    LookAtOld,
}

impl SetAddress {
    /// Moves the module at `from` to `to`.
    #[must_use]
    pub const fn new(from: Address, to: Address) -> Self {
        Self::with(Target::Unit(from), to)
    }

    /// Gives the only module on the line the address `to`, whatever address it has.
    ///
    /// With several modules on the line all of them take it: use this with one module connected.
    #[must_use]
    pub const fn of_only_module(to: Address) -> Self {
        Self::with(Target::General, to)
    }

    const fn with(from: Target, to: Address) -> Self {
        Self {
            from,
            to,
            stage: Stage::IsNewFree,
            repeated: 0,
        }
    }

    fn enter(&mut self, stage: Stage) -> Progress<()> {
        self.stage = stage;
        self.repeated = 0;
        Progress::Again
    }
}

impl Operation for SetAddress {
    type Output = ();

    fn request(&self) -> Request {
        match self.stage {
            Stage::IsNewFree | Stage::VerifyNew => read(Target::Unit(self.to)),
            Stage::Write => Request::write_single(self.from, REGISTER, u16::from(self.to.get())),
            Stage::LookAtOld => read(self.from),
        }
    }

    fn conclude(&mut self, exchange: Exchange<'_>, config: &Config) -> Progress<()> {
        let to = self.to;
        match (self.stage, exchange.result) {
            // The module that is to be moved may be the one that answers there.
            (Stage::IsNewFree, Ok(_)) if self.from == Target::Unit(to) => Progress::Done(Ok(())),
            (Stage::IsNewFree, Ok(_)) if self.from == Target::General => self.enter(Stage::Write),
            (Stage::IsNewFree, Ok(_) | Err(Failure::Exception(_))) => {
                Progress::Done(Err(Failure::AddressInUse))
            }
            (Stage::IsNewFree | Stage::VerifyNew | Stage::LookAtOld, Err(_))
                if self.repeated < config.read_retries =>
            {
                self.repeated += 1;
                Progress::Again
            }
            // Silence is what a free address sounds like; anything else may be a module.
            (Stage::IsNewFree, Err(Failure::NoReply)) => self.enter(Stage::Write),
            (Stage::IsNewFree, Err(failure)) => Progress::Done(Err(failure)),

            (Stage::Write, Err(failure @ Failure::Exception(_))) => Progress::Done(Err(failure)),
            (Stage::Write, _) => self.enter(Stage::VerifyNew),

            (Stage::VerifyNew, Ok(reply)) => Progress::Done(match address_in(reply) {
                Ok(address) if address == to => Ok(()),
                _ => Err(Failure::NotApplied),
            }),
            (Stage::VerifyNew, Err(_)) => self.enter(Stage::LookAtOld),

            (Stage::LookAtOld, Ok(reply)) => Progress::Done(match address_in(reply) {
                // Reached through the general address: it has the new one after all.
                Ok(address) if address == to => Ok(()),
                _ => Err(Failure::NotApplied),
            }),
            (Stage::LookAtOld, Err(_)) => Progress::Done(Err(Failure::Unconfirmed)),
        }
    }
}
