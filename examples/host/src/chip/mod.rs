//! `meter ade7753`: a metering chip on SPI, or a simulated one.

mod calibrate;
pub(crate) mod cli;
mod device;
mod meter;
mod read;
mod registers;

use cli::{ChipCommand, ChipOptions};

use crate::error::Problem;

pub(crate) fn run(options: &ChipOptions) -> Result<(), Problem> {
    match &options.command {
        ChipCommand::Read(window) => read::read(options, *window),
        ChipCommand::Watch(watch) => read::watch(options, *watch),
        ChipCommand::Calibrate(calibrate) => calibrate::run(options, calibrate),
        ChipCommand::Registers => registers::run(options),
    }
}
