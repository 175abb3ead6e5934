//! A cloud plug, of a set that may be evaluated and not passed on.

use meter_core::meter::Limits;
use meter_core::{Reading, Source};

use super::{Data, POWER, fused};
use crate::evaluation::parse::{at, iso, milli};
use crate::evaluation::{Recording, Set};

const FILE: &str = "local/tuya_plug_5s/plug_a_energy_log.csv";
/// It repeats itself for an hour and 7 s while its values are on their way through a cloud.
const REPEATS_MS: u32 = 2 * 3_600_000;

pub(super) fn tuya(data: &Data) -> Option<Set> {
    let source = Source {
        power_step_mw: 100,
        voltage_step_mv: 100,
        current_step_ma: 1,
        is_simultaneous: false,
        ..POWER
    };
    let mut recording = Recording::new("plug_a", source, 5_000, Limits::new(230, 50));
    fused(&mut recording, 16, 230);
    recording.rules.frozen.loaded_ms = REPEATS_MS;
    recording.rules.frozen.idle_ms = REPEATS_MS;
    recording.readings = data.read(FILE)?.lines().filter_map(row).collect();
    Some(Set {
        name: "tuya_plug_5s",
        what: "cloud plug, V I P each 5 s, not of one moment",
        recordings: vec![recording],
    })
}

fn row(line: &str) -> Option<Reading> {
    let fields: Vec<&str> = line.split(',').collect();
    let [stamp, volts, amperes, watts, ..] = fields[..] else {
        return None;
    };
    Some(Reading {
        voltage_mv: Some(milli(volts)? as u32),
        current_ma: Some(milli(amperes)? as u32),
        power_mw: Some(milli(watts)? as i32),
        ..at(iso(stamp)?)
    })
}

/// What the logger itself made of it: seconds and its sum in kilowatt-hours, which counts each poll as five seconds.
pub fn logged_kwh(data: &Data) -> Option<Vec<(i64, f64)>> {
    let text = data.read(FILE)?;
    let rows = text.lines().filter_map(|line| {
        let fields: Vec<&str> = line.split(',').collect();
        Some((iso(fields.first()?)?, fields.get(4)?.parse().ok()?))
    });
    Some(rows.collect())
}
