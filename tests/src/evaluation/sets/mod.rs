//! The healthy recordings: whole data sets where a folder holds them, committed extracts where not.

mod appliances;
mod plugs;
mod submeters;
mod voltages;

use std::path::PathBuf;

use meter_core::Source;
use meter_core::detect::{Limit, Naive};

use super::recording::{Recording, Set};

pub use appliances::{APPLIANCES, Appliance, faulty_days, healthy_days, quarters};
pub use plugs::logged_kwh;

/// Where recordings come from.
#[derive(Clone, Debug)]
pub struct Data {
    folder: Option<PathBuf>,
}

impl Data {
    /// What the environment variable `METER_DATA` names; the extracts when it is not set.
    pub fn from_environment() -> Self {
        Self {
            folder: std::env::var_os("METER_DATA").map(PathBuf::from),
        }
    }

    /// The extracts alone.
    pub fn extracts() -> Self {
        Self { folder: None }
    }

    /// Whether whole data sets are at hand.
    pub fn is_whole(&self) -> bool {
        self.folder.is_some()
    }

    /// A file of a data set. A folder that lacks one that may be shared is an error; others may be absent.
    fn read(&self, path: &str) -> Option<String> {
        let path = self.folder.as_ref()?.join(path);
        match std::fs::read_to_string(&path) {
            Ok(text) => Some(text),
            Err(_) if path.iter().any(|part| part == "local") => None,
            Err(error) => panic!("{}: {error}", path.display()),
        }
    }

    /// A file, or its extract.
    fn text(&self, path: &str, extract: &str) -> String {
        self.read(path).unwrap_or_else(|| extract.to_owned())
    }
}

/// All healthy recordings there are.
pub fn healthy(data: &Data) -> Vec<Set> {
    let mut sets = vec![
        submeters::ampds2(data),
        voltages::logs(data),
        appliances::tracebase(data),
        submeters::lab(data),
        appliances::normal(data),
    ];
    sets.extend(plugs::tuya(data));
    for recording in sets.iter_mut().flat_map(|set| &mut set.recordings) {
        recording.rules.high_usage = Some(Naive::high_usage(5_000_000));
    }
    sets
}

/// A meter of power alone, in watts.
const POWER: Source = Source {
    counter_step_uwh: 0,
    moduli: &[],
    max_power_mw: 7_000_000,
    power_step_mw: 1_000,
    voltage_step_mv: 0,
    current_step_ma: 0,
    power_factor_step_milli: 0,
    is_signed: false,
    is_simultaneous: true,
};

/// What a circuit is fused for.
fn fused(recording: &mut Recording, amperes: u32, volts: u32) {
    recording.rules.over_current = Some(Limit::over_current(amperes * 1_000));
    recording.rules.overload = Some(Limit::overload(amperes * volts * 1_000));
    recording.config.source.max_power_mw = amperes * volts * 1_000 * 6 / 5;
}
