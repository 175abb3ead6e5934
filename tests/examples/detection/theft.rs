//! Wires past the meters of households made of measured days.

use metering_tests::evaluation::alarms::quantile;
use metering_tests::evaluation::household::{Day, Days, Household, households};
use metering_tests::evaluation::sets::Data;
use metering_tests::evaluation::theft::{
    Found, Quiet, Watch, find, healthy_lives, quiet, trials, weeks_away, with_absences,
};

/// Years lived through, and wires laid, in each household.
struct Effort {
    years: u64,
    trials: u64,
}

const WATCHES: [(&str, Watch); 4] = [
    ("meter-core", Watch::Meter),
    ("z-score", Watch::ZScore),
    ("Hampel", Watch::Hampel),
    ("naive rules", Watch::Naive),
];

/// Prints false alarms and what is found, for both halves of the days and by the size of the wire.
pub fn print(data: &Data) {
    let effort = if data.is_whole() {
        Effort {
            years: 40,
            trials: 100,
        }
    } else {
        Effort {
            years: 4,
            trials: 20,
        }
    };
    for (name, days) in [("report", Days::Report), ("tuning", Days::Tuning)] {
        by_household(name, &households(data, days), &effort);
    }
    let households = households(data, Days::Report);
    curve(&households, &effort);
    stress(&households, &effort);
}

fn by_household(half: &str, households: &[Household], effort: &Effort) {
    println!(
        "\n| {half} half of the days | false alarms per meter-month, {}, {}, {}, {} | 50 % found in 7 days | median delay | 90 % within | kWh lost |",
        WATCHES[0].0, WATCHES[1].0, WATCHES[2].0, WATCHES[3].0
    );
    println!("|---|---|---|---|---|---|");
    let (mut all_quiet, mut all_found) = ([Quiet::default(); 4], Found::default());
    for household in households {
        let lives = healthy_lives(household, effort.years);
        let quiets = WATCHES.map(|(_, watch)| quiet(&lives, watch));
        let found = find(&trials(household, 50, effort.trials), Watch::Meter);
        line(&household.name, &quiets, &found);
        for (all, of) in all_quiet.iter_mut().zip(&quiets) {
            all.add(of);
        }
        all_found.add(found);
    }
    line("all", &all_quiet, &all_found);
}

fn line(name: &str, quiets: &[Quiet; 4], found: &Found) {
    let rates = quiets.map(|quiet| format!("{:.3}", quiet.rate()));
    println!("| {name} | {} | {} |", rates.join(", "), found_text(found));
}

fn found_text(found: &Found) -> String {
    let days = |share| quantile(&found.delays, share).map_or("-".into(), |at| format!("{at:.1} d"));
    format!(
        "{:.1} % | {} | {} | {:.1}",
        found.recall() * 100.0,
        days(0.5),
        // Of all wires, found or not.
        if found.delays.len() * 10 < found.trials * 9 {
            "-".into()
        } else {
            days(0.9 * found.trials as f64 / found.delays.len() as f64)
        },
        found.mean_lost_kwh()
    )
}

fn curve(households: &[Household], effort: &Effort) {
    println!(
        "\n| past the meter | found in 7 days | median delay | 90 % within | kWh lost | z-score found | Hampel found | naive rules found |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for percent in (10..=100).step_by(10) {
        let all: Vec<_> = households
            .iter()
            .map(|of| trials(of, percent, effort.trials))
            .collect();
        let found = WATCHES.map(|(_, watch)| {
            let mut found = Found::default();
            for trials in &all {
                found.add(find(trials, watch));
            }
            found
        });
        let baselines = [1, 2, 3].map(|at| format!("{:.1} %", found[at].recall() * 100.0));
        let open = if percent == 100 { " (CT open)" } else { "" };
        println!(
            "| {percent} %{open} | {} | {} |",
            found_text(&found[0]),
            baselines.join(" | ")
        );
    }
}

/// What is no theft and looks like one.
fn stress(households: &[Household], effort: &Effort) {
    println!(
        "\n| healthy, and not as in the measured days | {} |",
        WATCHES.map(|(name, _)| name).join(" | ")
    );
    println!("|---|---|---|---|---|");
    let lives = |change: &dyn Fn(Vec<Vec<Day>>) -> Vec<Vec<Day>>| -> Vec<Vec<Day>> {
        let lived = households
            .iter()
            .map(|of| healthy_lives(of, effort.years.div_ceil(4)));
        lived.flat_map(change).collect()
    };
    let rows = [
        ("one day in five uses a third", lives(&with_absences)),
        (
            "away for two weeks a year: a tenth is used",
            lives(&weeks_away),
        ),
    ];
    for (name, lives) in rows {
        let rates = WATCHES.map(|(_, watch)| {
            let quiet = quiet(&lives, watch);
            format!("{:.3} a month ({})", quiet.rate(), quiet.alarms)
        });
        println!("| {name}, {} years | {} |", lives.len(), rates.join(" | "));
    }
}
