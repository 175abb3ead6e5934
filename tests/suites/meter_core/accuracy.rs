//! Limits and verdicts of IEC 62053-21, against the tables of the standard as they are reproduced.

use meter_core::accuracy::{
    AccuracyClass, Connection, Load, NoLoad, NoLoadEdition, PowerFactor, Undecided, Verdict,
    energy_uncertainty_ppm, judge, judge_start, limit_ppm, starting_current_ppm,
};

use AccuracyClass::{One, Two};
use Connection::{Direct, Transformer};
use Load::{Balanced, OnePhase};
use PowerFactor::{EightTenthsCapacitive, HalfInductive, Unity};

/// Percent of Ib and of In from which on, up to which, and the limits of class 1 and 2 in percent.
type Row = (Load, PowerFactor, [f64; 2], [f64; 2], [Option<f64>; 2]);

const TO_IMAX: [f64; 2] = [1_000.0, 1_000.0];
const ROWS: [Row; 8] = [
    (
        Balanced,
        Unity,
        [5.0, 2.0],
        [10.0, 5.0],
        [Some(1.5), Some(2.5)],
    ),
    (
        Balanced,
        Unity,
        [10.0, 5.0],
        TO_IMAX,
        [Some(1.0), Some(2.0)],
    ),
    (
        Balanced,
        HalfInductive,
        [10.0, 5.0],
        [20.0, 10.0],
        [Some(1.5), Some(2.5)],
    ),
    (
        Balanced,
        HalfInductive,
        [20.0, 10.0],
        TO_IMAX,
        [Some(1.0), Some(2.0)],
    ),
    (
        Balanced,
        EightTenthsCapacitive,
        [10.0, 5.0],
        [20.0, 10.0],
        [Some(1.5), None],
    ),
    (
        Balanced,
        EightTenthsCapacitive,
        [20.0, 10.0],
        TO_IMAX,
        [Some(1.0), None],
    ),
    (
        OnePhase,
        Unity,
        [10.0, 5.0],
        TO_IMAX,
        [Some(2.0), Some(3.0)],
    ),
    (
        OnePhase,
        HalfInductive,
        [20.0, 10.0],
        TO_IMAX,
        [Some(2.0), Some(3.0)],
    ),
];

#[test]
fn every_row_of_the_class_table_is_as_printed() {
    for (load, factor, from, to, limits) in ROWS {
        for (connection, from, to) in [(Direct, from[0], to[0]), (Transformer, from[1], to[1])] {
            for (class, percent) in [(One, limits[0]), (Two, limits[1])] {
                let limit = |share: f64| {
                    limit_ppm(
                        class,
                        connection,
                        load,
                        factor,
                        (share * 10.0).round() as u32,
                    )
                };
                let expected = percent.map(|percent| (percent * 1e4) as u32);
                for share in [from, from + 0.1, (from + to) / 2.0, to - 0.1] {
                    let row = (load, factor, connection, class, share);
                    assert_eq!(limit(share), expected, "{row:?}");
                }
            }
        }
    }
}

#[test]
fn there_is_no_limit_where_the_table_has_no_row() {
    for class in [One, Two] {
        // Below the least current of each kind of test.
        for (load, factor, direct, transformer) in [
            (Balanced, Unity, 49, 19),
            (Balanced, HalfInductive, 99, 49),
            (Balanced, EightTenthsCapacitive, 99, 49),
            (OnePhase, Unity, 99, 49),
            (OnePhase, HalfInductive, 199, 99),
        ] {
            assert_eq!(limit_ppm(class, Direct, load, factor, direct), None);
            assert_eq!(
                limit_ppm(class, Transformer, load, factor, transformer),
                None
            );
        }
        assert_eq!(
            limit_ppm(class, Direct, OnePhase, EightTenthsCapacitive, 1_000),
            None
        );
    }
}

#[test]
fn starting_currents_are_as_printed() {
    // 0.004 and 0.005 Ib, 0.002 and 0.003 In.
    assert_eq!(starting_current_ppm(One, Direct), 4_000);
    assert_eq!(starting_current_ppm(Two, Direct), 5_000);
    assert_eq!(starting_current_ppm(One, Transformer), 2_000);
    assert_eq!(starting_current_ppm(Two, Transformer), 3_000);
}

#[test]
fn a_verdict_takes_a_fifth_of_the_limit_and_room_for_the_uncertainty() {
    for (error, uncertainty, limit, verdict) in [
        (0, 2_000, 10_000, Verdict::Pass),
        (8_000, 2_000, 10_000, Verdict::Pass),
        (-8_000, 2_000, 10_000, Verdict::Pass),
        (8_001, 2_000, 10_000, Verdict::Undecided(Undecided::Close)),
        (-12_000, 2_000, 10_000, Verdict::Undecided(Undecided::Close)),
        (12_001, 2_000, 10_000, Verdict::Fail),
        (-12_001, 2_000, 10_000, Verdict::Fail),
        (i32::MIN, 0, 10_000, Verdict::Fail),
        // Whatever the error is.
        (
            0,
            2_001,
            10_000,
            Verdict::Undecided(Undecided::Uncertainty { most_ppm: 2_000 }),
        ),
        (
            90_000,
            2_001,
            10_000,
            Verdict::Undecided(Undecided::Uncertainty { most_ppm: 2_000 }),
        ),
    ] {
        assert_eq!(
            judge(error, uncertainty, limit),
            verdict,
            "{error} {uncertainty}"
        );
    }
}

#[test]
fn a_watt_hour_register_needs_a_kilowatt_hour() {
    // Twice 1/sqrt 6 of a step: 816.5 ppm of 1000 steps, rounded up.
    assert_eq!(energy_uncertainty_ppm(1_000_000, 1_000, 0, 0), Some(817));
    // Two such counters: times the root of two. A reference of 600 ppm besides: by squares.
    assert_eq!(
        energy_uncertainty_ppm(1_000_000, 1_000, 1_000, 0),
        Some(1_155)
    );
    assert_eq!(
        energy_uncertainty_ppm(1_000_000, 1_000, 0, 600),
        Some(1_014)
    );
    // At a tenth of that class 1 can not be judged, class 2 can not either.
    let coarse = energy_uncertainty_ppm(100_000, 1_000, 0, 0).unwrap();
    assert_eq!(coarse, 8_165);
    assert!(matches!(judge(0, coarse, 20_000), Verdict::Undecided(_)));
    // Less than two steps are nothing.
    assert_eq!(energy_uncertainty_ppm(1_999, 1_000, 1, 0), None);
    assert_eq!(energy_uncertainty_ppm(0, 0, 0, 0), None);
    assert!(energy_uncertainty_ppm(2_000, 1_000, 1, 0).is_some());
}

#[test]
fn the_spread_of_a_counted_energy_is_what_the_uncertainty_says() {
    // An energy of 100.37 steps that begins anywhere within a step: what the counter shows is off by up to one.
    let mut squares = 0.0;
    let tries = 10_000;
    for number in 0..tries {
        let begin = f64::from(number) / f64::from(tries);
        for part in 0..100 {
            let energy = 100.0 + f64::from(part) / 100.0;
            let shown = (begin + energy).floor() - begin.floor();
            squares += ((shown - energy) / 100.0).powi(2);
        }
    }
    let deviation = (squares / f64::from(tries * 100)).sqrt();
    let said = f64::from(energy_uncertainty_ppm(100_000, 1_000, 0, 0).unwrap()) / 1e6;
    assert!(
        (2.0 * deviation / said - 1.0).abs() < 0.01,
        "{deviation} {said}"
    );
}

#[test]
fn a_meter_has_started_or_has_not_or_nobody_waited() {
    assert_eq!(judge_start(2, 3), Verdict::Pass);
    assert_eq!(judge_start(1, 10), Verdict::Fail);
    assert_eq!(judge_start(0, 9), Verdict::Undecided(Undecided::TooLittle));
}

#[test]
fn the_time_without_load_is_that_of_either_edition() {
    let test = |edition, class, current_ma| NoLoad {
        edition,
        class,
        pulses_per_kwh: 1_000,
        phases: 1,
        voltage_mv: 230_000,
        current_ma,
    };
    // 600e6 / (1000 * 1 * 230 V * 60 A) = 43.478 minutes; 480e6: 34.783.
    let by_2003 = test(NoLoadEdition::By2003, One, 60_000);
    assert_eq!(by_2003.least_s(), Some(2_609));
    assert_eq!(
        test(NoLoadEdition::By2003, Two, 60_000).least_s(),
        Some(2_087)
    );
    // 240e3 / (1000 * 1 * 230 V * 0.02 A) = 52.174 minutes, for both classes.
    for class in [One, Two] {
        assert_eq!(
            test(NoLoadEdition::By2020, class, 20).least_s(),
            Some(3_131)
        );
    }
    // Three phases take a third, and a whole number of seconds is no second more: 240e3 / (1000 * 3 * 200 * 0.04).
    let three = NoLoad {
        phases: 3,
        voltage_mv: 200_000,
        ..test(NoLoadEdition::By2020, One, 40)
    };
    assert_eq!(three.least_s(), Some(600));
    assert_eq!(
        NoLoad {
            phases: 0,
            ..by_2003
        }
        .least_s(),
        None
    );

    assert_eq!(by_2003.judge(1, 2_609), Verdict::Pass);
    assert_eq!(
        by_2003.judge(0, 2_608),
        Verdict::Undecided(Undecided::TooLittle)
    );
    assert_eq!(by_2003.judge(2, 60), Verdict::Fail);
    assert!(matches!(
        NoLoad {
            voltage_mv: 0,
            ..by_2003
        }
        .judge(0, u64::MAX),
        Verdict::Undecided(_)
    ));
}
