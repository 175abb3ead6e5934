//! The command line of `meter ade7753`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use crate::cli::duration;

/// The chip, its board, and what to do with it.
#[derive(Args, Clone, Debug)]
pub(crate) struct ChipOptions {
    #[command(subcommand)]
    pub(crate) command: ChipCommand,
    /// Device the chip is on, such as /dev/spidev0.0 (Linux)
    #[arg(long, value_name = "PATH", conflicts_with = "sim", global = true)]
    pub(crate) spi: Option<PathBuf>,
    /// Use a simulated chip on a load bench (the default without --spi)
    #[arg(long, global = true)]
    pub(crate) sim: bool,
    /// SPI clock in Hz, up to 10 MHz
    #[arg(long, value_name = "HZ", default_value_t = 1_000_000, global = true)]
    pub(crate) sclk: u32,
    /// Which chip it is
    #[arg(long, value_enum, default_value = "ade7753", global = true)]
    pub(crate) variant: VariantOption,
    /// Mains frequency in Hz, 40 to 70
    #[arg(long, value_name = "HZ", default_value_t = 50, global = true)]
    pub(crate) mains: u8,
    /// Turns of the current transformer (2000 for an SCT-013-000)
    #[arg(long, value_name = "N", default_value_t = 2_000, global = true)]
    pub(crate) ct_ratio: u32,
    /// Burden of the current transformer in milliohms
    #[arg(long, value_name = "MOHM", default_value_t = 6_800, global = true)]
    pub(crate) burden: u32,
    /// How often the conductor goes through its core
    #[arg(long, value_name = "N", default_value_t = 1, global = true)]
    pub(crate) turns: u8,
    /// A shunt of so many microohms instead of a transformer
    #[arg(long, value_name = "UOHM", global = true)]
    pub(crate) shunt: Option<u32>,
    /// Resistor between mains and the voltage input in ohms
    #[arg(long, value_name = "OHM", default_value_t = 200_000, global = true)]
    pub(crate) resistor: u32,
    /// Burden of the voltage transformer, or lower half of a divider, in ohms
    #[arg(long, value_name = "OHM", default_value_t = 150, global = true)]
    pub(crate) lower: u32,
    /// The voltage comes from a divider, not from a ZMPT101B
    #[arg(long, global = true)]
    pub(crate) divider: bool,
    /// Calibration to use, as `calibrate --output` has written it
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) calibration: Option<PathBuf>,
    /// Seed of the simulated chip's errors
    #[arg(long, value_name = "N", default_value_t = 1, global = true)]
    pub(crate) seed: u64,
    /// One JSON object a line
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum ChipCommand {
    /// Measure one window
    Read(WindowOptions),
    /// Measure window after window
    Watch(WatchWindows),
    /// Go through the guided calibration: against the simulated bench, or asking for loads
    Calibrate(CalibrateOptions),
    /// Show every register with its name, number and bits
    Registers,
}

#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct WindowOptions {
    /// Length of a window, up to 40 s at 50 Hz; longer ones have finer steps
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = duration)]
    pub(crate) window: Duration,
}

#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct WatchWindows {
    #[command(flatten)]
    pub(crate) window: WindowOptions,
    /// Stop after so many windows
    #[arg(long, value_name = "N")]
    pub(crate) count: Option<u64>,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct CalibrateOptions {
    /// Voltage of the loads in V
    #[arg(long, value_name = "VOLTS", default_value_t = 230)]
    pub(crate) voltage: u32,
    /// Basic current in A: a tenth to a fifth of the largest
    #[arg(long, value_name = "AMPERES", default_value_t = 10.0)]
    pub(crate) current: f64,
    /// Ask for what a reference meter shows, instead of taking the loads as they were asked for
    #[arg(long)]
    pub(crate) reference_meter: bool,
    /// Accept a phase error beyond what the chip corrects, up to so many degrees
    #[arg(long, value_name = "DEGREES", default_value_t = 0.028)]
    pub(crate) tolerate_phase: f64,
    /// Where to store the result
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// The chip's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum VariantOption {
    /// With reactive energy
    Ade7753,
    /// Without
    Ade7763,
}
