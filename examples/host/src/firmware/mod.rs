//! `meter firmware`: signs firmware, so that meters in the field take it and no other.

pub(crate) mod cli;
mod image;
mod keygen;
mod keys;
mod memory;
mod sign;
mod verify;

use cli::{FirmwareCommand, FirmwareOptions};

use crate::error::Problem;

pub(crate) fn run(options: &FirmwareOptions) -> Result<(), Problem> {
    match &options.command {
        FirmwareCommand::Keygen(options) => keygen::run(options),
        FirmwareCommand::Sign(options) => sign::run(options),
        FirmwareCommand::Verify(options) => verify::run(options),
    }
}
