//! The command line of `meter firmware`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use smart_meter::ota::{Chip, Version};

/// What to do with firmware.
#[derive(Args, Clone, Debug)]
pub(crate) struct FirmwareOptions {
    #[command(subcommand)]
    pub(crate) command: FirmwareCommand,
}

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum FirmwareCommand {
    /// Make a key to sign firmware with, and the public key that goes into it
    Keygen(KeygenOptions),
    /// Sign an application image
    Sign(SignOptions),
    /// Look whether a signed image is whole and who signed it
    Verify(VerifyOptions),
}

#[derive(Args, Clone, Debug)]
pub(crate) struct KeygenOptions {
    /// File for the secret key; the public one gets `.pub` behind its name
    #[arg(long, short, value_name = "FILE", default_value = "firmware.key")]
    pub(crate) output: PathBuf,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct SignOptions {
    /// The application image, as `espflash save-image` writes it without --merge
    pub(crate) image: PathBuf,
    /// The secret key
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
    /// Its version, such as 1.4.0: higher than what the meters run
    #[arg(long = "version", value_name = "VERSION", value_parser = version)]
    pub(crate) version: Version,
    /// The chip it is for
    #[arg(long, value_name = "CHIP", value_parser = chip)]
    pub(crate) chip: Chip,
    /// Where the signed image goes
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// Let it replace any version, later ones too. Whoever has this file can give it to a meter ever after
    #[arg(long)]
    pub(crate) replaces_any: bool,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct VerifyOptions {
    /// The signed image: a file, or an address as meters have it in update.url
    pub(crate) image: String,
    /// The public key: a file, or its 64 hexadecimal digits
    #[arg(long, value_name = "KEY")]
    pub(crate) key: String,
    /// The chip of the meter that is to take it
    #[arg(long, value_name = "CHIP", value_parser = chip)]
    pub(crate) chip: Option<Chip>,
    /// The CA that meters trust, as PEM: for https, which needs it as on a meter
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    /// One JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

fn version(text: &str) -> Result<Version, String> {
    match Version::parse(text) {
        Some(version) if version > Version::default() => Ok(version),
        Some(_) => {
            Err("no version is lower: meters take only what is higher than theirs".to_owned())
        }
        None => Err("a version is three numbers up to 65535, such as 1.4.0".to_owned()),
    }
}

fn chip(text: &str) -> Result<Chip, String> {
    Chip::find(text).ok_or_else(|| {
        let names: Vec<&str> = Chip::ALL.iter().map(|chip| chip.name()).collect();
        format!("no such chip; there are {}", names.join(", "))
    })
}
