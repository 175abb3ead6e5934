//! False alarms on healthy recordings.

use meter_core::EventCode;
use metering_tests::evaluation::{Run, Set, replay};

const CODES: [EventCode; 17] = [
    EventCode::Sag,
    EventCode::Swell,
    EventCode::Interruption,
    EventCode::Frequency,
    EventCode::FrequencyExtreme,
    EventCode::Overload,
    EventCode::OverCurrent,
    EventCode::Residual,
    EventCode::ImpossiblePower,
    EventCode::EnergyMismatch,
    EventCode::CounterReset,
    EventCode::CounterGlitch,
    EventCode::FrozenSource,
    EventCode::LowPowerFactor,
    EventCode::ConsumptionDrop,
    EventCode::BaseLoadShift,
    EventCode::TheftSuspicion,
];

/// Prints a table of false alarms per meter-month.
pub fn print(sets: &[Set]) {
    println!(
        "| false alarms per meter-month | {} |",
        join(sets, |set| set.name.into())
    );
    println!("|---|{}", "---|".repeat(sets.len()));
    println!(
        "| meter-months | {} |",
        join(sets, |set| format!("{:.2}", set.months()))
    );
    println!(
        "| readings | {} |",
        join(sets, |set| set.readings().to_string())
    );
    let runs: Vec<Vec<Run>> = sets
        .iter()
        .map(|set| set.recordings.iter().map(replay).collect())
        .collect();
    for code in CODES {
        let cells: Vec<String> = sets
            .iter()
            .zip(&runs)
            .map(|(set, runs)| {
                if !set.recordings.iter().any(|recording| recording.shows(code)) {
                    return "-".into();
                }
                let alarms: usize = runs.iter().map(|run| run.count(code.name())).sum();
                rate(alarms, set.months())
            })
            .collect();
        println!("| {} | {} |", code.name(), cells.join(" | "));
    }
}

fn rate(alarms: usize, months: f64) -> String {
    if alarms == 0 {
        return "0".into();
    }
    format!("{:.2} ({alarms})", alarms as f64 / months)
}

fn join(sets: &[Set], text: impl Fn(&Set) -> String) -> String {
    sets.iter().map(text).collect::<Vec<_>>().join(" | ")
}
