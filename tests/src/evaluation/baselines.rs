//! What everybody writes first: the two rules of a simple backend, a z-score, a Hampel filter.

use meter_core::Reading;

use super::alarms::{Alarm, merge};
use super::recording::Recording;

/// `THEFT_SUSPICION` of the naive kind: a reading without power and with more than 0.1 A.
pub const THEFT: &str = "P = 0 and I > 0.1 A";
/// `HIGH_USAGE`: a reading of more than 5 kW.
pub const HIGH_USAGE: &str = "P > 5 kW";
/// A z-score of voltage, power and what the counter moved.
pub const Z_SCORE: &str = "z-score";
/// A Hampel filter over seven values of the same.
pub const HAMPEL: &str = "Hampel";

/// All of them.
pub const NAMES: [&str; 4] = [THEFT, HIGH_USAGE, Z_SCORE, HAMPEL];

/// Alarms of all baselines, merged.
pub fn run(recording: &Recording) -> Vec<Alarm> {
    let mut alarms = naive(recording);
    for (values, step) in channels(recording) {
        alarms.extend(z_score(&values, recording.period_ms));
        alarms.extend(hampel(&values, step));
    }
    merge(alarms)
}

/// Alarms of the two naive rules.
pub fn naive(recording: &Recording) -> Vec<Alarm> {
    let mut alarms = rule(recording, THEFT, |reading| {
        reading.power_mw == Some(0) && reading.current_ma.is_some_and(|ma| ma > 100)
    });
    alarms.extend(rule(recording, HIGH_USAGE, |reading| {
        reading.power_mw.is_some_and(|mw| mw > 5_000_000)
    }));
    merge(alarms)
}

/// A value at a time in milliseconds.
type Values = Vec<(u64, f64)>;

/// Power in watts, voltage in volts, steps of the counter since the reading before; each with its smallest step.
fn channels(recording: &Recording) -> Vec<(Values, f64)> {
    let source = &recording.config.source;
    let of = |value: &dyn Fn(&Reading) -> Option<f64>| -> Values {
        let readings = recording.readings.iter();
        readings
            .filter_map(|reading| Some((reading.at_ms, value(reading)?)))
            .collect()
    };
    let power = of(&|reading| Some(f64::from(reading.power_mw?) / 1e3));
    let voltage = of(&|reading| Some(f64::from(reading.voltage_mv?) / 1e3));
    let counter = of(&|reading| Some(reading.counter?.import as f64));
    let moved = counter
        .windows(2)
        .map(|pair| (pair[1].0, pair[1].1 - pair[0].1));
    let milli = |step: u32| f64::from(step) / 1e3;
    vec![
        (power, milli(source.power_step_mw)),
        (voltage, milli(source.voltage_step_mv)),
        (moved.collect(), 1.0),
    ]
}

fn rule(recording: &Recording, name: &'static str, fires: impl Fn(&Reading) -> bool) -> Vec<Alarm> {
    let firing = recording.readings.iter().filter(|reading| fires(reading));
    firing
        .map(|reading| alarm(name, reading.at_ms, reading.at_ms))
        .collect()
}

const fn alarm(name: &'static str, begin_ms: u64, end_ms: u64) -> Alarm {
    Alarm {
        name,
        begin_ms,
        end_ms,
    }
}

/// Values it has to see first.
const LEARNT: f64 = 60.0;

/// Mean and deviation of all values so far (Welford, 1962); the limit is what would give one false alarm a month if
/// values were normal.
fn z_score(values: &Values, period_ms: u64) -> Vec<Alarm> {
    let limit = match period_ms {
        0..=1_000 => 5.1,
        1_001..=5_000 => 4.8,
        _ => 4.2,
    };
    let (mut count, mut mean, mut squares) = (0.0, 0.0, 0.0);
    let mut alarms = Vec::new();
    for &(at_ms, value) in values {
        let deviation = f64::sqrt(squares / f64::max(count - 1.0, 1.0));
        if count >= LEARNT && (value - mean).abs() > limit * deviation {
            alarms.push(alarm(Z_SCORE, at_ms, at_ms));
        }
        count += 1.0;
        let off = value - mean;
        mean += off / count;
        squares += off * (value - mean);
    }
    alarms
}

/// Readings on either side.
const SIDE: usize = 3;

/// The value in the middle of seven, further from their median than three times 1.4826 times the median of the
/// deviations, and by more than two steps of the meter. It is known three readings later.
fn hampel(values: &Values, step: f64) -> Vec<Alarm> {
    let mut alarms = Vec::new();
    for window in values.windows(2 * SIDE + 1) {
        let values = window.iter().map(|(_, value)| *value);
        let middle = window[SIDE].1;
        let off = hampel_limit(values, step);
        if (middle - off.0).abs() > off.1 {
            alarms.push(alarm(HAMPEL, window[2 * SIDE].0, window[2 * SIDE].0));
        }
    }
    alarms
}

/// The median of values, and how far from it one of them may be.
fn hampel_limit(values: impl Iterator<Item = f64>, step: f64) -> (f64, f64) {
    let mut sorted: Vec<f64> = values.collect();
    let middle = sorted.len() / 2;
    sorted.sort_by(f64::total_cmp);
    let median = sorted[middle];
    let mut off: Vec<f64> = sorted.iter().map(|value| (value - median).abs()).collect();
    off.sort_by(f64::total_cmp);
    (median, (3.0 * 1.4826 * off[middle]).max(2.0 * step))
}

/// The first day, counted from 0, on which a baseline for the energies of days speaks: below the mean of the
/// fourteen days before by three standard deviations; all such days.
pub fn z_score_days(days_mwh: &[u64]) -> Vec<usize> {
    let mut found = Vec::new();
    for (at, window) in days_mwh.windows(15).enumerate() {
        let (before, day) = (&window[..14], window[14] as f64);
        let mean = before.iter().sum::<u64>() as f64 / 14.0;
        let squares = before.iter().map(|day| (*day as f64 - mean).powi(2));
        let deviation = (squares.sum::<f64>() / 13.0).sqrt();
        if day < mean - 3.0 * deviation {
            found.push(at + 14);
        }
    }
    found
}

/// The days on which a Hampel filter over seven days speaks, three days late, of days below the median.
pub fn hampel_days(days_mwh: &[u64]) -> Vec<usize> {
    let mut found = Vec::new();
    for (at, window) in days_mwh.windows(2 * SIDE + 1).enumerate() {
        let (median, limit) = hampel_limit(window.iter().map(|day| *day as f64), 1.0);
        if median - window[SIDE] as f64 > limit {
            found.push(at + 2 * SIDE);
        }
    }
    found
}
