//! The command line of `meter analyze`.

use std::path::PathBuf;

use clap::Args;

use super::columns::{Field, Unit};

/// Which file, which columns, which meter.
#[derive(Args, Clone, Debug)]
pub(crate) struct AnalyzeOptions {
    /// The recording: lines of values
    pub(crate) file: PathBuf,
    /// Column of the time, by name or number from 1; twice for a date and a time
    #[arg(long, value_name = "COLUMN")]
    pub(crate) time: Vec<String>,
    /// Column of the voltage
    #[arg(long, value_name = "COLUMN")]
    pub(crate) voltage: Option<String>,
    /// Column of the current
    #[arg(long, value_name = "COLUMN")]
    pub(crate) current: Option<String>,
    /// Column of the active power
    #[arg(long, value_name = "COLUMN")]
    pub(crate) power: Option<String>,
    /// Column of the energy counter
    #[arg(long, value_name = "COLUMN")]
    pub(crate) energy: Option<String>,
    /// Column of the power factor
    #[arg(long, value_name = "COLUMN")]
    pub(crate) power_factor: Option<String>,
    /// Column of the frequency
    #[arg(long, value_name = "COLUMN")]
    pub(crate) frequency: Option<String>,
    /// Unit of a column, such as power=kW; without, it is taken from the header, else V, A, W, kWh, Hz
    #[arg(long = "unit", value_name = "FIELD=UNIT", value_parser = Unit::parse_assignment)]
    pub(crate) units: Vec<(Field, Unit)>,
    /// The first line holds values already
    #[arg(long)]
    pub(crate) no_header: bool,
    /// What stands between the values [default: found out from the first lines]
    #[arg(long, value_name = "CHARACTER")]
    pub(crate) delimiter: Option<char>,
    /// How times are written, in the way of strftime; without, Unix seconds or milliseconds and the usual
    /// forms are known
    #[arg(long, value_name = "FORMAT")]
    pub(crate) time_format: Option<String>,
    /// Nominal voltage in V [default: 230, 120 or 100, whichever is nearest]
    #[arg(long, value_name = "VOLTS")]
    pub(crate) nominal: Option<u32>,
    /// The largest power the meter can be exposed to in W
    #[arg(long, value_name = "WATTS", default_value_t = 27_600)]
    pub(crate) max_power: u32,
    /// Alarm above so many W for 10 s
    #[arg(long, value_name = "WATTS")]
    pub(crate) limit: Option<u32>,
    /// Values are means over the time between two lines, not of one moment
    #[arg(long)]
    pub(crate) averaged: bool,
    /// Apply the classical rules too: no power at more than 0.1 A, more than 5 kW
    #[arg(long)]
    pub(crate) naive: bool,
    /// One JSON object
    #[arg(long)]
    pub(crate) json: bool,
}
