//! The options of `meter station`.

use std::path::PathBuf;

use clap::Args;

#[derive(Args, Clone, Debug)]
pub(crate) struct StationOptions {
    /// Serial port the modules are on, such as /dev/ttyUSB0 or COM3
    #[arg(long, value_name = "PATH", conflicts_with = "sim")]
    pub(super) port: Option<String>,
    /// Use simulated modules (the default without --port)
    #[arg(long)]
    pub(super) sim: bool,
    /// Address of a module, 1 to 247; up to four times. Without: the only one on a port, number 1 simulated
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=247))]
    pub(super) address: Vec<u8>,
    /// Send readings to this server, such as http://localhost:3000/api
    #[arg(long, value_name = "URL", conflicts_with = "mqtt")]
    pub(super) http: Option<String>,
    /// Send readings to this broker, such as mqtt://localhost
    #[arg(long, value_name = "URL")]
    pub(super) mqtt: Option<String>,
    /// Certificate of the CA that signed the server's, as PEM; for https:// and mqtts://
    #[arg(long, value_name = "FILE")]
    pub(super) ca: Option<PathBuf>,
    /// Keep flash and card of the device in this folder, so that the next run goes on from there; data.csv in it has every
    /// reading
    #[arg(long, value_name = "DIR")]
    pub(super) data: Option<PathBuf>,
    /// A setting of the device, as on its console; may be given several times
    #[arg(long, value_name = "NAME=VALUE")]
    pub(super) set: Vec<String>,
    /// Serve the page of the device to browsers on this PC
    #[arg(long, value_name = "PORT", num_args = 0..=1, default_missing_value = "8080")]
    pub(super) page: Option<u16>,
    /// Show the display of the device instead of lines of readings
    #[arg(long)]
    pub(super) display: bool,
    /// Port of the time servers that are set by time.server-1
    #[arg(long, value_name = "PORT", default_value = "123")]
    pub(super) ntp_port: u16,
    /// Let time go by so many times as fast (simulated modules only)
    #[arg(long, value_name = "N", default_value = "1", conflicts_with = "port",
        value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(super) speed: u32,
    /// Stop after so many readings, when they are sent
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) count: Option<u64>,
}
