//! How soon a wire past the meter is seen in what households use, and how often one is seen that is not there.

use meter_core::detect::{BaseLoad, ConsumptionDrop, DropLimits};
use meter_core::{Event, EventCode};
use meter_sim::random::Random;

use super::alarms::Alarm;
use super::baselines::{hampel_days, z_score_days};
use super::household::{Bypass, Day, Household, NIGHT, energy_mwh, night_mw, recording};
use super::recording::MONTH_MS;
use super::replay::{replay_with, spans};

const HOUR_MS: u64 = 3_600_000;
const DAY_MS: u64 = 24 * HOUR_MS;
/// Within so many days a bypass has to be found.
pub const FOUND_WITHIN_DAYS: f64 = 7.0;
/// Days that are lived through after the wire was laid.
const DAYS_AFTER: usize = 30;
/// Codes that accuse somebody.
pub const CODES: [EventCode; 3] = [
    EventCode::ConsumptionDrop,
    EventCode::BaseLoadShift,
    EventCode::TheftSuspicion,
];

/// Who looks at the days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watch {
    /// `meter_core::Meter` with all stages and the defaults.
    Meter,
    /// The two detectors of days and nights alone, with these limits.
    Alone(DropLimits),
    /// Consumption of days alone, with these limits.
    DropAlone(DropLimits),
    /// Days below the mean of fourteen by three standard deviations.
    ZScore,
    /// A Hampel filter over seven days.
    Hampel,
    /// The naive rules: they look at single readings, in which nothing is odd.
    Naive,
}

/// Alarms a watch raises over days, in hours since the first midnight.
pub fn alarms(days: &[Day], watch: Watch) -> Vec<Alarm> {
    let energies = || -> Vec<u64> { days.iter().map(energy_mwh).collect() };
    let of_days = |name, days: Vec<usize>| {
        let alarm = |day: usize| Alarm {
            name,
            begin_ms: (day as u64 + 1) * DAY_MS,
            end_ms: (day as u64 + 1) * DAY_MS,
        };
        days.into_iter().map(alarm).collect()
    };
    match watch {
        Watch::Meter => {
            let recording = recording("household", days);
            let run = replay_with(&recording, &recording.readings, DropLimits::new());
            let accuses = |alarm: &Alarm| CODES.iter().any(|code| code.name() == alarm.name);
            run.alarms.into_iter().filter(accuses).collect()
        }
        Watch::Alone(limits) => alone(days, &limits, true),
        Watch::DropAlone(limits) => alone(days, &limits, false),
        Watch::ZScore => of_days("z-score", z_score_days(&energies())),
        Watch::Hampel => of_days("Hampel", hampel_days(&energies())),
        Watch::Naive => {
            let recording = recording("household", days);
            super::baselines::naive(&recording)
        }
    }
}

fn alone(days: &[Day], limits: &DropLimits, and_nights: bool) -> Vec<Alarm> {
    let (mut drop, mut nights) = (ConsumptionDrop::new(), BaseLoad::new());
    let mut events: Vec<Event> = Vec::new();
    for (at, day) in days.iter().enumerate() {
        let midnight_ms = at as u64 * DAY_MS;
        if and_nights {
            events.extend(nights.night(midnight_ms + 5 * HOUR_MS, night_mw(day)));
        }
        events.extend(drop.push(midnight_ms + DAY_MS, energy_mwh(day), limits));
    }
    spans(&events, days.len() as u64 * DAY_MS)
}

/// What was said in healthy months.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quiet {
    /// Months of one meter.
    pub months: f64,
    /// False alarms.
    pub alarms: usize,
}

impl Quiet {
    /// False alarms a month.
    pub fn rate(&self) -> f64 {
        self.alarms as f64 / self.months
    }

    /// Adds those of another household.
    pub fn add(&mut self, other: &Self) {
        self.months += other.months;
        self.alarms += other.alarms;
    }
}

/// Days in which nothing is wrong.
pub fn healthy_lives(household: &Household, trials: u64) -> Vec<Vec<Day>> {
    (0..trials)
        .map(|trial| household.live(365, trial))
        .collect()
}

/// The same, with one day in five, on average, of which only a third is used: nobody was home. At night it is what it
/// was.
pub fn with_absences(mut lives: Vec<Vec<Day>>) -> Vec<Vec<Day>> {
    let mut random = Random::new(3);
    for day in lives.iter_mut().flatten() {
        if random.below(5) == 0 {
            leave(day, 3);
        }
    }
    lives
}

/// The same, with two weeks away in each, of which a tenth is used. At night it is what it was.
pub fn weeks_away(mut lives: Vec<Vec<Day>>) -> Vec<Vec<Day>> {
    for day in lives
        .iter_mut()
        .flat_map(|days| days.iter_mut().skip(180).take(14))
    {
        leave(day, 10);
    }
    lives
}

fn leave(day: &mut Day, by: u32) {
    for (quarter, mw) in day.iter_mut().enumerate() {
        if !NIGHT.contains(&quarter) {
            *mw /= by;
        }
    }
}

/// False alarms in healthy days.
pub fn quiet(lives: &[Vec<Day>], watch: Watch) -> Quiet {
    let mut quiet = Quiet::default();
    for days in lives {
        quiet.alarms += alarms(days, watch).len();
        quiet.months += days.len() as f64 * DAY_MS as f64 / MONTH_MS;
    }
    quiet
}

/// A household, and the wire that somebody lays.
#[derive(Clone, Debug)]
pub struct Trial {
    /// What it uses.
    pub days: Vec<Day>,
    /// What the meter sees of it.
    pub seen: Vec<Day>,
    /// The wire.
    pub bypass: Bypass,
}

/// Trials of a bypass of so many percent, laid after 30 to 60 days at any time of the day.
pub fn trials(household: &Household, percent: u32, trials: u64) -> Vec<Trial> {
    let mut random = Random::new(u64::from(percent));
    let trial = |trial| {
        let bypass = Bypass {
            day: 30 + random.below(30) as usize,
            quarter: random.below(96) as usize,
            percent,
        };
        let days = household.live(bypass.day + DAYS_AFTER, 1_000_000 + trial);
        let seen = bypass.apply(&days);
        Trial { days, seen, bypass }
    };
    (0..trials).map(trial).collect()
}

/// What came of trials.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// How many there were.
    pub trials: usize,
    /// How many were found within seven days.
    pub within: usize,
    /// Days until each was found that was, at whatever time.
    pub delays: Vec<f64>,
    /// What had gone past the meter until then, or in thirty days, in kilowatt-hours.
    pub lost_kwh: Vec<f64>,
}

impl Found {
    /// The share found in time.
    pub fn recall(&self) -> f64 {
        self.within as f64 / self.trials as f64
    }

    /// Adds those of another household.
    pub fn add(&mut self, other: Self) {
        self.trials += other.trials;
        self.within += other.within;
        self.delays.extend(other.delays);
        self.lost_kwh.extend(other.lost_kwh);
    }

    /// What was lost on average.
    pub fn mean_lost_kwh(&self) -> f64 {
        self.lost_kwh.iter().sum::<f64>() / self.lost_kwh.len() as f64
    }
}

/// Runs trials. An alarm from before the wire is false and finds nothing.
pub fn find(trials: &[Trial], watch: Watch) -> Found {
    let mut found = Found::default();
    for trial in trials {
        let onset = trial.bypass.onset_hours();
        let hours = |alarm: &Alarm| alarm.begin_ms as f64 / HOUR_MS as f64;
        let after = alarms(&trial.seen, watch);
        let first = after
            .iter()
            .map(hours)
            .filter(|at| *at > onset)
            .reduce(f64::min);
        let end = first.unwrap_or(trial.days.len() as f64 * 24.0);
        found.trials += 1;
        found.lost_kwh.push(trial.bypass.lost_kwh(&trial.days, end));
        if first.is_some() {
            let delay = (end - onset) / 24.0;
            found.delays.push(delay);
            found.within += usize::from(delay <= FOUND_WITHIN_DAYS);
        }
    }
    found
}
