//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use meter_sim::pzem::Fault;
use pzem::{Address, Target};

pub(crate) use crate::analyze::cli::AnalyzeOptions;
pub(crate) use crate::bill::cli::BillOptions;
pub(crate) use crate::chip::cli::ChipOptions;
use crate::disturb::Disturbance;
pub(crate) use crate::firmware::cli::FirmwareOptions;
pub(crate) use crate::station::cli::StationOptions;

/// Reads energy meters: PZEM modules on a serial port, an ADE7753 on SPI, or simulated ones.
#[derive(Debug, Parser)]
#[command(name = "meter", version, about, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Read a module once
    Read(ReadOptions),
    /// Watch one or more modules: a live view in a terminal, lines when piped
    Watch(WatchOptions),
    /// Look for modules on the line
    Scan(ScanOptions),
    /// Find out what is wrong with a line
    Diagnose(LinkOptions),
    /// Give a module another address
    SetAddress(SetAddressOptions),
    /// Show or set the power alarm threshold
    Alarm(AlarmOptions),
    /// Set the energy counter of a module to zero
    ResetEnergy(ResetOptions),
    /// Decode frames given in hexadecimal on standard input, one a line
    Decode(DecodeOptions),
    /// Simulate modules on a pseudo-terminal, for this or any other Modbus master
    Simulate(SimulateOptions),
    /// Analyze a recording: energy, demand, gaps, events
    Analyze(Box<AnalyzeOptions>),
    /// Work out what energy costs, line by line
    Bill(Box<BillOptions>),
    /// Work with an ADE7753 metering chip on SPI
    Ade7753(ChipOptions),
    /// Run the firmware of the smart meter on this PC
    Station(Box<StationOptions>),
    /// Make keys, sign firmware of the smart meter, look at what was signed
    Firmware(FirmwareOptions),
}

/// Which line, which module.
#[derive(Args, Clone, Debug)]
pub(crate) struct LinkOptions {
    /// Serial port the module is on, such as /dev/ttyUSB0 or COM3
    #[arg(long, value_name = "PATH", conflicts_with = "sim")]
    pub(crate) port: Option<String>,
    /// Use simulated modules (the default without --port)
    #[arg(long)]
    pub(crate) sim: bool,
    /// Address of the module, 1 to 247, or `general` for the only one on the line
    #[arg(long, short, value_name = "N", value_parser = target)]
    pub(crate) address: Vec<Target>,
    /// How long a module may take to answer [default: 500ms on a port, 200ms simulated]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
    /// The line returns what is sent, as some RS485 adapters do
    #[arg(long)]
    pub(crate) echo: bool,
    /// One JSON object a line
    #[arg(long)]
    pub(crate) json: bool,
}

/// The register map of a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Family {
    /// PZEM-004T v3/v4, PZEM-014, PZEM-016
    Ac,
    /// PZEM-003, PZEM-017
    Dc,
    /// PZEM-004, PZEM-004T v1/v2
    Legacy,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct ReadOptions {
    #[command(flatten)]
    pub(crate) link: LinkOptions,
    /// What kind of module it is
    #[arg(long, value_enum, default_value = "ac")]
    pub(crate) family: Family,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct WatchOptions {
    #[command(flatten)]
    pub(crate) link: LinkOptions,
    /// What kind of modules they are
    #[arg(long, value_enum, default_value = "ac")]
    pub(crate) family: Family,
    /// Time between two readings; modules have new values about every 1.25 s
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = duration)]
    pub(crate) interval: Duration,
    /// Stop after so many readings
    #[arg(long, value_name = "N")]
    pub(crate) count: Option<u64>,
    /// Also write the readings to a CSV file
    #[arg(long, value_name = "FILE")]
    pub(crate) csv: Option<PathBuf>,
    /// Alarm above so many W for 10 s
    #[arg(long, value_name = "WATTS")]
    pub(crate) limit: Option<u32>,
    /// Nominal voltage in V [default: 230, 120 or 100, whichever is nearest to the first reading]
    #[arg(long, value_name = "VOLTS", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) nominal: Option<u32>,
    /// Something that goes wrong in the simulated house: sag, swell, overload, theft, outage, reset or wrap, 5 s after the
    /// first reading or as in sag@10s+3s; may be given several times
    #[arg(long, value_name = "TROUBLE", value_parser = Disturbance::parse, conflicts_with = "port")]
    pub(crate) disturb: Vec<Disturbance>,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct ScanOptions {
    #[command(flatten)]
    pub(crate) link: LinkOptions,
    /// First address
    #[arg(long, value_name = "N", default_value = "1", value_parser = address)]
    pub(crate) from: Address,
    /// Last address
    #[arg(long, value_name = "N", default_value = "247", value_parser = address)]
    pub(crate) to: Address,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct SetAddressOptions {
    #[command(flatten)]
    pub(crate) link: LinkOptions,
    /// The new address, 1 to 247
    #[arg(long, value_name = "N", value_parser = address)]
    pub(crate) new: Address,
    /// Do not ask
    #[arg(long, short)]
    pub(crate) yes: bool,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct AlarmOptions {
    #[command(flatten)]
    pub(crate) link: LinkOptions,
    /// The new threshold in W; without it the present one is shown
    #[arg(long, value_name = "WATTS")]
    pub(crate) set: Option<u16>,
    /// Do not ask
    #[arg(long, short)]
    pub(crate) yes: bool,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct ResetOptions {
    #[command(flatten)]
    pub(crate) link: LinkOptions,
    /// What kind of module it is
    #[arg(long, value_enum, default_value = "ac")]
    pub(crate) family: Family,
    /// Do not ask
    #[arg(long, short)]
    pub(crate) yes: bool,
}

#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct DecodeOptions {
    /// One JSON object a line
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct SimulateOptions {
    /// Offer the line as a pseudo-terminal
    #[arg(long, required = true)]
    pub(crate) pty: bool,
    /// How many modules, at the addresses 1, 2, 3 ...
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=247))]
    pub(crate) modules: u8,
    /// What kind of modules they are
    #[arg(long, value_enum, default_value = "ac")]
    pub(crate) family: Family,
    /// A fault, struck at one reply or byte in ten, or KIND=PERCENT; may be given several times
    #[arg(long = "fault", value_name = "KIND[=PERCENT]", value_parser = fault)]
    pub(crate) faults: Vec<(Fault, u32)>,
    /// Seed of the faults and of the loads
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Something that goes wrong behind the AC module with address 1: sag, swell, overload, theft, outage, reset or
    /// wrap, after 5 s or as in sag@10s+3s; may be given several times
    #[arg(long, value_name = "TROUBLE", value_parser = Disturbance::parse)]
    pub(crate) disturb: Vec<Disturbance>,
    /// The line returns what is sent
    #[arg(long)]
    pub(crate) echo: bool,
}

fn address(text: &str) -> Result<Address, String> {
    let value: u16 = text
        .parse()
        .map_err(|_| "an address is a number from 1 to 247".to_owned())?;
    let value =
        u8::try_from(value).map_err(|_| format!("{value} is too large: addresses are 1 to 247"))?;
    Address::try_from(value).map_err(|error| error.to_string())
}

fn target(text: &str) -> Result<Target, String> {
    match text {
        "general" => Ok(Target::General),
        _ => address(text).map(Target::Unit),
    }
}

/// `1s`, `1.5s`, `200ms`, or a number of milliseconds.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text}: a time is a number with ms or s, such as 200ms or 1.5s");
    let (number, ms_per_unit) = match (text.strip_suffix("ms"), text.strip_suffix('s')) {
        (Some(number), _) => (number, 1.0),
        (None, Some(number)) => (number, 1_000.0),
        (None, None) => (text, 1.0),
    };
    let ms = number.trim().parse::<f64>().map_err(|_| wrong())? * ms_per_unit;
    // A day is longer than anything here has to wait.
    if (1.0..=86_400_000.0).contains(&ms) {
        Ok(Duration::from_micros((ms * 1_000.0) as u64))
    } else {
        Err(wrong())
    }
}

/// A kind of fault and how often it strikes, in millionths.
fn fault(text: &str) -> Result<(Fault, u32), String> {
    let (name, percent) = text.split_once('=').unwrap_or((text, "10"));
    let fault = Fault::by_name(name).ok_or_else(|| {
        let names: Vec<&str> = Fault::ALL.iter().map(|(name, _)| *name).collect();
        format!("no such fault; there are {}", names.join(", "))
    })?;
    match percent.parse::<f64>() {
        Ok(percent) if (0.0..=100.0).contains(&percent) => Ok((fault, (percent * 10_000.0) as u32)),
        _ => Err(format!("{percent}: a rate is 0 to 100 percent")),
    }
}
