//! Finding out what is at an address.

use super::{Operation, Progress};
use crate::address::Target;
use crate::config::Config;
use crate::error::{Exception, Failure};
use crate::measurement::Measurement;
use crate::request::Request;
use crate::transaction::Exchange;

/// The two register maps of the family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Family {
    /// PZEM-004T v3 and v4, PZEM-014, PZEM-016.
    Ac,
    /// PZEM-003, PZEM-017.
    Dc,
}

/// What answered at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Presence {
    /// Nothing.
    Silent,
    /// A module.
    Module(Family),
    /// Something that is no single module: two modules with one address, a bad line.
    Garbled,
}

/// Asks one address once for the ten registers of an AC module.
///
/// A DC module has eight and refuses ten with exception 2; that was seen on one PZEM-017, so a
/// module that refuses otherwise is taken for DC as well.
#[derive(Clone, Copy, Debug)]
pub struct Probe(Target);

impl Probe {
    /// Asks `target`.
    pub fn new(target: impl Into<Target>) -> Self {
        Self(target.into())
    }
}

impl Operation for Probe {
    type Output = Presence;

    fn request(&self) -> Request {
        Request::read_input(self.0, 0, Measurement::REGISTERS)
    }

    fn conclude(&mut self, exchange: Exchange<'_>, _: &Config) -> Progress<Presence> {
        Progress::Done(match exchange.result {
            Ok(_) => Ok(Presence::Module(Family::Ac)),
            Err(Failure::Exception(Exception::SLAVE_ERROR)) => Ok(Presence::Garbled),
            Err(Failure::Exception(_)) => Ok(Presence::Module(Family::Dc)),
            Err(Failure::NoReply) => Ok(Presence::Silent),
            Err(Failure::Babble) => Err(Failure::Babble),
            Err(_) => Ok(Presence::Garbled),
        })
    }
}
