//! Commands as values: which requests go out, and what follows from each outcome.
//!
//! An operation knows nothing of ports and time; the shells run any of them. Reads are repeated as
//! often as [`Config`] says. Writes are sent once: afterwards the module is asked
//! for the new value, whether the write was answered or not.

mod address;
mod broadcast;
mod calibrate;
mod diagnose;
mod probe;
mod read;
mod reset;
mod write;

pub use address::{ReadAddress, SetAddress};
pub use broadcast::Broadcast;
pub use calibrate::{Calibrate, CalibrationToken};
pub use diagnose::{Diagnose, Diagnosis, Verdict};
pub use probe::{Family, Presence, Probe};
pub use read::{
    AlarmThreshold, DcBlock, DcSettingsBlock, FullBlock, ReadRegisters, RegisterBlock, Value,
    WithoutAlarm,
};
pub use reset::ResetEnergy;
pub use write::WriteSetting;

use crate::config::Config;
use crate::error::Failure;
use crate::request::Request;
use crate::transaction::Exchange;

/// A command that takes one or more exchanges.
pub trait Operation {
    /// What it yields.
    type Output;

    /// The request to send now.
    fn request(&self) -> Request;

    /// Takes what came of that request.
    fn conclude(&mut self, exchange: Exchange<'_>, config: &Config) -> Progress<Self::Output>;
}

/// How an operation stands after an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress<T> {
    /// Send [`Operation::request`] and come back.
    Again,
    /// Finished.
    Done(Result<T, Failure>),
}

/// Whether the same read may succeed when it is sent again.
pub(crate) const fn is_worth_repeating(failure: Failure) -> bool {
    !matches!(failure, Failure::Exception(_))
}
