//! Why a connection to a broker is left.

use core::fmt;

use minimq::{Error, PeerError, ReasonCode, ResourceError};

use crate::platform::ConnectError;

/// Why there is no connection any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Left {
    /// Other settings are in force.
    Changed,
    /// There never was one.
    Unconnected(ConnectError),
    /// The broker closed it.
    Closed,
    /// No acknowledgement in time.
    Silent,
    /// What came is no MQTT 5.
    Garbled,
    /// The broker refuses.
    Refused(ReasonCode),
    /// A message is larger than the broker takes.
    TooLarge,
    /// The broker does not do what is needed, or it does not fit.
    Unfit,
}

impl Left {
    /// Whether the broker was reached and does not want us.
    pub(super) const fn is_refusal(self) -> bool {
        matches!(self, Self::Refused(_) | Self::TooLarge | Self::Unfit)
    }
}

impl<E> From<Error<E>> for Left {
    fn from(error: Error<E>) -> Self {
        match error {
            Error::Disconnected | Error::Transport(_) | Error::WriteZero => Self::Closed,
            Error::Peer(PeerError::Rejected(code)) => Self::Refused(code),
            Error::Peer(_) => Self::Garbled,
            Error::Resource(ResourceError::PacketTooLarge) => Self::TooLarge,
            _ => Self::Unfit,
        }
    }
}

impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed => f.write_str("other settings are in force"),
            Self::Unconnected(error) => write!(f, "{error}"),
            Self::Closed => f.write_str("the broker closed the connection"),
            Self::Silent => write!(f, "{}", ConnectError::Timeout),
            Self::Garbled => {
                f.write_str("what answers there speaks no MQTT 5: check address, port and version")
            }
            Self::Refused(ReasonCode::BadUsernameOrPassword) => {
                f.write_str("the broker refuses user or password: check both")
            }
            Self::Refused(ReasonCode::NotAuthorized) => f.write_str(
                "the broker does not allow that: check user, password and access rights",
            ),
            Self::Refused(ReasonCode::UnsupportedProtocol) => {
                f.write_str("the broker speaks no MQTT 5: set up a newer one")
            }
            Self::Refused(code) => write!(
                f,
                "the broker refuses (0x{:02x}): see its log",
                u8::from(code)
            ),
            Self::TooLarge => {
                f.write_str("the broker takes no messages as large as that: raise its limit")
            }
            Self::Unfit => f.write_str("the broker has no QoS 1, or a setting is too long for it"),
        }
    }
}
