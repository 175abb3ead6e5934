//! One to four PZEM modules on a serial line.

use embedded_hal_async::delay::DelayNs;
use embedded_io_async::{Read, Write};
use heapless::Vec;
use meter_core::{Reading, ReadingSource, Source};
use pzem::asynch::Pzem;
use pzem::plausibility::FirstFrame;
use pzem::{Address, Config, Error, Failure, Family, Target};

use crate::platform::{Cause, MeterSource, SourceError};
use crate::settings::CHANNELS;

/// Misses in a row after which a module counts as gone: it is asked once each time then, and its next frame is a
/// first one.
const GONE_AFTER: u8 = 3;

/// A module and what is known of its link.
struct Module {
    target: Target,
    missed: u8,
    first_frame: FirstFrame,
}

/// PZEM modules on one line, read through the async driver.
///
/// The first frame after a start, and after a module was gone, is taken when a second one bears it out: a module that
/// starts up may say anything.
pub struct PzemLine<U, D> {
    line: Pzem<U, D>,
    config: Config,
    modules: Vec<Module, CHANNELS>,
}

impl<U, D> PzemLine<U, D> {
    /// Modules at these addresses, in the order of their channels; without addresses the only module on the line,
    /// whatever address it has. Addresses that no module can have are left out.
    pub fn new(line: Pzem<U, D>, addresses: &[u8]) -> Self {
        Self::with_config(line, addresses, Config::new())
    }

    /// As [`new`](Self::new) with other settings of the driver.
    pub fn with_config(line: Pzem<U, D>, addresses: &[u8], config: Config) -> Self {
        let units = addresses
            .iter()
            .filter_map(|address| Address::new(*address));
        let mut modules: Vec<Module, CHANNELS> = Vec::new();
        for address in units {
            // More than there is room for are left out.
            let _ = modules.push(Module::new(Target::Unit(address)));
        }
        if modules.is_empty() {
            let _ = modules.push(Module::new(Target::General));
        }
        Self {
            line,
            config,
            modules,
        }
    }

    /// The driver, for what is not measuring: addresses, alarm thresholds, counters of the line.
    pub const fn line_mut(&mut self) -> &mut Pzem<U, D> {
        &mut self.line
    }
}

impl Module {
    const fn new(target: Target) -> Self {
        Self {
            target,
            missed: 0,
            first_frame: FirstFrame::new(),
        }
    }

    /// Counts a miss.
    const fn miss(&mut self) {
        self.missed = self.missed.saturating_add(1);
        if self.missed >= GONE_AFTER {
            self.first_frame.close();
        }
    }
}

impl<U: Read + Write, D: DelayNs> MeterSource for PzemLine<U, D> {
    fn channels(&self) -> u8 {
        // At most CHANNELS.
        self.modules.len() as u8
    }

    fn describe(&self, _: u8) -> Source {
        Family::Ac.describe()
    }

    async fn read(&mut self, channel: u8) -> Result<Reading, SourceError> {
        let Some(module) = self.modules.get_mut(usize::from(channel)) else {
            return Err(SourceError::new(Cause::Bus, &"there is no such channel"));
        };
        // A module that is gone must not keep the others waiting.
        let is_gone = module.missed >= GONE_AFTER;
        *self.line.config_mut() = if is_gone {
            self.config.with_read_retries(0)
        } else {
            self.config
        };
        for _ in 0..2 {
            let measurement = match self.line.read(module.target).await {
                Ok(measurement) => measurement,
                Err(error) => {
                    module.miss();
                    return Err(SourceError::new(cause(&error), &error));
                }
            };
            module.missed = 0;
            if module.first_frame.admit(measurement.energy_wh).is_ok() {
                return Ok(measurement.reading(0));
            }
            // Once more, at once.
        }
        Err(SourceError::new(
            Cause::Implausible,
            &"two frames of a module that came up contradict each other: waiting for the next",
        ))
    }
}

/// What kind of failure an error of the driver is.
const fn cause<E>(error: &Error<E>) -> Cause {
    let Some(failure) = error.failure() else {
        return Cause::Bus;
    };
    match failure {
        Failure::NoReply => Cause::NoReply,
        Failure::Exception(_) => Cause::Refused,
        Failure::Implausible(_) => Cause::Implausible,
        // Bytes came, and no answer.
        _ => Cause::Garbled,
    }
}
