//! Why a connection to a server is left.

use core::fmt;

use super::answer::Explained;
use crate::platform::ConnectError;

/// Why a connection is left. Printed it says what a person should look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Left {
    /// Other settings are in force.
    Changed,
    /// There never was one.
    Unconnected(ConnectError),
    /// It is old, or the server wants it closed, but nothing is wrong.
    Used,
    /// The server closed it without a word.
    Unanswered,
    /// The same of a connection that was used before: the server had closed it while it was idle.
    Stale,
    /// The server closed it in the middle of an answer.
    Closed,
    /// No answer in time.
    Silent,
    /// What came is no HTTP.
    Garbled,
    /// The request does not fit the buffer.
    TooLong,
    /// The server's answer, and the least time to wait.
    Answer(u16, u64),
}

impl Left {
    /// Whether nothing went wrong, so that there is nothing to wait for.
    pub(super) const fn is_usual(self) -> bool {
        matches!(self, Self::Changed | Self::Used | Self::Stale)
    }

    /// How long the server wants to be left alone, in milliseconds.
    pub(super) const fn least_ms(self) -> u64 {
        match self {
            Self::Answer(_, least_ms) => least_ms,
            _ => 0,
        }
    }
}

impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed => f.write_str("other settings are in force"),
            Self::Unconnected(error) => write!(f, "{error}"),
            Self::Used | Self::Stale | Self::Unanswered | Self::Closed => {
                f.write_str("the server closed the connection instead of answering")
            }
            Self::Silent => write!(f, "{}", ConnectError::Timeout),
            Self::Garbled => {
                f.write_str("what answers there is no HTTP server: check address and port")
            }
            Self::TooLong => f.write_str("a record does not fit a request"),
            Self::Answer(status, _) => write!(f, "{}", Explained(*status)),
        }
    }
}
