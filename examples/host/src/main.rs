//! `meter`: reads PZEM and ADE7753 energy meters from a PC.

mod analyze;
mod bill;
mod chip;
mod cli;
mod commands;
mod disturb;
mod error;
mod firmware;
mod link;
mod network;
mod port;
mod report;
mod station;
mod tui;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Command};
use error::Problem;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match cli.command {
        Command::Read(options) => commands::read::run(&options),
        Command::Watch(options) => commands::watch::run(&options),
        Command::Scan(options) => commands::scan::run(&options),
        Command::Diagnose(options) => commands::diagnose::run(&options),
        Command::SetAddress(options) => commands::set_address::run(&options),
        Command::Alarm(options) => commands::alarm::run(&options),
        Command::ResetEnergy(options) => commands::reset_energy::run(&options),
        Command::Decode(options) => commands::decode::run(options),
        Command::Simulate(options) => commands::simulate::run(&options),
        Command::Analyze(options) => analyze::run(&options),
        Command::Bill(options) => bill::run(&options),
        Command::Ade7753(options) => chip::run(&options),
        Command::Firmware(options) => firmware::run(&options),
        Command::Station(options) => station::run(&options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read our output has seen enough.
        Err(Problem::OutputClosed) => ExitCode::SUCCESS,
        Err(problem) => {
            // Nothing is left to be done when even this can not be written.
            let _ = writeln!(std::io::stderr(), "meter: {problem}");
            ExitCode::from(problem.exit_code())
        }
    }
}
