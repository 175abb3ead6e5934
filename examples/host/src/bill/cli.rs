//! The command line of `meter bill`.

use std::path::PathBuf;

use clap::Args;

use super::amount::Quantity;
use crate::analyze::cli::{ColumnOptions, MeterOptions};

/// What was used, and what it costs.
#[derive(Args, Clone, Debug)]
pub(crate) struct BillOptions {
    /// A recording, with columns as for `meter analyze`; without it, usage is given in numbers
    pub(crate) file: Option<PathBuf>,
    /// The tariff, a TOML file
    #[arg(long, value_name = "FILE")]
    pub(crate) tariff: PathBuf,
    /// Energy taken in, such as 342kWh
    #[arg(long, value_name = "ENERGY", value_parser = Quantity::energy, conflicts_with = "file")]
    pub(crate) import: Option<u64>,
    /// Energy that flowed back
    #[arg(long, value_name = "ENERGY", value_parser = Quantity::energy, conflicts_with = "file")]
    pub(crate) export: Option<u64>,
    /// Energy at a rate of the tariff, such as night=120kWh; once for each
    #[arg(long = "rate", value_name = "RATE=ENERGY", value_parser = Quantity::at_rate, conflicts_with = "file")]
    pub(crate) rates: Vec<(String, u64)>,
    /// Largest demand, such as 4.2kW
    #[arg(long, value_name = "POWER", value_parser = Quantity::power, conflicts_with = "file")]
    pub(crate) demand: Option<u64>,
    /// Days of the period
    #[arg(long, value_name = "N", conflicts_with = "file")]
    pub(crate) days: Option<u16>,
    /// Take the recording for one period, whatever its length
    #[arg(long, requires = "file")]
    pub(crate) whole: bool,
    #[command(flatten)]
    pub(crate) columns: ColumnOptions,
    #[command(flatten)]
    pub(crate) meter: MeterOptions,
    /// One JSON object for each bill
    #[arg(long)]
    pub(crate) json: bool,
}
