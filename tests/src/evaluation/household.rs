//! Households made of measured days, and wires past their meters.

use meter_core::Reading;
use meter_core::Source;
use meter_core::meter::Limits;
use meter_sim::random::Random;

use super::recording::Recording;
use super::sets::{APPLIANCES, Data, quarters};

/// A day as means of its quarters of an hour, in milliwatts.
pub type Day = [u32; 96];

/// What measured days a household is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Days {
    /// Days 2, 4, 6, 8 and 10 of each appliance: defaults are chosen by these, among which is the rare one of a water
    /// heater that was hardly used.
    Tuning,
    /// Days 1, 3, 5, 7 and 9: what is reported. Of the dryer's, 5 and 9 share hours with 4 and 8.
    Report,
}

/// A composition of appliances, each with the days it may have.
#[derive(Clone, Debug)]
pub struct Household {
    /// Its appliances.
    pub name: String,
    appliances: Vec<Vec<Day>>,
}

/// All seven compositions of the three appliances.
pub fn households(data: &Data, days: Days) -> Vec<Household> {
    let appliances = APPLIANCES.map(|appliance| {
        let all = quarters(data, &appliance);
        let skipped = usize::from(days == Days::Tuning);
        let half: Vec<Day> = all.into_iter().skip(skipped).step_by(2).collect();
        (appliance.name, half)
    });
    let compositions = (1..8_u32).map(|bits| {
        let chosen = appliances.iter().enumerate();
        let chosen = chosen.filter(|(at, _)| bits >> at & 1 != 0);
        let (names, appliances): (Vec<&str>, Vec<Vec<Day>>) = chosen
            .map(|(_, (name, days))| (*name, days.clone()))
            .unzip();
        Household {
            name: names.join(" + "),
            appliances,
        }
    });
    compositions.collect()
}

impl Household {
    /// So many days, each a measured one of every appliance, drawn by a seed.
    pub fn live(&self, days: usize, seed: u64) -> Vec<Day> {
        let mut random = Random::new(seed);
        let day = |_| {
            let mut sum = [0; 96];
            for pool in &self.appliances {
                let drawn = &pool[random.below(pool.len() as u64) as usize];
                for (sum, mw) in sum.iter_mut().zip(drawn) {
                    *sum += mw;
                }
            }
            sum
        };
        (0..days).map(day).collect()
    }
}

/// A wire past the meter from a quarter of a day on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bypass {
    /// The day it is laid, from 0.
    pub day: usize,
    /// The quarter of that day.
    pub quarter: usize,
    /// What of the current takes it, in percent.
    pub percent: u32,
}

impl Bypass {
    /// Hours since the first midnight.
    pub fn onset_hours(&self) -> f64 {
        self.day as f64 * 24.0 + self.quarter as f64 / 4.0
    }

    /// What the meter sees of days.
    pub fn apply(&self, days: &[Day]) -> Vec<Day> {
        let mut seen = days.to_vec();
        for (at, day) in seen.iter_mut().enumerate().skip(self.day) {
            let first = if at == self.day { self.quarter } else { 0 };
            for mw in day.iter_mut().skip(first) {
                *mw = (u64::from(*mw) * u64::from(100 - self.percent) / 100) as u32;
            }
        }
        seen
    }

    /// What went past the meter up to a time in hours since the first midnight, in kilowatt-hours.
    pub fn lost_kwh(&self, days: &[Day], until_hours: f64) -> f64 {
        let first = self.day * 96 + self.quarter;
        let last = (until_hours * 4.0).round() as usize;
        let quarters = days.iter().flatten().take(last).skip(first);
        let passed: f64 = quarters.map(|mw| f64::from(*mw)).sum();
        passed / 4e6 * f64::from(self.percent) / 100.0
    }
}

const QUARTER_MS: u64 = 900_000;

/// The days as a meter of power alone shows them: two readings a quarter, at its ends, so that its integral is exact.
pub fn recording(name: &str, days: &[Day]) -> Recording {
    let source = Source {
        counter_step_uwh: 0,
        moduli: &[],
        max_power_mw: 23_000_000,
        power_step_mw: 1,
        voltage_step_mv: 0,
        current_step_ma: 0,
        power_factor_step_milli: 0,
        is_signed: false,
        is_simultaneous: true,
    };
    let mut recording = Recording::new(name, source, QUARTER_MS as u32, Limits::new(230, 50));
    let readings = days.iter().flatten().enumerate().flat_map(|(at, mw)| {
        let begin = at as u64 * QUARTER_MS;
        [begin + 1, begin + QUARTER_MS].map(|at_ms| Reading {
            power_mw: Some(*mw as i32),
            utc_s: Some((at_ms / 1_000) as i64),
            ..Reading::at(at_ms)
        })
    });
    recording.readings = readings.collect();
    recording
}

/// Energy of a day in milliwatt-hours.
pub fn energy_mwh(day: &Day) -> u64 {
    day.iter().map(|mw| u64::from(*mw)).sum::<u64>() / 4
}

/// The quarters between two and five at night.
pub const NIGHT: std::ops::Range<usize> = 8..20;

/// The least hour between two and five at night, in milliwatts.
pub fn night_mw(day: &Day) -> u32 {
    let hours = day[NIGHT].chunks(4);
    let means = hours.map(|hour| hour.iter().sum::<u32>() / 4);
    means.min().unwrap_or_default()
}
