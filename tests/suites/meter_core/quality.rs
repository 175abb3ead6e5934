//! The supply against EN 50160.

use meter_core::detect::Method;
use meter_core::quality::{
    DepthClass, Disturbance, DurationClass, Extremes, Frequency, Supply, Voltage,
};
use meter_core::{EventCode, Phase, Reading};

const NOMINAL_MV: u32 = 230_000;

fn volts(at_ms: u64, percent: f64) -> Reading {
    Reading {
        voltage_mv: Some((f64::from(NOMINAL_MV) * percent / 100.0).round() as u32),
        ..Reading::at(at_ms)
    }
}

type Seen = (EventCode, Phase, u64, i64);

/// Events and disturbances of a voltage in percent, a reading a second.
fn watch(percents: &[f64]) -> (Vec<Seen>, Vec<Disturbance>) {
    let mut voltage = Voltage::new();
    let (mut events, mut disturbances) = (Vec::new(), Vec::new());
    for (second, percent) in (0..).zip(percents) {
        let (seen, over) = voltage.push(
            &volts(second * 1_000, *percent),
            NOMINAL_MV,
            Method::Readings,
        );
        events.extend(
            seen.into_iter()
                .flatten()
                .map(|event| (event.code, event.phase, event.at_ms / 1_000, event.value)),
        );
        disturbances.extend(over);
    }
    (events, disturbances)
}

use EventCode::{Interruption, Sag, Swell};
use Phase::{Occurrence, Restoration};

#[test]
fn a_sag_begins_below_90_percent_and_ends_at_92() {
    let (events, disturbances) = watch(&[100.0, 90.0, 89.9, 85.0, 91.9, 90.5, 92.0, 91.0, 90.0]);
    // Values are the voltage at the beginning, the lowest at the end.
    assert_eq!(
        events,
        [
            (Sag, Occurrence, 2, 206_770),
            (Sag, Restoration, 6, 195_500)
        ]
    );
    assert_eq!(
        disturbances,
        [Disturbance {
            code: Sag,
            begin_ms: 2_000,
            duration_ms: 4_000,
            extreme_mv: 195_500,
            nominal_mv: NOMINAL_MV,
            method: Method::Readings,
        }]
    );
}

#[test]
fn a_swell_begins_above_110_percent_and_ends_below_108() {
    let (events, disturbances) = watch(&[100.0, 110.0, 110.1, 115.0, 108.0, 109.0, 107.9, 109.9]);
    assert_eq!(
        events,
        [
            (Swell, Occurrence, 2, 253_230),
            (Swell, Restoration, 6, 264_500)
        ]
    );
    assert_eq!(disturbances[0].extreme_mv, 264_500);
    assert_eq!(disturbances[0].depth(), DepthClass::Above110);
}

#[test]
fn an_interruption_is_no_sag_and_the_sag_around_it_ends_and_begins() {
    let (events, disturbances) = watch(&[100.0, 60.0, 4.9, 0.0, 6.9, 7.0, 95.0]);
    assert_eq!(
        events,
        [
            (Sag, Occurrence, 1, 138_000),
            (Sag, Restoration, 2, 138_000),
            (Interruption, Occurrence, 2, 11_270),
            (Interruption, Restoration, 5, 0),
            (Sag, Occurrence, 5, 16_100),
            (Sag, Restoration, 6, 16_100),
        ]
    );
    let seen: Vec<_> = disturbances
        .iter()
        .map(|it| (it.code, it.depth(), it.duration_ms))
        .collect();
    assert_eq!(
        seen,
        [
            (Sag, DepthClass::From40To70, 1_000),
            (Interruption, DepthClass::Below5, 3_000),
            (Sag, DepthClass::From5To40, 1_000),
        ]
    );
    // Straight from nothing to far too much.
    let (events, _) = watch(&[0.0, 120.0, 100.0]);
    assert_eq!(
        events.iter().map(|event| event.0).collect::<Vec<_>>(),
        [Interruption, Interruption, Swell, Swell]
    );
}

#[test]
fn no_event_within_ten_percent_however_it_moves() {
    let percents: Vec<f64> = (0..5_000)
        .map(|n| 90.0 + f64::from(n * 37 % 2_001) / 100.0)
        .collect();
    assert_eq!(watch(&percents), (vec![], vec![]));
}

#[test]
fn depths_and_durations_are_the_cells_of_the_table() {
    let disturbance = |percent: f64, duration_ms| Disturbance {
        code: Sag,
        begin_ms: 0,
        duration_ms,
        extreme_mv: (f64::from(NOMINAL_MV) * percent / 100.0) as u32,
        nominal_mv: NOMINAL_MV,
        method: Method::HalfCycles,
    };
    for (percent, depth) in [
        (89.9, DepthClass::From80To90),
        (80.0, DepthClass::From80To90),
        (79.9, DepthClass::From70To80),
        (70.0, DepthClass::From70To80),
        (69.9, DepthClass::From40To70),
        (40.0, DepthClass::From40To70),
        (39.9, DepthClass::From5To40),
        (5.0, DepthClass::From5To40),
        (4.9, DepthClass::Below5),
        (0.0, DepthClass::Below5),
    ] {
        assert_eq!(disturbance(percent, 1).depth(), depth, "{percent}");
    }
    // 0.01 to 0.2, 0.5, 1, 5, 60 s; up to three minutes an interruption is a short one.
    for (duration_ms, class) in [
        (10, DurationClass::UpTo200Ms),
        (200, DurationClass::UpTo200Ms),
        (201, DurationClass::UpTo500Ms),
        (500, DurationClass::UpTo500Ms),
        (1_000, DurationClass::UpTo1S),
        (1_001, DurationClass::UpTo5S),
        (5_000, DurationClass::UpTo5S),
        (60_000, DurationClass::UpTo1Min),
        (60_001, DurationClass::UpTo3Min),
        (180_000, DurationClass::UpTo3Min),
        (180_001, DurationClass::Longer),
    ] {
        assert_eq!(
            disturbance(50.0, duration_ms).duration(),
            class,
            "{duration_ms}"
        );
    }
}

#[test]
fn readings_without_a_voltage_and_times_that_step_back_end_nothing() {
    let mut voltage = Voltage::new();
    let mut push = |reading: Reading| voltage.push(&reading, NOMINAL_MV, Method::Readings);
    assert!(push(volts(90_000, 50.0)).0[1].is_some());
    assert_eq!(push(Reading::at(91_000)), ([None; 2], None));
    // The program that gives the times has started anew.
    assert_eq!(push(volts(2_000, 50.0)), ([None; 2], None));
    let (_, over) = push(volts(5_000, 100.0));
    assert_eq!(
        over.map(|it| (it.begin_ms, it.duration_ms)),
        Some((2_000, 3_000))
    );
}

fn hertz(at_ms: u64, mhz: u32) -> Reading {
    Reading {
        frequency_mhz: Some(mhz),
        ..Reading::at(at_ms)
    }
}

#[test]
fn frequencies_are_judged_by_means_of_ten_seconds() {
    let mut frequency = Frequency::new();
    let mut means = Vec::new();
    let mut events = Vec::new();
    // Begins at a time that is none of ten seconds.
    for second in 0..100_u64 {
        let mhz = match second {
            // One second far off does not matter, ten do.
            5 => 45_000,
            30..50 => 49_400,
            60..70 => 46_900,
            _ => 50_000,
        };
        let (mean, seen) = frequency.push(&hertz(7_300 + second * 1_000, mhz), 50_000);
        means.extend(mean);
        events.extend(seen.into_iter().flatten().map(|event| {
            assert_eq!(event.method, Method::TenSeconds);
            (
                event.code,
                event.phase,
                (event.at_ms - 7_300) / 1_000,
                event.value,
            )
        }));
    }
    assert_eq!(
        means,
        [
            49_500, 50_000, 50_000, 49_400, 49_400, 50_000, 46_900, 50_000, 50_000
        ]
    );
    use EventCode::{Frequency as Warning, FrequencyExtreme as Extreme};
    assert_eq!(
        events,
        [
            (Warning, Occurrence, 40, 49_400),
            (Warning, Restoration, 60, 50_000),
            (Warning, Occurrence, 70, 46_900),
            (Extreme, Occurrence, 70, 46_900),
            (Warning, Restoration, 80, 50_000),
            (Extreme, Restoration, 80, 50_000),
        ]
    );
}

#[test]
fn the_bands_of_the_frequency_are_those_of_the_standard() {
    // -6 % and +4 %, -1 % and +1 %: at the limit all is well.
    for (nominal, mhz, is_off, is_extreme) in [
        (50_000, 49_500, false, false),
        (50_000, 49_499, true, false),
        (50_000, 50_500, false, false),
        (50_000, 50_501, true, false),
        (50_000, 47_000, true, false),
        (50_000, 46_999, true, true),
        (50_000, 52_000, true, false),
        (50_000, 52_001, true, true),
        (60_000, 59_400, false, false),
        (60_000, 62_401, true, true),
    ] {
        let mut frequency = Frequency::new();
        let mut events = [None; 2];
        for second in 0..=10 {
            events = frequency.push(&hertz(second * 1_000, mhz), nominal).1;
        }
        assert_eq!(
            events.map(|event| event.is_some()),
            [is_off, is_extreme],
            "{mhz}"
        );
    }
}

/// A week of readings a minute.
fn week(volts_at: impl Fn(u64) -> f64) -> Supply {
    let mut supply = Supply::new();
    for minute in 0..=7 * 24 * 60 {
        supply.push(
            &volts(123_456 + minute * 60_000, volts_at(minute)),
            NOMINAL_MV,
            None,
            50_000,
        );
    }
    supply
}

#[test]
fn a_week_is_1008_means_and_95_percent_of_them_count() {
    let counts = |supply: &Supply| {
        let counts = supply.counts();
        (
            counts.voltages,
            counts.voltages_within_10,
            counts.voltages_within_15,
        )
    };
    let good = week(|_| 97.0);
    assert_eq!(counts(&good), (1_008, 1_008, 1_008));
    assert_eq!(good.counts().is_voltage_compliant(), Some(true));
    // 50 means of 1008 are 4.96 %, 51 are 5.06 %.
    for (bad, is_compliant) in [(50, true), (51, false)] {
        let supply = week(|minute| if minute < bad * 10 { 88.0 } else { 100.0 });
        assert_eq!(counts(&supply), (1_008, 1_008 - bad as u32, 1_008));
        assert_eq!(supply.counts().is_voltage_compliant(), Some(is_compliant));
    }
    // One below 85 % or above 110 % is one too many.
    for percent in [84.9, 110.1] {
        let supply = week(|minute| if minute < 10 { percent } else { 100.0 });
        assert_eq!(counts(&supply), (1_008, 1_007, 1_007));
        assert_eq!(supply.counts().is_voltage_compliant(), Some(false));
    }
    // Half a mean below counts by its mean.
    let supply = week(|minute| if minute < 5 { 84.0 } else { 100.0 });
    assert_eq!(counts(&supply), (1_008, 1_008, 1_008));
}

#[test]
fn ten_minutes_with_an_interruption_or_without_an_end_are_left_out() {
    // A minute without voltage in each of three.
    let mut supply = week(|minute| {
        if [5, 105, 1_005].contains(&minute) {
            0.0
        } else {
            100.0
        }
    });
    assert_eq!(supply.counts().voltages, 1_005);
    assert_eq!(supply.counts().voltages_within_10, 1_005);
    assert_eq!(supply.counts().is_voltage_compliant(), None);
    assert_eq!(supply.reset().voltages, 1_005);
    assert_eq!(supply.counts().voltages, 0);
    // Three minutes of readings, an hour of none, half an hour of readings.
    let mut supply = Supply::new();
    for minute in (0..3).chain(63..=93) {
        supply.push(&volts(minute * 60_000, 100.0), NOMINAL_MV, None, 50_000);
    }
    assert_eq!(supply.counts().voltages, 3);
}

#[test]
fn means_of_the_frequency_are_counted_by_their_bands() {
    let mut supply = Supply::new();
    for mhz in [50_000, 49_500, 49_499, 47_000, 46_999, 52_000, 52_001] {
        supply.push(&Reading::at(0), NOMINAL_MV, Some(mhz), 50_000);
    }
    let counts = supply.counts();
    assert_eq!(
        (
            counts.frequencies,
            counts.frequencies_within_1,
            counts.frequencies_within_6
        ),
        (7, 2, 5)
    );
}

#[test]
fn extremes_hold_four_billion_of_the_largest() {
    let mut extremes = Extremes::new();
    assert_eq!(
        (
            extremes.min(),
            extremes.mean(),
            extremes.max(),
            extremes.count()
        ),
        (None, None, None, 0)
    );
    for value in [7, u32::MAX, 0, 3] {
        extremes.push(value);
    }
    assert_eq!(
        (extremes.min(), extremes.max(), extremes.count()),
        (Some(0), Some(u32::MAX), 4)
    );
    assert_eq!(
        extremes.mean(),
        Some(((u64::from(u32::MAX) + 10) / 4) as u32)
    );
}
