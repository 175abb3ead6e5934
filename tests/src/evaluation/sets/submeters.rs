//! Meters of circuits: AMPds2, and a bench.

use meter_core::meter::Limits;
use meter_core::{CounterReading, Reading, Source};

use super::{Data, POWER, fused};
use crate::evaluation::parse::{at, iso, milli};
use crate::evaluation::{Recording, Set};

const TWO_DAYS: &str = include_str!("../../../fixtures/ampds2_b1e_two_days.csv");
const LAB: &str = include_str!("../../../fixtures/evaluation/lab_main.csv");

/// A bedroom's circuit, 120 V and 60 Hz, a reading a minute with a counter of watt-hours.
pub(super) fn ampds2(data: &Data) -> Set {
    let source = Source {
        counter_step_uwh: 1_000_000,
        power_step_mw: 1_000,
        voltage_step_mv: 100,
        current_step_ma: 100,
        power_factor_step_milli: 10,
        ..POWER
    };
    let mut recording = Recording::new("bedroom circuit", source, 60_000, Limits::new(120, 60));
    fused(&mut recording, 15, 120);
    recording.offset_s = -8 * 3_600;
    let text = data.text("open/ampds2_b1e/Electricity_B1E-11.csv", TWO_DAYS);
    recording.readings = text.lines().filter_map(ampds2_row).collect();
    Set {
        name: "ampds2_b1e",
        what: "circuit of a bedroom, V I f PF P Wh each minute",
        recordings: vec![recording],
    }
}

fn ampds2_row(line: &str) -> Option<Reading> {
    let fields: Vec<&str> = line.split(',').collect();
    let [time, volts, amperes, hertz, _, factor, watts, wh, ..] = fields[..] else {
        return None;
    };
    Some(Reading {
        voltage_mv: Some(milli(volts)? as u32),
        current_ma: Some(milli(amperes)? as u32),
        power_mw: Some(milli(watts)? as i32),
        power_factor_milli: Some(milli(factor)? as i16),
        frequency_mhz: Some(milli(hertz)? as u32),
        counter: Some(CounterReading {
            import: wh.parse().ok()?,
            export: 0,
        }),
        ..at(time.parse().ok()?)
    })
}

/// Kettle, vacuum cleaner and water heater on a bench, a reading a second, some minutes each.
pub(super) fn lab(data: &Data) -> Set {
    let folders = [
        (
            "2combi_kettle+vacuum/train_data",
            &["main", "kettle", "vacuum"][..],
        ),
        (
            "2combi_kettle+vacuum/test_data",
            &["main._output", "kettle._output", "vacuum._output"],
        ),
        (
            "3combi_kettle+vacuum+wheater/train_data",
            &["main", "kettle", "vacuum", "water_heater"],
        ),
        (
            "3combi_kettle+vacuum+wheater/test_data",
            &["main", "kettle", "vacuum", "water_heater"],
        ),
    ];
    let mut recordings = Vec::new();
    for (folder, names) in folders {
        for name in names {
            let path = format!("open/lab_harmonics_1hz/{folder}/{name}.csv");
            recordings.extend(data.read(&path).map(|text| lab_file(&text, name)));
        }
    }
    if !data.is_whole() {
        recordings.push(lab_file(LAB, "main"));
    }
    Set {
        name: "lab_1hz",
        what: "bench with kettle, vacuum cleaner, heater, I P S PF each second",
        recordings,
    }
}

/// Below this, a current in steps of 10 mA does not tell the voltage from the apparent power.
const TELLS_VOLTS_MA: i64 = 1_000;

fn lab_file(text: &str, name: &str) -> Recording {
    let source = Source {
        power_step_mw: 10,
        voltage_step_mv: 100,
        current_step_ma: 10,
        power_factor_step_milli: 1,
        ..POWER
    };
    let mut recording = Recording::new(name, source, 1_000, Limits::new(230, 50));
    fused(&mut recording, 63, 230);
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
    let column = |name: &str| {
        let found = header.iter().position(|field| field.trim() == name);
        found.unwrap_or_else(|| panic!("no column {name}"))
    };
    let columns = ["RMS Current", "Apparent (W)", "Active (W)", "Power Factor"].map(column);
    recording.readings = lines
        .filter_map(|line| {
            let fields: Vec<&str> = line.split(',').collect();
            let [ma, mva, mw, factor] = columns.map(|column| milli(fields.get(column)?));
            let (ma, mva) = (ma?, mva?);
            let voltage = (ma >= TELLS_VOLTS_MA).then(|| (mva * 1_000 / ma) as u32);
            Some(Reading {
                voltage_mv: voltage,
                current_ma: Some(ma as u32),
                power_mw: Some(mw? as i32),
                power_factor_milli: Some(factor? as i16),
                ..at(iso(fields.first()?)?)
            })
        })
        .collect();
    recording
}
