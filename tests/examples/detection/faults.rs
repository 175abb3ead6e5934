//! Faults put into healthy recordings.

use metering_tests::evaluation::alarms::quantile;
use metering_tests::evaluation::faults::{Fault, Outcome, Tally, meters, simulated, trials};
use metering_tests::evaluation::{Recording, Set};

const FAULTS: [Fault; 20] = [
    Fault::Wrap(1 << 16),
    Fault::Wrap(10_000_000),
    Fault::Wrap(1 << 32),
    Fault::Reset,
    Fault::GlitchUp,
    Fault::GlitchToZero,
    Fault::SwappedBytes,
    Fault::Gap(10),
    Fault::Gap(60),
    Fault::Gap(300),
    Fault::Gap(3_600),
    Fault::Gap(86_400),
    Fault::Gap(11 * 86_400),
    Fault::GapWithoutCounter(3_600),
    Fault::GapWithoutCounter(86_400),
    Fault::ClockStep,
    Fault::HalfCounted,
    Fault::Frozen,
    Fault::PowerLow,
    Fault::WrongPhase,
];

/// Prints what is said of each, for recorded and for simulated meters.
pub fn print(healthy: &[Set], is_whole: bool) {
    let (trials, simulations) = if is_whole { (300, 8) } else { (40, 2) };
    let recorded = meters(healthy);
    table("recorded loads", &recorded, trials);
    table(
        "simulated PZEM-004T, 1 Hz",
        &simulated(1..1 + simulations, 2),
        trials,
    );
}

fn table(name: &str, meters: &[Recording], count: usize) {
    println!(
        "\n| fault in {name} | trials | named right | median delay | 90 % within | energy off, most | z-score found | Hampel found | naive rules found |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    let mut all: [Tally; 4] = Default::default();
    let mut sum = 0;
    for (seed, fault) in FAULTS.into_iter().enumerate() {
        let outcome = trials(fault, meters, count, seed as u64);
        if outcome.trials == 0 {
            println!("| {} | 0: no recording fits | | | | | | | |", fault.name());
            continue;
        }
        line(&outcome);
        if std::env::args().any(|argument| argument == "--missed") {
            outcome
                .missed
                .iter()
                .for_each(|missed| eprintln!("{missed}"));
        }
        sum += outcome.trials;
        let tallies = [outcome.core, outcome.z_score, outcome.hampel, outcome.naive];
        for (all, of) in all.iter_mut().zip(&tallies) {
            all.merge(of);
        }
    }
    println!("\n| events, all faults in {name} | recall | precision | F1 |");
    println!("|---|---|---|---|");
    for (name, tally) in ["meter-core", "z-score", "Hampel", "naive rules"]
        .iter()
        .zip(&all)
    {
        println!(
            "| {name} | {:.3} | {} | {} |",
            tally.found as f64 / sum as f64,
            text(tally.precision()),
            text(tally.f1(sum))
        );
    }
}

fn text(value: Option<f64>) -> String {
    value.map_or("-".into(), |value| format!("{value:.3}"))
}

fn line(outcome: &Outcome) {
    let share = |count: usize| format!("{:.1} %", 100.0 * count as f64 / outcome.trials as f64);
    let delay = |at| quantile(&outcome.delays_s, at).map_or("-".into(), |s| format!("{s:.0} s"));
    println!(
        "| {} | {} | {} | {} | {} | {:.0} Wh | {} | {} | {} |",
        outcome.fault.name(),
        outcome.trials,
        share(outcome.named),
        delay(0.5),
        delay(0.9),
        outcome.off_wh.iter().copied().fold(0.0, f64::max),
        share(outcome.z_score.found),
        share(outcome.hampel.found),
        share(outcome.naive.found)
    );
}
