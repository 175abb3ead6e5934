//! Logs of PZEM modules with nothing connected: voltage and frequency.

use meter_core::meter::Limits;
use meter_core::{Reading, ReadingSource, Source};
use pzem::operation::Family;

use super::{Data, fused};
use crate::evaluation::parse::{at, iso, milli};
use crate::evaluation::{Recording, Set};

const ONE_PHASE: &str = include_str!("../../../fixtures/evaluation/pzem_phase1.log");
const THREE_PHASES: &str = include_str!("../../../fixtures/evaluation/pzem6l24_input1.log");

pub(super) fn logs(data: &Data) -> Set {
    let folder = "open/pzem_voltage_logs";
    let mut days: Vec<String> = ["pzem_phase1_2025-10-19.log", "pzem_phase1_2025-10-20.log"]
        .iter()
        .filter_map(|name| data.read(&format!("{folder}/{name}")))
        .collect();
    if !data.is_whole() {
        days.push(ONE_PHASE.to_owned());
    }
    let mut one = recording("PZEM-004T");
    one.readings = days
        .iter()
        .flat_map(|day| day.lines())
        .filter_map(single)
        .collect();
    let three = data.text(
        &format!("{folder}/pzem6l24_input1_2025-10-24.log"),
        THREE_PHASES,
    );
    let mut recordings = vec![one];
    for phase in 0..3 {
        let mut recording = recording(&format!("PZEM-6L24 phase {}", phase + 1));
        recording.readings = three
            .lines()
            .filter_map(|line| of_phase(line, phase))
            .collect();
        recordings.push(recording);
    }
    Set {
        name: "pzem_voltage_logs",
        what: "PZEM-004T and PZEM-6L24 without load, written when V or f changes",
        recordings,
    }
}

/// The logger writes when something changes, 184 s apart at most.
fn recording(name: &str) -> Recording {
    let source = Source {
        counter_step_uwh: 0,
        ..Family::Ac.describe()
    };
    let mut recording = Recording::new(name, source, 5_000, Limits::new(230, 50));
    fused(&mut recording, 100, 230);
    recording.config.gap_ms = 200_000;
    recording
}

fn single(line: &str) -> Option<Reading> {
    let fields: Vec<&str> = line.split(',').collect();
    let [date, time, volts, _, amperes, _, hertz, _, watts, ..] = fields[..] else {
        return None;
    };
    row(&format!("{date} {time}"), volts, amperes, hertz, watts)
}

fn of_phase(line: &str, phase: usize) -> Option<Reading> {
    let fields: Vec<&str> = line.split(',').collect();
    let stamp = format!("{} {}", fields.first()?, fields.get(1)?);
    let field = |group: usize| fields.get(2 + 6 * group + 2 * phase).copied();
    // Powers and a status end the line.
    let watts = fields.get(fields.len().checked_sub(4)? + phase)?;
    row(&stamp, field(0)?, field(1)?, field(2)?, watts)
}

fn row(stamp: &str, volts: &str, amperes: &str, hertz: &str, watts: &str) -> Option<Reading> {
    Some(Reading {
        voltage_mv: Some(milli(volts)? as u32),
        current_ma: Some(milli(amperes)? as u32),
        frequency_mhz: Some(milli(hertz)? as u32),
        power_mw: Some(milli(watts)? as i32),
        ..at(iso(stamp)?)
    })
}
