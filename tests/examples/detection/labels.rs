//! Appliances that use more than they should: labelled faults of a public data set.

use metering_tests::evaluation::alarms::{Alarm, score};
use metering_tests::evaluation::faults::Tally;
use metering_tests::evaluation::sets::{APPLIANCES, Data, faulty_days};
use metering_tests::evaluation::{Recording, baselines, replay};

/// Prints what of the labelled minutes is found.
pub fn print(data: &Data) {
    println!(
        "\n| labelled faults of appliances | spans | meter-core found | z-score found, precision | Hampel found, precision |"
    );
    println!("|---|---|---|---|---|");
    if !data.is_whole() {
        println!("| not in the extracts | | | | |");
        return;
    }
    for appliance in &APPLIANCES {
        let (mut spans, mut tallies) = (0, [Tally::default(); 3]);
        for (_, recording, labels) in faulty_days(data, appliance) {
            let labelled = runs(&recording, &labels);
            spans += labelled.len();
            let baselines = baselines::run(&recording);
            let of = |name| -> Vec<Alarm> {
                baselines
                    .iter()
                    .filter(|alarm| alarm.name == name)
                    .copied()
                    .collect()
            };
            let alarms = [
                replay(&recording).alarms,
                of(baselines::Z_SCORE),
                of(baselines::HAMPEL),
            ];
            for (tally, alarms) in tallies.iter_mut().zip(&alarms) {
                add(tally, alarms, &labelled);
            }
        }
        let share = |tally: &Tally| format!("{:.0} %", 100.0 * tally.found as f64 / spans as f64);
        let both = |tally: &Tally| {
            let precision = tally.precision().map_or("-".into(), |p| format!("{p:.2}"));
            format!("{}, {precision}", share(tally))
        };
        let [core, z_score, hampel] = &tallies;
        println!(
            "| {} | {spans} | {} | {} | {} |",
            appliance.name,
            share(core),
            both(z_score),
            both(hampel)
        );
    }
}

/// First and last minute of each labelled run.
fn runs(recording: &Recording, labels: &[bool]) -> Vec<(u64, u64)> {
    let mut spans: Vec<(u64, u64)> = Vec::new();
    let mut was = false;
    for (reading, is) in recording.readings.iter().zip(labels) {
        match (was, is) {
            (false, true) => spans.push((reading.at_ms, reading.at_ms)),
            (true, true) => {
                if let Some(span) = spans.last_mut() {
                    span.1 = reading.at_ms;
                }
            }
            (_, false) => {}
        }
        was = *is;
    }
    spans
}

fn add(tally: &mut Tally, alarms: &[Alarm], labelled: &[(u64, u64)]) {
    let found = |&&(from, to): &&(u64, u64)| score(alarms, from, to, 60_000).matched > 0;
    tally.found += labelled.iter().filter(found).count();
    let belongs = |alarm: &Alarm| {
        let alarm = std::slice::from_ref(alarm);
        labelled
            .iter()
            .any(|&(from, to)| score(alarm, from, to, 60_000).matched > 0)
    };
    let matched = alarms.iter().filter(|alarm| belongs(alarm)).count();
    tally.matched += matched;
    tally.false_alarms += alarms.len() - matched;
}
