//! `meter ade7753 registers`: every register with its name.

use ade7753::Symptom;
use ade7753::register::{ALL, Access, Description, Events, Gain, Kind, Mode, OffsetCh1, OffsetCh2};
use ade7753::register::{LINECYC, MODE, Register, Value};
use serde::Serialize;

use super::cli::ChipOptions;
use super::meter::Meter;
use crate::commands::{print, print_json};
use crate::error::Problem;

#[derive(Debug, Serialize)]
struct Row {
    name: &'static str,
    address: u8,
    raw: u32,
    value: Option<i64>,
    meaning: Option<String>,
    reset: u32,
}

pub(crate) fn run(options: &ChipOptions) -> Result<(), Problem> {
    // No reset: what is in the registers is what is to be shown.
    let mut meter = Meter::open_as_it_is(options)?;
    let mode = meter.driver.read(MODE)?;
    let cycles = meter.driver.read(LINECYC)?.get();
    let dead = match (mode.bits(), cycles) {
        (0, 0) => Some(Symptom::AllZeros),
        (0xFFBF, 0xFFFF) => Some(Symptom::AllOnes),
        _ => None,
    };
    if let Some(symptom) = dead {
        return Err(Problem::Refused(symptom.to_string()));
    }
    for register in ALL {
        // Reading these would take something away from whoever else works with the chip, and each has a
        // twin that shows the same.
        if register.access == Access::ReadClear {
            continue;
        }
        let raw = meter.driver.read_raw(register)?;
        let row = Row {
            name: register.name,
            address: register.address,
            raw,
            value: number(register, raw),
            meaning: meaning(register, raw),
            reset: register.reset,
        };
        if options.json {
            print_json(&row)?;
            continue;
        }
        let value = row.value.map(|value| value.to_string()).or(row.meaning);
        let changed = if register.access == Access::ReadWrite && raw != register.reset {
            "*"
        } else {
            " "
        };
        print(
            format!(
                "0x{:02X} {:<11}{changed} 0x{raw:0width$X}{:pad$} {}",
                row.address,
                row.name,
                "",
                value.unwrap_or_default(),
                width = register.bytes() * 2,
                pad = 6 - register.bytes() * 2,
            )
            .trim_end(),
        )?;
    }
    if !options.json {
        print("* differs from its value after a reset")?;
    }
    Ok(())
}

fn number(register: &Description, raw: u32) -> Option<i64> {
    match register.kind {
        Kind::Unsigned => Some(raw.into()),
        Kind::Signed => {
            let unused = 32 - register.bits;
            Some(((raw << unused).cast_signed() >> unused).into())
        }
        Kind::SignMagnitude if register.address == 0x0D => {
            Some(OffsetCh1::from_raw(raw).steps().into())
        }
        Kind::SignMagnitude => Some(OffsetCh2::from_raw(raw).steps().into()),
        Kind::Flags => None,
    }
}

fn meaning(register: &Description, raw: u32) -> Option<String> {
    if register.kind != Kind::Flags {
        return None;
    }
    let names: Vec<&str> = match register.address {
        MODE::ADDRESS => Mode::from_raw(raw).names().collect(),
        0x0F => {
            let gain = Gain::from_raw(raw);
            let range_mv = gain.range.microvolts() / 1_000;
            let (ch1, ch2) = (gain.ch1.factor(), gain.ch2.factor());
            return Some(format!(
                "channel 1 x{ch1} of {range_mv} mV, channel 2 x{ch2}"
            ));
        }
        _ => Events::from_raw(raw).names().collect(),
    };
    Some(names.join(" "))
}
