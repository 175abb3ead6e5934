//! The factory calibration command.

use super::{Operation, Progress};
use crate::config::Config;
use crate::request::Request;
use crate::transaction::Exchange;

/// Says that the caller means it.
///
/// Calibration overwrites the constants the module left the factory with. It is meant for a
/// production line with a precision source at 220 V and rated current; at anything else the module
/// measures wrong afterwards, and there is no way back.
#[derive(Clone, Copy, Debug)]
pub struct CalibrationToken(());

impl CalibrationToken {
    /// The module is alone on the line, and connected to the source its manual asks for.
    #[must_use]
    pub const fn overwrite_factory_calibration_with_the_reference_source_connected() -> Self {
        Self(())
    }
}

/// Sends the calibration command once and waits for its echo, 3 to 4 s later.
///
/// It exists at the general address only. The echo is all the module says; with
/// [`EchoMode`](crate::EchoMode) set wrong, the line's own echo would be taken for it. A reply of a
/// real module was never published.
#[derive(Clone, Copy, Debug)]
pub struct Calibrate(());

impl Calibrate {
    /// Calibrates the only module on the line.
    #[must_use]
    pub const fn new(_: CalibrationToken) -> Self {
        Self(())
    }
}

impl Operation for Calibrate {
    type Output = ();

    fn request(&self) -> Request {
        Request::calibrate()
    }

    fn conclude(&mut self, exchange: Exchange<'_>, _: &Config) -> Progress<()> {
        Progress::Done(exchange.result.map(|_| ()))
    }
}
