//! Nanoseconds that a reading takes with all stages that look at each one, beside the same stages in floating point.

mod energy;
mod float;
mod load;
mod watch;

use std::hint::black_box;
use std::time::Instant;

use float::{FloatMeter, FloatReading, Said};
use meter_core::detect::DropLimits;
use meter_core::meter::{Detectors, Outputs, Quality, Stage, Standard, StandardSettings};
use meter_core::{LocalTime, Meter, Reading, Season, Settings, Switch, Tariff};

/// An hour at a reading a second, in each round: short enough to be left alone by what else runs.
const READINGS: u64 = 3_600;
const ROUNDS: usize = 300;
const METERS: usize = 10_000;
/// Seconds that all meters are read for.
const SECONDS: usize = 20;

type Each = Meter<(Quality, Detectors)>;
type All = Meter<Standard<4>>;

const ALL_DAY: &[Switch] = &[Switch { minute: 0, rate: 0 }];
const SEASONS: &[Season<'static>] = &[Season {
    from: (1, 1),
    workday: ALL_DAY,
    saturday: ALL_DAY,
    sunday: ALL_DAY,
}];

fn main() {
    let each = Settings {
        calibration: load::CALIBRATION,
        energy: load::config(),
        stages: (load::LIMITS, load::rules()),
    };
    let all = Settings {
        calibration: load::CALIBRATION,
        energy: load::config(),
        stages: StandardSettings {
            tariff: Tariff::new(SEASONS, &[], 1).expect("a tariff of one rate"),
            limits: load::LIMITS,
            rules: load::rules(),
            drop: DropLimits::new(),
        },
    };
    compare(&each);

    let readings = load::quiet(READINGS + SECONDS as u64);
    let floats: Vec<FloatReading> = readings.iter().map(FloatReading::of).collect();
    let timed: Vec<_> = readings
        .iter()
        .map(|reading| (*reading, local(reading)))
        .collect();
    let mut best = [f64::INFINITY; 3];
    for _ in 0..ROUNDS {
        let times = [
            integers(Each::new((Quality::new(), Detectors::new())), &each, &timed),
            float(&floats),
            integers(All::new(Standard::new(900, 1)), &all, &timed),
        ];
        for (best, time) in best.iter_mut().zip(times) {
            *best = best.min(time);
        }
    }
    let [integer, float, whole] = best;
    println!("\n| a reading, best of {ROUNDS} rounds in turn | ns | bytes a meter |");
    println!("|---|---|---|");
    println!(
        "| meter-core, all stages that look at each reading | {integer:.1} | {} |",
        size_of::<Each>()
    );
    println!(
        "| the same stages in f64, by hand | {float:.1} | {} |",
        size_of::<FloatMeter>()
    );
    println!(
        "| meter-core, all stages with demand, profile, tariff, days and nights | {whole:.1} | {} |",
        size_of::<All>()
    );
    let (faster, ratio) = if integer <= float {
        ("meter-core", float / integer)
    } else {
        ("f64", integer / float)
    };
    println!(
        "\n{faster} is faster here by a factor of {ratio:.2}: this processor has a unit for floating point."
    );
    println!("\n| {METERS} meters, a reading a second each | share of a core | MB in all |");
    println!("|---|---|---|");
    fleet(
        "all stages that look at each reading",
        || Each::new((Quality::new(), Detectors::new())),
        &each,
        &readings,
    );
    fleet(
        "all stages",
        || All::new(Standard::new(900, 1)),
        &all,
        &readings,
    );
}

fn local(reading: &Reading) -> Option<LocalTime> {
    LocalTime::from_unix(reading.utc_s?, 3_600)
}

/// Nanoseconds a reading.
fn integers<S: Stage>(
    mut meter: Meter<S>,
    settings: &Settings<S::Config<'_>>,
    readings: &[(Reading, Option<LocalTime>)],
) -> f64 {
    let mut outputs = Outputs::new();
    let started = Instant::now();
    for (reading, local) in readings {
        meter.push(black_box(reading), *local, settings, &mut outputs);
        black_box(&outputs);
    }
    let taken = started.elapsed();
    black_box(meter.registers());
    taken.as_nanos() as f64 / readings.len() as f64
}

fn float(readings: &[FloatReading]) -> f64 {
    let mut meter = FloatMeter::new();
    let mut said = Vec::with_capacity(24);
    let started = Instant::now();
    for reading in readings {
        said.clear();
        black_box(meter.push(black_box(reading), &mut said));
        black_box(&said);
    }
    let taken = started.elapsed();
    black_box(&meter);
    taken.as_nanos() as f64 / readings.len() as f64
}

/// Runs both over readings in which everything happens that the stages look for, and compares what comes out.
fn compare(settings: &Settings<<(Quality, Detectors) as Stage>::Config<'static>>) {
    let (mut meter, mut float) = (
        Each::new((Quality::new(), Detectors::new())),
        FloatMeter::new(),
    );
    let mut outputs = Outputs::new();
    let (mut said, mut by_float, mut edges, mut float_edges) = (Vec::new(), Vec::new(), 0, 0);
    let readings = load::eventful();
    for reading in &readings {
        meter.push(reading, local(reading), settings, &mut outputs);
        said.extend(outputs.events.iter().map(|event| Said {
            code: event.code,
            phase: event.phase,
            at_s: event.at_ms as f64 / 1e3,
        }));
        edges += usize::from(outputs.edge.is_some());
        float_edges += usize::from(
            float
                .push(&FloatReading::of(reading), &mut by_float)
                .is_some(),
        );
    }
    assert_eq!(said, by_float, "what is said");
    assert_eq!(edges, float_edges, "load edges");
    let mut codes: Vec<_> = said.iter().map(|said| said.code.name()).collect();
    codes.sort_unstable();
    codes.dedup();
    let r = meter.registers();
    for (name, ours, theirs) in [
        ("import", r.import, float.energy.import_wh),
        ("estimated", r.estimated, float.energy.estimated_wh),
        ("integrated", r.integrated, float.energy.integrated_wh),
        ("apparent", r.apparent, float.energy.apparent_wh),
        ("non-active", r.nonactive, float.energy.nonactive_wh),
    ] {
        let wh = ours.mwh() as f64 / 1e3;
        assert!(
            (wh - theirs).abs() <= 1e-4 * wh + 0.002,
            "{name}: {wh} Wh, {theirs} Wh in floating point"
        );
    }
    let counts = (r.wraps, r.resets, r.glitches);
    assert_eq!(counts, float.energy.counts, "wraps, resets, glitches");
    println!(
        "Both say the same on {} eventful readings: {} events of {} kinds at the same times, {edges} load edges, \
         {:.1} Wh within 0.01 %, {counts:?} wraps, resets and glitches.",
        readings.len(),
        said.len(),
        codes.len(),
        r.import.mwh() as f64 / 1e3,
    );
}

fn fleet<S: Stage + Clone>(
    name: &str,
    new: impl Fn() -> Meter<S>,
    settings: &Settings<S::Config<'_>>,
    readings: &[Reading],
) {
    let mut meters: Vec<Meter<S>> = (0..METERS).map(|_| new()).collect();
    let mut outputs = Outputs::new();
    let mut best = f64::INFINITY;
    for second in 0..SECONDS {
        let reading = &readings[second];
        let local = local(reading);
        let started = Instant::now();
        for (at, meter) in meters.iter_mut().enumerate() {
            // Each has its own load at the same time.
            let mine = &readings[second + at % READINGS as usize];
            let reading = Reading {
                at_ms: reading.at_ms,
                utc_s: reading.utc_s,
                ..*mine
            };
            meter.push(black_box(&reading), local, settings, &mut outputs);
            black_box(&outputs);
        }
        best = best.min(started.elapsed().as_secs_f64());
    }
    let bytes = METERS * size_of::<Meter<S>>();
    println!(
        "| {name} | {:.2} % | {:.1} |",
        best * 100.0,
        bytes as f64 / 1e6
    );
}
