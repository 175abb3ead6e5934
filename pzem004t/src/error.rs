//! What can go wrong, told apart by what a person has to look at next.

use core::fmt;

use crate::plausibility::Implausible;

/// The error of the shells: the bus itself, or the exchange with the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Error<E> {
    /// The serial port failed, with its own error; the first one when there were several.
    Uart(E),
    /// The port works, the exchange failed.
    Exchange(Failure),
}

impl<E> Error<E> {
    /// What failed in the exchange; `None` when it was the port.
    #[must_use]
    pub const fn failure(&self) -> Option<Failure> {
        match self {
            Self::Uart(_) => None,
            Self::Exchange(failure) => Some(*failure),
        }
    }

    /// A failure in an exchange during which the receiver reported an error is the port's fault;
    /// a result that came through in spite of it is a result.
    pub(crate) fn blame<T>(result: Result<T, Failure>, disturbance: Option<E>) -> Result<T, Self> {
        match (result, disturbance) {
            (Ok(output), _) => Ok(output),
            (Err(_), Some(error)) => Err(Self::Uart(error)),
            (Err(failure), None) => Err(Self::Exchange(failure)),
        }
    }
}

impl<E> From<Failure> for Error<E> {
    fn from(failure: Failure) -> Self {
        Self::Exchange(failure)
    }
}

impl<E: fmt::Debug> fmt::Display for Error<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uart(error) => write!(f, "serial port failed: {error:?}"),
            Self::Exchange(failure) => failure.fmt(f),
        }
    }
}

impl<E: core::error::Error + 'static> core::error::Error for Error<E> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Uart(error) => Some(error),
            Self::Exchange(failure) => Some(failure),
        }
    }
}

/// Why an exchange with a module gave no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Failure {
    /// Not one byte came back: no mains at the module, no 5 V, swapped wires, another address.
    NoReply,
    /// Bytes came, but no whole frame with a right check value.
    Garbled {
        /// How many bytes came.
        received: u16,
    },
    /// The line carried so many bytes that no reply can be found among them.
    Babble,
    /// Whole frames came, but none that answers the request: of another module, to another
    /// function, with another length.
    Stray {
        /// The address byte of the last one.
        address: u8,
        /// Its function code.
        function: u8,
    },
    /// The reply fits the request, but does not hold what was asked for.
    Malformed,
    /// The module refused the request.
    Exception(Exception),
    /// The frame is whole, its contents can not be.
    Implausible(Implausible),
    /// A write was answered or not, but the module still has the old value.
    NotApplied,
    /// A write was sent and the module can not be asked whether it took effect.
    Unconfirmed,
    /// Another module already answers at the address to be given.
    AddressInUse,
    /// The value is outside what the register takes; nothing was sent.
    InvalidArgument,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoReply => f.write_str(
                "no reply: check mains on the module, its 5 V, RX and TX swapped, the address",
            ),
            Self::Garbled { received } => write!(
                f,
                "{received} bytes but no whole frame: check wiring, ground, baud rate, two modules with one address"
            ),
            Self::Babble => f.write_str(
                "the line never falls silent: look for another master or a defective module",
            ),
            Self::Stray { address, function } => write!(
                f,
                "no answer, but a frame of address {address}, function 0x{function:02X}: check the address, look for another master"
            ),
            Self::Malformed => f.write_str("the answer does not hold what was asked for"),
            Self::Exception(exception) => write!(f, "the module refused: {exception}"),
            Self::Implausible(implausible) => implausible.fmt(f),
            Self::NotApplied => f.write_str("the module still has the old value"),
            Self::Unconfirmed => {
                f.write_str("sent, but whether it took effect is not known: read it back")
            }
            Self::AddressInUse => f.write_str("another module answers at the new address"),
            Self::InvalidArgument => f.write_str("value out of range, nothing was sent"),
        }
    }
}

impl core::error::Error for Failure {}

/// The reason code of an exception reply (PZEM-004T V3.0 datasheet, section 2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Exception(pub u8);

impl Exception {
    /// The module does not know the function.
    pub const ILLEGAL_FUNCTION: Self = Self(1);
    /// The module has no such register.
    pub const ILLEGAL_ADDRESS: Self = Self(2);
    /// The register does not take this value.
    pub const ILLEGAL_DATA: Self = Self(3);
    /// The module itself failed.
    pub const SLAVE_ERROR: Self = Self(4);
}

impl fmt::Display for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::ILLEGAL_FUNCTION => f.write_str("illegal function (1)"),
            Self::ILLEGAL_ADDRESS => f.write_str("illegal register (2)"),
            Self::ILLEGAL_DATA => f.write_str("illegal value (3)"),
            Self::SLAVE_ERROR => f.write_str("module error (4)"),
            Self(code) => write!(f, "exception {code}"),
        }
    }
}
