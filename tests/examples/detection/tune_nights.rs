//! How far below the usual a night has to be: the rule of `BaseLoad` restated, with that number free.

use meter_core::Phase;
use meter_core::detect::BaseLoad;
use metering_tests::evaluation::household::{Day, Days, Household, households, night_mw};
use metering_tests::evaluation::sets::Data;
use metering_tests::evaluation::theft::{FOUND_WITHIN_DAYS, Trial, healthy_lives, trials};

#[derive(Default)]
struct Nights {
    count: u32,
    usual: f64,
    deviation: f64,
    low: u32,
}

impl Nights {
    /// Whether an alarm begins, when it does at so many mean deviations.
    fn push(&mut self, night: f64, times: f64) -> bool {
        let lacks = self.usual - night;
        let is_known = self.count >= 14 && self.usual >= 5.0;
        if is_known && lacks > f64::max(self.usual / 5.0, times * self.deviation) {
            self.low += 1;
            return self.low == 2;
        }
        self.low = 0;
        self.count += 1;
        if self.count == 1 {
            self.usual = night;
        } else {
            let weight = f64::from(self.count.min(10));
            self.deviation += (lacks.abs() - self.deviation) / weight;
            self.usual -= lacks / weight;
        }
        false
    }
}

/// Prints what each number does, for households with a base load.
pub fn print(data: &Data) {
    let households = households(data, Days::Tuning);
    let households: Vec<Household> = households
        .into_iter()
        .filter(|of| of.name.contains("fridge"))
        .collect();
    println!(
        "\n| times the mean deviation | false alarms a month | 50 % found in 7 days | in the worst household |"
    );
    println!("|---|---|---|---|");
    for times in [2.0, 3.0, 4.0, 5.0, 6.0] {
        row(&times.to_string(), &households, &|days: &[Day]| {
            let mut nights = Nights::default();
            let begins = |day: &Day| nights.push(f64::from(night_mw(day)) / 1e3, times);
            days.iter().map(begins).collect()
        });
    }
    row("default", &households, &|days: &[Day]| {
        let mut nights = BaseLoad::new();
        let begins = |day: &Day| {
            let event = nights.night(0, night_mw(day));
            event.is_some_and(|event| event.phase == Phase::Occurrence)
        };
        days.iter().map(begins).collect()
    });
}

fn row(name: &str, households: &[Household], begins: &dyn Fn(&[Day]) -> Vec<bool>) {
    let (mut alarms, mut days, mut recalls) = (0, 0, Vec::new());
    for household in households {
        for life in healthy_lives(household, 20) {
            days += life.len();
            alarms += begins(&life).iter().filter(|begins| **begins).count();
        }
        let trials = trials(household, 50, 100);
        let found = trials
            .iter()
            .filter(|trial| is_found(trial, &begins(&trial.seen)))
            .count();
        recalls.push(found as f64 / trials.len() as f64);
    }
    println!(
        "| {name} | {:.3} | {:.1} % | {:.1} % |",
        alarms as f64 / (days as f64 / 365.25 * 12.0),
        100.0 * recalls.iter().sum::<f64>() / recalls.len() as f64,
        100.0 * recalls.iter().copied().fold(1.0, f64::min)
    );
}

/// Nights end at five.
fn is_found(trial: &Trial, begins: &[bool]) -> bool {
    let after = begins.iter().enumerate().filter(|(_, begins)| **begins);
    let mut delays = after.map(|(day, _)| day as f64 * 24.0 + 5.0 - trial.bypass.onset_hours());
    delays.any(|hours| hours > 0.0 && hours <= FOUND_WITHIN_DAYS * 24.0)
}
