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
