//! The command line of `meter analyze`.

use std::path::PathBuf;

use clap::Args;
use jiff::tz::TimeZone;

use super::time;
use super::unit::{Field, Unit};

/// Which file, which columns, which meter.
#[derive(Args, Clone, Debug)]
pub(crate) struct AnalyzeOptions {
    /// The recording: lines of values
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) columns: ColumnOptions,
    #[command(flatten)]
    pub(crate) meter: MeterOptions,
    /// Nominal voltage in V [default: 230, 120 or 100, whichever is nearest]
    #[arg(long, value_name = "VOLTS", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) nominal: Option<u32>,
    /// Alarm above so many W for 10 s
    #[arg(long, value_name = "WATTS")]
    pub(crate) limit: Option<u32>,
    /// How many seconds all values may stay the same; cloud plugs repeat themselves for an hour [default: 60 rows,
    /// 60 s at least; four times 300 s below 5 W]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) frozen: Option<u32>,
    /// Apply the classical rules too: no power at more than 0.1 A, more than 5 kW
    #[arg(long)]
    pub(crate) naive: bool,
    /// Minutes over which demand and load profile are taken
    #[arg(long, value_name = "MINUTES", default_value = "15", value_parser = interval)]
    pub(crate) interval: u32,
    /// Also write a page with plots, complete in itself
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// One JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Where a recording has what.
#[derive(Args, Clone, Debug)]
pub(crate) struct ColumnOptions {
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
    /// Column of the counter of exported energy
    #[arg(long, value_name = "COLUMN")]
    pub(crate) energy_export: Option<String>,
    /// Column of the power factor
    #[arg(long, value_name = "COLUMN")]
    pub(crate) power_factor: Option<String>,
    /// Column of the frequency
    #[arg(long, value_name = "COLUMN")]
    pub(crate) frequency: Option<String>,
    /// Unit of a column, such as power=kW; without, it is taken from the header, else V, A, W, kWh, Hz
    #[arg(long = "unit", value_name = "FIELD=UNIT", value_parser = Unit::parse_assignment)]
    pub(crate) units: Vec<(Field, Unit)>,
    /// Only lines with this value in a column, such as address=2, of a recording of several meters
    #[arg(long, value_name = "COLUMN=VALUE", value_parser = assignment)]
    pub(crate) only: Option<(String, String)>,
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
    /// Where the recording was made, such as Europe/Berlin or +05:30: days begin at midnight there, and times
    /// without an offset are of there [default: times and days as they are written, Unix times in UTC]
    #[arg(long, value_name = "ZONE", value_parser = time::zone)]
    pub(crate) time_zone: Option<TimeZone>,
}

/// What is known of the meter.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct MeterOptions {
    /// The largest power the meter can be exposed to in W
    #[arg(long, value_name = "WATTS", default_value_t = 27_600, value_parser = clap::value_parser!(u32).range(1..=4_000_000))]
    pub(crate) max_power: u32,
    /// Values are means over the time between two lines, not of one moment
    #[arg(long)]
    pub(crate) averaged: bool,
}

/// 15, 30 or 60 minutes as contracts have them, as seconds.
fn interval(text: &str) -> Result<u32, String> {
    match text.trim_end_matches("min").trim() {
        "5" => Ok(300),
        "10" => Ok(600),
        "15" => Ok(900),
        "30" => Ok(1_800),
        "60" => Ok(3_600),
        _ => Err(format!("{text}: 5, 10, 15, 30 or 60")),
    }
}

fn assignment(text: &str) -> Result<(String, String), String> {
    let (column, value) = text
        .split_once('=')
        .ok_or_else(|| format!("{text}: give a column and its value, such as address=2"))?;
    Ok((column.trim().to_owned(), value.trim().to_owned()))
}
