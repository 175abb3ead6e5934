//! Detection by days and nights: what begins it, what ends it, what a restart does to it.

use meter_core::detect::{BaseLoad, ConsumptionDrop, DropLimits, Method};
use meter_core::meter::{History, Stage};
use meter_core::{Event, EventCode, LocalTime, Phase, Snapshot};
use meter_sim::random::Random;

use super::{Fed, POWER_ONLY, power};

const DAY_MS: u64 = 86_400_000;

/// Days of about 10 kWh that differ by up to a fifth.
fn day_mwh(random: &mut Random) -> u64 {
    9_000_000 + random.below(2_000_000)
}

#[test]
fn half_of_the_usual_is_found_within_days_and_the_usual_is_not() {
    let limits = DropLimits::new();
    let mut random = Random::new(21);
    for _ in 0..50 {
        let mut drop = ConsumptionDrop::new();
        let mut events = Vec::new();
        for day in 0..60 {
            let mwh = day_mwh(&mut random) / if day < 30 { 1 } else { 2 };
            events.extend(drop.push(day * DAY_MS, mwh, &limits));
        }
        let [event] = events[..] else {
            panic!("{events:?}")
        };
        assert_eq!(
            (event.code, event.phase, event.method),
            (EventCode::ConsumptionDrop, Phase::Occurrence, Method::Days)
        );
        let day = event.at_ms / DAY_MS;
        assert!((30..37).contains(&day), "{day}");
        // What the day lacked, in milliwatt-hours.
        assert!((3_000_000..7_000_000).contains(&event.value), "{event:?}");
        assert!(drop.is_on());
    }
}

#[test]
fn a_drop_ends_when_the_usual_comes_back_and_a_new_usual_can_be_taken() {
    let limits = DropLimits::new();
    let mut random = Random::new(22);
    let mut drop = ConsumptionDrop::new();
    let mut push = |drop: &mut ConsumptionDrop, days: core::ops::Range<u64>, by| {
        days.filter_map(|day| drop.push(day * DAY_MS, day_mwh(&mut random) / by, &limits))
            .map(|event| event.phase)
            .collect::<Vec<_>>()
    };
    assert_eq!(push(&mut drop, 0..20, 1), []);
    assert_eq!(push(&mut drop, 20..30, 3), [Phase::Occurrence]);
    assert_eq!(push(&mut drop, 30..50, 1), [Phase::Restoration]);
    assert_eq!(push(&mut drop, 50..60, 3), [Phase::Occurrence]);
    // Somebody has moved out: what is now is the usual.
    drop.relearn();
    assert!(!drop.is_on());
    assert_eq!(push(&mut drop, 60..100, 3), []);
}

#[test]
fn nothing_is_said_before_two_weeks_and_of_an_empty_circuit() {
    let limits = DropLimits::new();
    let mut drop = ConsumptionDrop::new();
    for day in 0..13 {
        assert_eq!(drop.push(day * DAY_MS, 10_000_000, &limits), None);
    }
    assert_eq!(drop.push(13 * DAY_MS, 0, &limits), None);
    let mut empty = ConsumptionDrop::new();
    for day in 0..100 {
        let mwh = if day < 50 { 40_000 } else { 0 };
        assert_eq!(empty.push(day * DAY_MS, mwh, &limits), None);
    }
}

#[test]
fn a_base_load_that_has_gone_is_found_in_the_second_night() {
    let mut random = Random::new(23);
    let mut base = BaseLoad::new();
    let mut events = Vec::new();
    for night in 0..40_u64 {
        let mw = 80_000 + random.below(6_000) as u32;
        let mw = if (25..30).contains(&night) {
            mw / 2
        } else {
            mw
        };
        events.extend(base.night(night * DAY_MS, mw));
        assert_eq!(base.usual_mw().is_some(), night >= 13);
    }
    let seen: Vec<_> = events
        .iter()
        .map(|event| (event.code, event.phase, event.method, event.at_ms / DAY_MS))
        .collect();
    assert_eq!(
        seen,
        [
            (
                EventCode::BaseLoadShift,
                Phase::Occurrence,
                Method::Days,
                26
            ),
            (
                EventCode::BaseLoadShift,
                Phase::Restoration,
                Method::Days,
                30
            )
        ]
    );
    assert!((35_000..50_000).contains(&events[0].value), "{events:?}");
}

#[test]
fn the_least_hour_of_a_night_is_its_level_on_both_days_of_daylight_saving_too() {
    // A refrigerator: 60 W on top of 20 W for half of each hour, 50 W in the mean; somebody is up at three.
    let load = |minute: u16| match minute {
        180..=200 => 2_000_000,
        minute if minute % 60 < 30 => 80_000,
        _ => 20_000,
    };
    for hours in [
        (0..8).collect::<Vec<u16>>(),
        vec![0, 1, 3, 4, 5, 6, 7],
        vec![0, 1, 2, 2, 3, 4, 5, 6, 7],
    ] {
        let mut meter = Fed::new(POWER_ONLY);
        let mut base = BaseLoad::new();
        let mut at_ms = 0;
        // A night makes itself known by what the fifteenth one lacks against it.
        for night in 0..14 {
            let _ = base.night(night, 50_000);
        }
        for hour in &hours {
            for second in 0..3_600_u16 {
                let minute = hour * 60 + second / 60;
                let time = LocalTime {
                    month: 3,
                    day: 30,
                    weekday: 6,
                    minute,
                };
                meter.push(&power(at_ms, load(minute)));
                assert_eq!(base.push(at_ms, time, meter.registers()), None);
                at_ms += 1_000;
            }
        }
        let usual = base.usual_mw().unwrap();
        assert!(usual.abs_diff(50_000) <= 100, "{hours:?}: {usual}");
    }
}

#[test]
fn alarms_of_days_are_told_once_however_often_the_program_starts() {
    let limits = DropLimits::new();
    let run = |restarts: bool| {
        let mut random = Random::new(24);
        let mut meter = Fed::new(POWER_ONLY).meter.snapshot();
        let mut history = History::new();
        let mut events: Vec<Event> = Vec::new();
        for day in 0..90 {
            let by = if (30..60).contains(&day) { 4 } else { 1 };
            let mwh = day_mwh(&mut random) / by;
            let night = (80_000 + random.below(6_000) as u32) / by as u32;
            events.extend(history.consumption.push(day * DAY_MS, mwh, &limits));
            events.extend(history.base_load.night(day * DAY_MS, night));
            if restarts {
                history.save(&mut meter);
                let snapshot = Snapshot::decode(&meter.encode()).unwrap();
                history = snapshot.history();
            }
        }
        events
    };
    let events = run(false);
    assert_eq!(events.len(), 4, "{events:?}");
    assert_eq!(run(true), events);
}
