//! Why there is no new firmware.

use core::fmt;

use super::slots::SlotError;
use super::verify::Refusal;
use crate::blobs::BlobError;
use crate::platform::ConnectError;

/// Why an update did not happen. What runs goes on running.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum UpdateError {
    /// No address is set.
    NoAddress,
    /// The address is none.
    Address,
    /// The connection would not be encrypted, and that is not allowed.
    Plain,
    /// There is no connection.
    Connect(ConnectError),
    /// The server answered with this status.
    Status(u16),
    /// The server sends elsewhere.
    Redirect,
    /// What the server sent is no answer with a length.
    Reply,
    /// The connection broke too often.
    Broken,
    /// The image is not taken.
    Refused(Refusal),
    /// The slot failed.
    Slot(SlotError),
    /// What was written does not read back.
    ReadBack,
    /// What runs is new itself: the other firmware is still needed.
    OnTrial,
    /// It could not be noted that the new firmware is on trial.
    Note(BlobError),
}

impl fmt::Display for UpdateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAddress => f.write_str("no address for updates: `set update.url https://...`"),
            Self::Address => f.write_str("the address for updates is none: check update.url"),
            Self::Plain => f.write_str(
                "the address for updates has no TLS: use https://, or `set uplink.allow-plain yes`",
            ),
            Self::Connect(error) => write!(f, "{error}"),
            Self::Status(404) => f.write_str("the server has no such file: check update.url"),
            Self::Status(status) => write!(f, "the server answered {status}"),
            Self::Redirect => f.write_str(
                "the server sends elsewhere, which is not followed: set the final address",
            ),
            Self::Reply => {
                f.write_str("the server's answer is none that tells the length of the file")
            }
            Self::Broken => {
                f.write_str("the connection broke too often: try again where the signal is better")
            }
            Self::Refused(refusal) => write!(f, "{refusal}"),
            Self::Slot(error) => write!(f, "{error}"),
            Self::ReadBack => f.write_str(
                "what was written to flash does not read back: the flash may be worn out",
            ),
            Self::OnTrial => {
                f.write_str("this firmware has not confirmed itself yet: wait until it has")
            }
            Self::Note(error) => write!(f, "the update could not be noted: {error}"),
        }
    }
}

impl core::error::Error for UpdateError {}

impl From<Refusal> for UpdateError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<SlotError> for UpdateError {
    fn from(error: SlotError) -> Self {
        Self::Slot(error)
    }
}

impl From<ConnectError> for UpdateError {
    fn from(error: ConnectError) -> Self {
        Self::Connect(error)
    }
}
