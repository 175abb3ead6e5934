//! What is wrong with a line, from a few reads.

use core::fmt;

use super::{Operation, Progress};
use crate::address::Target;
use crate::config::Config;
use crate::error::Failure;
use crate::measurement::Measurement;
use crate::request::Request;
use crate::transaction::Exchange;

/// Reads a few times and counts what comes back.
#[derive(Clone, Copy, Debug)]
pub struct Diagnose {
    target: Target,
    diagnosis: Diagnosis,
}

impl Diagnose {
    /// Reads made.
    pub const READS: u8 = 5;

    /// Asks `target`.
    pub fn new(target: impl Into<Target>) -> Self {
        Self {
            target: target.into(),
            diagnosis: Diagnosis::default(),
        }
    }
}

impl Operation for Diagnose {
    type Output = Diagnosis;

    fn request(&self) -> Request {
        Request::read_input(self.target, 0, Measurement::REGISTERS)
    }

    fn conclude(&mut self, exchange: Exchange<'_>, _: &Config) -> Progress<Diagnosis> {
        let seen = &mut self.diagnosis;
        seen.reads += 1;
        seen.echoes += u8::from(exchange.tally.echo);
        match exchange.result {
            Ok(_) | Err(Failure::Exception(_)) => seen.answered += 1,
            Err(Failure::NoReply) => seen.silent += 1,
            Err(Failure::Stray { address, .. }) if address != self.target.byte() => {
                seen.other_address = Some(address);
            }
            Err(_) => seen.garbled += 1,
        }
        if seen.reads < Self::READS {
            Progress::Again
        } else {
            Progress::Done(Ok(*seen))
        }
    }
}

/// How often a line did what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Diagnosis {
    /// Reads made.
    pub reads: u8,
    /// Reads with a whole answer, exceptions included.
    pub answered: u8,
    /// Reads with no byte back.
    pub silent: u8,
    /// Reads with bytes but no whole answer.
    pub garbled: u8,
    /// Reads whose request came back.
    pub echoes: u8,
    /// The last other module that answered.
    pub other_address: Option<u8>,
}

impl Diagnosis {
    /// The one thing to say about the line.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        if self.answered > 0 && self.answered == self.reads {
            Verdict::Answering
        } else if self.answered > 0 {
            Verdict::Unreliable
        } else if self.garbled > 0 {
            Verdict::Garbled
        } else if let Some(address) = self.other_address {
            Verdict::OtherModule(address)
        } else if self.echoes > 0 {
            Verdict::OnlyEcho
        } else {
            Verdict::Silent
        }
    }

    /// Whether the line returns what is sent: writes then need [`EchoMode::On`](crate::EchoMode).
    #[must_use]
    pub const fn echoing(&self) -> bool {
        self.echoes > 0
    }
}

/// What a [`Diagnosis`] comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Verdict {
    /// Every read was answered.
    Answering,
    /// Some reads were answered.
    Unreliable,
    /// Bytes come, never a whole answer.
    Garbled,
    /// Another module answers, with this address byte.
    OtherModule(u8),
    /// Only the request itself comes back.
    OnlyEcho,
    /// Nothing comes back.
    Silent,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answering => f.write_str("answering: every read had a whole answer"),
            Self::Unreliable => f.write_str(
                "unreliable: some reads failed; check cable length, ground, pull-ups, supply",
            ),
            Self::Garbled => f.write_str(
                "garbled: bytes come but no whole answer; check baud rate, stop bits, ground, two modules at once",
            ),
            Self::OtherModule(address) => {
                write!(f, "only module {address} answers: wrong address given")
            }
            Self::OnlyEcho => f.write_str(
                "echoing: only the request comes back; check the receiver-enable wiring and mains on the module",
            ),
            Self::Silent => f.write_str(
                "silent: check mains on the module, its 5 V, RX and TX swapped, the address",
            ),
        }
    }
}
