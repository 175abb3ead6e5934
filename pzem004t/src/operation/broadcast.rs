//! Requests to every module on the line.

use super::{Operation, Progress};
use crate::config::Config;
use crate::request::Request;
use crate::transaction::Exchange;

/// A request to every module on the line; nothing answers, so nothing is waited for.
///
/// The datasheet defines the address `0x00`, but nobody has published whether a module carries out
/// what is sent to it. Read back what matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Broadcast {
    /// Sets the energy counters to zero.
    ResetEnergy,
    /// Sets the power alarm thresholds of AC modules, in W.
    AlarmThreshold {
        /// The threshold in W.
        watts: u16,
    },
}

impl Operation for Broadcast {
    type Output = ();

    fn request(&self) -> Request {
        match *self {
            Self::ResetEnergy => Request::reset_energy_broadcast(),
            Self::AlarmThreshold { watts } => Request::write_broadcast(1, watts),
        }
    }

    fn conclude(&mut self, exchange: Exchange<'_>, _: &Config) -> Progress<()> {
        Progress::Done(exchange.result.map(|_| ()))
    }
}
