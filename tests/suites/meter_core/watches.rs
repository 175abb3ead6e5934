//! Clocks, counters, feeders, links, and the health of the device.

use meter_core::detect::{ClockWatch, CounterWatch, FeederBalance, Link};
use meter_core::health::{Health, PollErrors, ResetCause, Tries};
use meter_core::{EventCode, Phase, Reading};

use super::{COUNTING, Fed, counted};

use Phase::{Occurrence, Restoration};

fn clock(at_ms: u64, utc_s: i64) -> Reading {
    Reading {
        utc_s: Some(utc_s),
        ..Reading::at(at_ms)
    }
}

#[test]
fn a_clock_that_is_set_is_told_with_both_times() {
    let mut watch = ClockWatch::new();
    let mut push = |at_ms, utc_s| watch.push(&clock(at_ms, utc_s));
    assert_eq!(push(0, 1_000), [None; 3]);
    // Whole seconds beside milliseconds are no step.
    for second in 1..5_000_u64 {
        assert_eq!(
            push(second * 997, 1_000 + (second * 997 / 1_000) as i64),
            [None; 3]
        );
    }
    let [began, ended, none] = push(4_985_000, 1_000 + 4_985 - 3_600);
    let (began, ended) = (began.unwrap(), ended.unwrap());
    assert_eq!(none, None);
    assert_eq!(
        (began.code, began.phase, ended.code, ended.phase),
        (
            EventCode::ClockStep,
            Occurrence,
            EventCode::ClockStep,
            Restoration
        )
    );
    // What it would have said, within the second that it tells, and what it says.
    assert!(began.value.abs_diff(5_985_000) < 1_000, "{began:?}");
    assert_eq!(ended.value, 5_985_000 - 3_600_000);
    assert_eq!(push(4_986_000, 2_386), [None; 3]);
    // A reading without the time of the day says nothing.
    assert_eq!(watch.push(&Reading::at(5_000_000)), [None; 3]);
}

#[test]
fn a_clock_that_drifts_more_than_five_seconds_a_day_is_told_once() {
    let run = |milli_per_day: i64, days: u64| {
        let mut watch = ClockWatch::new();
        (0..days * 1_440)
            .flat_map(|minute| {
                let off_ms = milli_per_day * minute as i64 / 1_440;
                watch.push(&clock(
                    minute * 60_000,
                    (1_700_000_000_000 + minute as i64 * 60_000 + off_ms) / 1_000,
                ))
            })
            .flatten()
            .map(|event| (event.code, event.phase))
            .collect::<Vec<_>>()
    };
    assert_eq!(run(3_000, 30), []);
    for milli in [8_000, -8_000] {
        assert_eq!(run(milli, 30), [(EventCode::ClockDrift, Occurrence)]);
    }
}

#[test]
fn resets_and_nonsense_of_the_counter_are_events_with_two_ends() {
    let mut meter = Fed::new(COUNTING);
    let mut watch = CounterWatch::new();
    let mut events = Vec::new();
    for (second, wh) in (0..).zip([500_u64, 501, 0, 1, 2, 900_000, 4, 5, 6]) {
        let reading = counted(second * 1_000, 3_600_000, wh);
        let step = meter.push(&reading);
        events.extend(watch.push(&reading, &step).into_iter().flatten());
    }
    let seen: Vec<_> = events
        .iter()
        .map(|event| (event.code, event.phase, event.at_ms / 1_000, event.value))
        .collect();
    assert_eq!(
        seen,
        [
            (EventCode::CounterReset, Occurrence, 3, 1),
            (EventCode::CounterReset, Restoration, 4, 2),
            (EventCode::CounterGlitch, Occurrence, 5, 900_000),
            // That it was nonsense is known at 6.
            (EventCode::CounterGlitch, Restoration, 7, 5),
        ]
    );
}

#[test]
fn a_feeder_that_delivers_more_than_its_meters_count_is_told() {
    const KWH: u64 = 1_000_000;
    let mut feeder = FeederBalance::new();
    feeder.losses_milli = 20;
    let mut push = |day: u64, delivered: u64, meters: &[u64]| {
        feeder
            .push(day, delivered * KWH, meters.iter().map(|kwh| kwh * KWH))
            .map(|event| (event.code, event.phase, event.value))
    };
    // 1000 kWh, 2 % lost on the way: 3 % or less beyond that are errors.
    assert_eq!(push(1, 1_000, &[500, 480]), None);
    assert_eq!(push(2, 1_000, &[500, 450]), None);
    assert_eq!(
        push(3, 1_000, &[500, 449]),
        Some((EventCode::FeederImbalance, Occurrence, 31_000_000))
    );
    assert_eq!(push(4, 1_000, &[500, 440]), None);
    assert_eq!(
        push(5, 1_000, &[500, 450]),
        Some((EventCode::FeederImbalance, Restoration, 30_000_000))
    );
    // More counted than delivered is no loss.
    assert_eq!(push(6, 1_000, &[2_000]), None);
    // Worse meters are allowed more: 2 % of both.
    let mut worse = FeederBalance::new();
    (worse.feeder_error_milli, worse.meter_error_milli) = (20, 20);
    for (counted, is_told) in [(961, false), (960, true)] {
        let mut feeder = worse;
        assert_eq!(
            feeder.push(0, 1_000 * KWH, [counted * KWH]).is_some(),
            is_told,
            "{counted}"
        );
    }
    // Nothing overflows.
    assert!(
        FeederBalance::new()
            .push(0, u64::MAX, [u64::MAX, u64::MAX])
            .is_none()
    );
}

#[test]
fn a_link_counts_about_256_polls_and_forgives_a_time_that_steps_back() {
    let mut link = Link::new();
    assert_eq!(link.success_milli(), 1_000);
    for n in 0..5_000_u64 {
        let _ = link.push(n * 1_000, n % 4 != 0);
    }
    assert!(
        (730..=770).contains(&link.success_milli()),
        "{}",
        link.success_milli()
    );
    for n in 5_000..8_000_u64 {
        let _ = link.push(n * 1_000, true);
    }
    assert_eq!(link.success_milli(), 1_000);
    assert_eq!(link.push(1_000, false), None);
    // Silence from there on.
    assert_eq!(link.push(30_000, false), None);
    assert!(link.push(31_000, false).is_some());
}

#[test]
fn health_counts_and_says_what_it_does_not_know() {
    let mut tries = Tries::default();
    assert_eq!(tries.success_milli(), None);
    for n in 0..1_000 {
        tries.count(n % 3 != 0);
    }
    assert_eq!(
        (tries.good, tries.failed, tries.success_milli()),
        (666, 334, Some(666))
    );
    let full = Tries {
        good: u32::MAX,
        failed: u32::MAX,
    };
    let mut more = full;
    more.count(true);
    more.count(false);
    assert_eq!((more, more.success_milli()), (full, Some(500)));
    let health = Health::default();
    assert_eq!(
        (health.heap_free, health.rssi_dbm, health.battery_mv),
        (None, None, None)
    );
    assert_eq!(
        (health.reset_cause, health.poll_errors),
        (ResetCause::Unknown, PollErrors::default())
    );
}
