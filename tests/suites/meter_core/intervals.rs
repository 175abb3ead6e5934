//! Demand and load profile.

use meter_core::{Demand, Peak, Profile, Reading, Record, Status};
use proptest::prelude::*;

use super::{COUNTING, Fed, POWER_ONLY, counted, power};

const QUARTER: i64 = 900;
/// Midnight of some day.
const START: i64 = 1_700_006_400;

/// A reading a second from one time to another, of so much power.
fn run(
    meter: &mut Fed,
    profile: &mut Profile,
    seconds: core::ops::Range<i64>,
    mw: i32,
) -> Vec<Record> {
    seconds
        .filter_map(|time_s| {
            let reading = Reading {
                voltage_mv: Some(230_000 + (time_s % 10) as u32),
                current_ma: Some((time_s % 7) as u32),
                ..power(time_s as u64 * 1_000, mw)
            };
            let step = meter.push(&reading);
            profile.push(time_s, &reading, &step, meter.registers())
        })
        .collect()
}

#[test]
fn a_quarter_of_an_hour_is_a_record() {
    let mut meter = Fed::new(POWER_ONLY);
    let mut profile = Profile::new(900);
    let records = run(&mut meter, &mut profile, START..START + 3_601, 2_000_000);
    assert_eq!(records.len(), 4);
    for (number, record) in records.iter().enumerate() {
        assert_eq!(record.end_s, START + QUARTER * (number as i64 + 1));
        assert_eq!((record.import_mwh, record.export_mwh), (500_000, 0));
        assert_eq!(
            (record.voltage_min_mv, record.voltage_max_mv),
            (Some(230_000), Some(230_009))
        );
        assert_eq!(record.voltage_mean_mv, Some(230_004));
        assert_eq!((record.current_max_ma, record.readings), (Some(6), 900));
        assert_eq!(record.status.contains(Status::PARTIAL), number == 0);
    }
}

#[test]
fn intervals_without_readings_are_caught_up_with_and_said() {
    let mut meter = Fed::new(COUNTING);
    let mut profile = Profile::new(900);
    let mut push = |time_s: i64, wh| {
        let reading = counted(time_s as u64 * 1_000, 0, wh);
        let step = meter.push(&reading);
        profile.push(time_s, &reading, &step, meter.registers())
    };
    push(START, 100);
    push(START + 10, 101);
    // Two quarters go by; the counter has gone on.
    let record = push(START + 2 * QUARTER + 5, 600).expect("an end");
    assert_eq!(
        (record.end_s, record.import_mwh),
        (START + 2 * QUARTER, 500_000)
    );
    assert!(record.status.contains(Status::CATCHES_UP) && record.status.contains(Status::GAP));
    // The clock is set back by an hour.
    let record = push(START - QUARTER, 601).expect("an end");
    assert!(record.status.contains(Status::CLOCK_SET));
    assert_eq!(record.import_mwh, 1_000);
}

proptest! {
    #[test]
    fn records_add_up_to_what_the_registers_moved(
        steps in prop::collection::vec((-2_000i64..4_000, any::<i32>()), 2..300),
    ) {
        let mut meter = Fed::new(POWER_ONLY);
        let mut profile = Profile::new(900);
        let (mut time_s, mut at_ms) = (START, 0);
        let (mut import, mut export, mut base) = (0, 0, None);
        for (clock, mw) in steps {
            // The clock goes its own way, the time of the readings goes on.
            time_s += clock;
            at_ms += clock.unsigned_abs() * 1_000 + 1;
            let reading = power(at_ms, mw);
            let step = meter.push(&reading);
            let r = *meter.registers();
            base.get_or_insert((r.import.mwh(), r.export.mwh()));
            if let Some(record) = profile.push(time_s, &reading, &step, &r) {
                import += record.import_mwh;
                export += record.export_mwh;
                let (import_base, export_base) = base.unwrap();
                prop_assert_eq!(import, r.import.mwh() - import_base);
                prop_assert_eq!(export, r.export.mwh() - export_base);
            }
        }
    }
}

/// Demands of a load that is a function of time.
fn demands<const N: usize>(
    period_s: u32,
    seconds: i64,
    load: impl Fn(i64) -> i32,
) -> (Vec<Peak>, Demand<N>) {
    let mut meter = Fed::new(POWER_ONLY);
    let mut demand = Demand::<N>::new(period_s);
    let peaks = (0..seconds)
        .filter_map(|second| {
            let step = meter.push(&power(second as u64 * 1_000, load(second)));
            demand.push(START + second, meter.registers(), step.flags)
        })
        .collect();
    (peaks, demand)
}

#[test]
fn blocks_see_what_falls_into_them_and_sliding_periods_more() {
    // 3 kW for a quarter of an hour that begins in the middle of one: 480 s of it and 420 s of the next.
    let load = |second: i64| {
        if (1_320..2_220).contains(&second) {
            3_000_000
        } else {
            0
        }
    };
    let (blocks, demand) = demands::<1>(900, 4_000, load);
    // The first block began before anybody looked.
    assert_eq!(blocks.len(), 3);
    let max = demand.max().unwrap();
    assert!(max.mw.abs_diff(1_600_000) < 3_000, "{max:?}");
    assert_eq!(max.end_s, START + 1_800);

    let (sliding, demand) = demands::<15>(900, 4_000, load);
    assert!(sliding.len() > 40);
    let max = demand.max().unwrap();
    assert!(max.mw > 2_990_000, "{max:?}");
    assert_eq!(max.end_s, START + 2_220);
}

#[test]
fn a_period_with_a_hole_gives_no_demand() {
    let mut meter = Fed::new(COUNTING);
    let mut demand = Demand::<1>::new(900);
    let mut push = |second: i64, wh| {
        let step = meter.push(&counted(second as u64 * 1_000, 0, wh));
        demand.push(START + second, meter.registers(), step.flags)
    };
    assert_eq!(push(0, 0), None);
    assert_eq!(push(900, 250), None);
    assert_eq!(
        push(1_800, 500),
        Some(Peak {
            mw: 1_000_000,
            end_s: START + 1_800
        })
    );
    // Two periods nobody saw, with 4 kWh: no mean of one of them.
    assert_eq!(push(4_500, 4_500), None);
    assert_eq!(
        push(5_400, 4_600),
        Some(Peak {
            mw: 400_000,
            end_s: START + 5_400
        })
    );
    assert_eq!(demand.reset().map(|peak| peak.mw), Some(1_000_000));
    assert_eq!(demand.max(), None);
}

/// Demands of readings at these seconds, with the energy of a counter and the time of the day off by so much.
fn at(readings: &[(i64, u64, i64)]) -> Vec<(i64, u64)> {
    let mut meter = Fed::new(COUNTING);
    meter.config.gap_ms = 60_000;
    let mut demand = Demand::<1>::new(900);
    readings
        .iter()
        .filter_map(|(second, wh, off)| {
            let reading = Reading {
                utc_s: Some(START + second + off),
                ..counted(*second as u64 * 1_000, 0, *wh)
            };
            let step = meter.push(&reading);
            demand.push(START + second + off, meter.registers(), step.flags)
        })
        .map(|peak| (peak.end_s - START, peak.mw))
        .collect()
}

#[test]
fn a_period_ends_where_it_ends_and_not_at_the_next_reading() {
    // 1 kW is 250 Wh in a quarter; polls every 100 s, 50 s off the ends, and twice the power from 900 s on.
    let readings: Vec<(i64, u64, i64)> = (0..30)
        .map(|n| {
            let second = 50 + n * 100;
            let wh = if second <= 900 {
                second
            } else {
                2 * second - 900
            };
            (second, (wh * 1_000 / 3_600) as u64, 0)
        })
        .collect();
    let demands = at(&readings);
    assert_eq!(demands.len(), 2);
    for ((end_s, mw), expected) in demands.into_iter().zip([1_800, 2_700]) {
        assert_eq!(end_s, expected);
        assert!(mw.abs_diff(2_000_000) < 60_000, "{mw}");
    }
    // 7 minutes without a reading over the end: by what the counter moved. 8 minutes: nobody knows.
    let gap = |from, to| {
        at(&[
            (0, 0, 0),
            (900, 250, 0),
            (from, 400, 0),
            (to, 540, 0),
            (2_700, 750, 0),
        ])
    };
    assert_eq!(gap(1_590, 2_010).len(), 2);
    assert_eq!(gap(1_560, 2_040).len(), 0);
}

#[test]
fn a_period_in_which_the_clock_was_set_has_no_demand() {
    // 1 kW, a reading every 10 s. At 1200 s the clock is set by so much.
    for (set, without) in [(-300, 1), (300, 1), (-3, 1), (-1, 0)] {
        let readings: Vec<(i64, u64, i64)> = (0..600)
            .map(|n| {
                let second = n * 10;
                let off = if second >= 1_200 { set } else { 0 };
                (second, (second * 10 / 36) as u64, off)
            })
            .collect();
        let demands = at(&readings);
        assert!(
            demands
                .iter()
                .all(|(_, mw)| mw.abs_diff(1_000_000) < 10_000),
            "{set}: {demands:?}"
        );
        let ends: Vec<i64> = demands.iter().map(|(end_s, _)| *end_s).collect();
        let all = [1_800, 2_700, 3_600, 4_500, 5_400];
        assert_eq!(ends, all[without..], "{set}");
    }
}

#[test]
fn an_open_gap_in_a_period_leaves_no_demand() {
    let run = |pause_s| {
        let mut meter = Fed::new(POWER_ONLY);
        let mut demand = Demand::<1>::new(900);
        let mut ends = Vec::new();
        let mut second = 0;
        while second < 4_000 {
            let step = meter.push(&power(second as u64 * 1_000, 1_000_000));
            ends.extend(demand.push(START + second, meter.registers(), step.flags));
            second += if second == 1_000 { pause_s } else { 1 };
        }
        ends.iter()
            .map(|peak| peak.end_s - START)
            .collect::<Vec<_>>()
    };
    assert_eq!(run(1), [1_800, 2_700, 3_600]);
    // What is bridged is known well enough.
    assert_eq!(run(300), [1_800, 2_700, 3_600]);
    assert_eq!(run(301), [2_700, 3_600]);
}

#[test]
fn a_gap_is_said_of_every_interval_it_lies_in() {
    let mut meter = Fed::new(POWER_ONLY);
    let mut profile = Profile::new(900);
    let mut records = Vec::new();
    for second in (0..800).chain(1_000..1_900).chain(3_000..4_000) {
        let reading = power(second as u64 * 1_000, 1_000_000);
        let step = meter.push(&reading);
        records.extend(profile.push(START + second, &reading, &step, meter.registers()));
    }
    let seen: Vec<_> = records
        .iter()
        .map(|record| {
            let has = |status| record.status.contains(status);
            (
                record.end_s - START,
                has(Status::GAP),
                has(Status::ESTIMATED),
                has(Status::OPEN),
                has(Status::CATCHES_UP),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            (900, true, true, false, false),
            (1_800, true, false, false, false),
            // 1100 s without a reading, more than is bridged, past the end of an interval.
            (2_700, true, false, true, false),
            (3_600, true, false, true, false),
        ]
    );
}

#[test]
fn a_record_over_a_restart_has_all_of_its_energy() {
    use meter_core::meter::{Meter, Outputs, Settings};
    let settings = Settings::new(meter_core::Config::new(COUNTING), ((),));
    let mut meter = Meter::new((Profile::new(900),));
    let mut outputs = Outputs::new();
    let mut records = Vec::new();
    for second in 0..3_600 {
        if second % 700 == 350 {
            meter = Meter::restore((Profile::new(900),), &meter.snapshot());
        }
        // The program has its own time.
        let at_ms = second as u64 % 700 * 1_000;
        let reading = Reading {
            utc_s: Some(START + second),
            ..counted(at_ms, 3_600_000, 500 + second as u64)
        };
        meter.push(&reading, None, &settings, &mut outputs);
        records.extend(outputs.record);
    }
    let energies: Vec<(i64, u64)> = records
        .iter()
        .map(|record| (record.end_s - START, record.import_mwh))
        .collect();
    assert_eq!(
        energies,
        [(900, 900_000), (1_800, 900_000), (2_700, 900_000)]
    );
    assert!(
        records
            .iter()
            .all(|record| record.status.contains(Status::PARTIAL))
    );
}
