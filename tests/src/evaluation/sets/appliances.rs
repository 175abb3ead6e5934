//! Appliances by their power alone: Tracebase, and the healthy and the faulty days of another data set.

use meter_core::Reading;
use meter_core::meter::Limits;

use super::{Data, POWER, fused};
use crate::evaluation::parse::{at, iso, milli, numbers, seconds};
use crate::evaluation::{Recording, Set};

const TRACES: [(&str, &str); 4] = [
    (
        "WaterKettle__dev_B81D04_2011.12.02.csv",
        include_str!("../../../fixtures/evaluation/tracebase_kettle.csv"),
    ),
    (
        "Dishwasher__dev_995BAC_2012.06.15.csv",
        include_str!("../../../fixtures/evaluation/tracebase_dishwasher.csv"),
    ),
    (
        "Refrigerator__dev_D325D9_2012.06.19.csv",
        include_str!("../../../fixtures/evaluation/tracebase_refrigerator.csv"),
    ),
    (
        "Coffeemaker__Senseo_Coffee_2012.01.06.csv",
        include_str!("../../../fixtures/evaluation/tracebase_coffee.csv"),
    ),
];

/// A day each of a kettle, a dishwasher, a refrigerator and a coffee maker.
pub(super) fn tracebase(data: &Data) -> Set {
    let recordings = TRACES.map(|(file, extract)| {
        let name = file.split("__").next().unwrap_or_default();
        let mut recording = Recording::new(name, POWER, 1_000, Limits::new(230, 50));
        fused(&mut recording, 16, 230);
        let text = data.text(&format!("open/tracebase_1s/{file}"), extract);
        recording.readings = text.lines().filter_map(trace_row).collect();
        // The module on the wire skips up to half a minute now and then.
        recording.config.gap_ms = 30_000;
        recording
    });
    Set {
        name: "tracebase_1s",
        what: "four appliances for a day each, P about each second",
        recordings: recordings.into(),
    }
}

/// Power over a second, in watts.
fn trace_row(line: &str) -> Option<Reading> {
    let mut fields = line.split(';');
    let [day, month, year, hour, minute, second] = numbers(fields.next()?)[..] else {
        return None;
    };
    Some(Reading {
        power_mw: Some(milli(fields.next()?)? as i32),
        ..at(seconds(year, month, day, hour, minute, second))
    })
}

/// An appliance with ten healthy days and as many of each fault.
#[derive(Clone, Copy, Debug)]
pub struct Appliance {
    /// Its name in tables and in the extract of quarters.
    pub name: &'static str,
    folder: &'static str,
    file: &'static str,
    amperes: u32,
    faults: &'static [&'static str],
    extract: &'static str,
}

/// The three there are.
pub const APPLIANCES: [Appliance; 3] = [
    Appliance {
        name: "fridge",
        folder: "Fridge/Fridge_1",
        file: "fridge_1",
        amperes: 16,
        faults: &[
            "anomaly_Minor_7.50",
            "anomaly_Major_15.70",
            "anomaly_Damaged_Door_Seals",
            "anomaly_Faulty_Thermostats",
            "anomaly_Faulty_Compressor",
        ],
        extract: include_str!("../../../fixtures/evaluation/fridge_day.csv"),
    },
    Appliance {
        name: "dryer",
        folder: "Dryer/Dryer_1",
        file: "dryer_1",
        amperes: 16,
        faults: &[
            "anomaly_Minor_7.50",
            "anomaly_Major_20",
            "anomaly_Major_35",
            "anomaly_Clogged_Lint_Filter",
            "anomaly_Faulty_Thermostat",
            "anomaly_Inefficient_Heating_Elements",
            "anomaly_Worm_Seals",
        ],
        extract: include_str!("../../../fixtures/evaluation/dryer_day.csv"),
    },
    Appliance {
        name: "water_heater",
        folder: "Water_Heater/Water_Heater_1",
        file: "water_heater_1",
        amperes: 30,
        faults: &[
            "anomaly_Minor_7.50",
            "anomaly_Major_20",
            "anomaly_Major_35",
            "Anomaly_Faulty_Thermostats",
            "Anomaly_Heating_Element",
            "Anomaly_Sediment_Build-Up",
            "Anomaly_Slight_Overheating",
        ],
        extract: include_str!("../../../fixtures/evaluation/water_heater_day.csv"),
    },
];

const DAYS: u32 = 10;

pub(super) fn normal(data: &Data) -> Set {
    Set {
        name: "appliance_normal",
        what: "fridge, dryer and water heater, ten days each, P each minute",
        recordings: APPLIANCES
            .iter()
            .flat_map(|of| healthy_days(data, of))
            .collect(),
    }
}

/// The healthy days of an appliance.
pub fn healthy_days(data: &Data, appliance: &Appliance) -> Vec<Recording> {
    let day = |day: u32| {
        let Appliance { folder, file, .. } = appliance;
        let path = format!("open/appliance_faults/{folder}/Normal/{file}_day{day}.csv");
        let text = data.read(&path)?;
        Some(recording(appliance, day, &text).0)
    };
    let days: Vec<Recording> = (1..=DAYS).filter_map(day).collect();
    if days.is_empty() {
        return vec![recording(appliance, 1, appliance.extract).0];
    }
    days
}

/// The faulty days of an appliance: the name of the fault, the recording, and which of its readings are labelled.
pub fn faulty_days(
    data: &Data,
    appliance: &Appliance,
) -> Vec<(&'static str, Recording, Vec<bool>)> {
    let Appliance { folder, file, .. } = appliance;
    let mut days = Vec::new();
    for fault in appliance.faults {
        for day in 1..=DAYS {
            let path =
                format!("open/appliance_faults/{folder}/{fault}/{file}_day{day}_ANOMALIES.csv");
            if let Some(text) = data.read(&path) {
                let (recording, labels) = recording(appliance, day, &text);
                days.push((*fault, recording, labels));
            }
        }
    }
    days
}

/// Rows of `[index,]time,watts[,label]`; times are month/day/year or ISO, some powers are blank.
fn recording(appliance: &Appliance, day: u32, text: &str) -> (Recording, Vec<bool>) {
    let name = format!("{} day {day}", appliance.name);
    let mut recording = Recording::new(name, POWER, 60_000, Limits::new(230, 50));
    fused(&mut recording, appliance.amperes, 230);
    let mut labels = Vec::new();
    for line in text.lines() {
        let mut fields: Vec<&str> = line.split(',').collect();
        if fields.first().is_some_and(|first| !first.contains(':')) {
            fields.remove(0);
        }
        let [stamp, watts, ref label @ ..] = fields[..] else {
            continue;
        };
        let utc_s = if stamp.contains('/') {
            let [month, day, year, hour, minute] = numbers(stamp)[..] else {
                continue;
            };
            seconds(year, month, day, hour, minute, 0)
        } else {
            let Some(utc_s) = iso(stamp) else { continue };
            utc_s
        };
        let Some(power_mw) = milli(watts) else {
            continue;
        };
        recording.readings.push(Reading {
            power_mw: Some(power_mw as i32),
            ..at(utc_s)
        });
        labels.push(label.first().is_some_and(|label| label.starts_with('1')));
    }
    (recording, labels)
}

const QUARTERS: &str = include_str!("../../../fixtures/evaluation/appliance_quarters.csv");

/// The healthy days as means of the quarters of an hour from midnight on in milliwatts, which is all that detection by
/// days and nights sees: of the data set where it is at hand, else of the extract.
pub fn quarters(data: &Data, appliance: &Appliance) -> Vec<[u32; 96]> {
    if data.is_whole() {
        let days = healthy_days(data, appliance);
        return days.iter().map(|day| day_quarters(&day.readings)).collect();
    }
    let rows = QUARTERS.lines().filter_map(|line| {
        let (name, rest) = line.split_once(',')?;
        let numbers: Vec<u32> = rest.split(',').flat_map(str::parse).collect();
        let [_, ref day @ ..] = numbers[..] else {
            return None;
        };
        (name == appliance.name).then(|| day.try_into().expect("96 quarters"))
    });
    rows.collect()
}

fn day_quarters(readings: &[Reading]) -> [u32; 96] {
    let (mut sums, mut counts, mut seen) = ([0_u64; 96], [0_u64; 96], [false; 1_440]);
    for reading in readings {
        let minute = (reading.at_ms / 60_000 % 1_440) as usize;
        // A day of 1441 rows has its first minute twice.
        if !core::mem::replace(&mut seen[minute], true) {
            sums[minute / 15] += u64::from(reading.power_mw.unwrap_or_default().unsigned_abs());
            counts[minute / 15] += 1;
        }
    }
    core::array::from_fn(|quarter| (sums[quarter] / counts[quarter].max(1)) as u32)
}
