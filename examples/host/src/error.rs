//! What went wrong, in one line that says what to look at next.

use std::fmt;
use std::io;

use pzem::{Error, Failure};

use crate::port::PortError;

/// A failure as the user gets to see it.
#[derive(Debug)]
pub(crate) enum Problem {
    /// The device or the data says no: exit code 1.
    Refused(String),
    /// Wrong usage: exit code 2.
    Usage(String),
    /// Standard output was closed, as by `| head`.
    OutputClosed,
}

impl Problem {
    pub(crate) const fn exit_code(&self) -> u8 {
        match self {
            Self::OutputClosed => 0,
            Self::Refused(_) => 1,
            Self::Usage(_) => 2,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(text) | Self::Usage(text) => f.write_str(text),
            Self::OutputClosed => f.write_str("standard output was closed"),
        }
    }
}

impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::OutputClosed,
            _ => Self::Refused(format!("input or output failed: {error}")),
        }
    }
}

impl From<serde_json::Error> for Problem {
    fn from(error: serde_json::Error) -> Self {
        Self::from(io::Error::from(error))
    }
}

impl From<Error<PortError>> for Problem {
    fn from(error: Error<PortError>) -> Self {
        Self::Refused(explain(&error))
    }
}

/// One line about a failed exchange.
pub(crate) fn explain(error: &Error<PortError>) -> String {
    match error {
        Error::Uart(port) => port.to_string(),
        Error::Exchange(failure) => failure.to_string(),
        _ => "the exchange failed".to_owned(),
    }
}

/// A short code for the same, for programs.
pub(crate) fn code(error: &Error<PortError>) -> &'static str {
    match error.failure() {
        None => "port",
        Some(Failure::NoReply) => "no_reply",
        Some(Failure::Garbled { .. }) => "garbled",
        Some(Failure::Babble) => "babble",
        Some(Failure::Stray { .. }) => "stray",
        Some(Failure::Exception(_)) => "exception",
        Some(Failure::Implausible(_)) => "implausible",
        Some(Failure::NotApplied) => "not_applied",
        Some(Failure::Unconfirmed) => "unconfirmed",
        Some(Failure::AddressInUse) => "address_in_use",
        Some(Failure::InvalidArgument) => "invalid_argument",
        Some(_) => "failed",
    }
}
