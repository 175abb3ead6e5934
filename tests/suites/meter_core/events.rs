//! What events are called and numbered, how alarms wait, and what stays until somebody has seen it.

use meter_core::detect::{Alarm, Latch, Level, Method, Rule};
use meter_core::{Event, EventCode, Phase};

use Phase::{Occurrence, Restoration};

/// Every code there is.
const CODES: [EventCode; 22] = {
    use EventCode as E;
    [
        E::Sag,
        E::Swell,
        E::Interruption,
        E::Frequency,
        E::FrequencyExtreme,
        E::Overload,
        E::OverCurrent,
        E::LowPowerFactor,
        E::Residual,
        E::ImpossiblePower,
        E::EnergyMismatch,
        E::CounterReset,
        E::CounterGlitch,
        E::FrozenSource,
        E::LinkLost,
        E::ConsumptionDrop,
        E::BaseLoadShift,
        E::FeederImbalance,
        E::ClockStep,
        E::ClockDrift,
        E::TheftSuspicion,
        E::HighUsage,
    ]
};

#[test]
fn events_have_the_numbers_that_others_know_them_by() {
    // IS 15959: over-voltage 7/8, low voltage 9/10, over-current 67/68, power fail 101/102, low power factor 205/206,
    // overload 215/216. IDIS: voltage missing and normal in the first phase 82 and 85, clock adjusted 4 and 5.
    let known = [
        (EventCode::Swell, Some((7, 8)), None),
        (EventCode::Sag, Some((9, 10)), None),
        (EventCode::OverCurrent, Some((67, 68)), None),
        (EventCode::Interruption, Some((101, 102)), Some((82, 85))),
        (EventCode::LowPowerFactor, Some((205, 206)), None),
        (EventCode::Overload, Some((215, 216)), None),
        (EventCode::ClockStep, None, Some((4, 5))),
    ];
    for code in CODES {
        let (_, is15959, idis) = known
            .into_iter()
            .find(|(known, ..)| *known == code)
            .unwrap_or((code, None, None));
        let both = |of: fn(EventCode, Phase) -> Option<u16>| {
            of(code, Occurrence).zip(of(code, Restoration))
        };
        assert_eq!(both(EventCode::is15959), is15959, "{code:?}");
        assert_eq!(both(EventCode::idis), idis, "{code:?}");
    }
}

#[test]
fn codes_keep_their_numbers_names_and_units() {
    let numbers: Vec<u8> = CODES.into_iter().map(|code| code as u8).collect();
    assert_eq!(numbers, (1..=22).collect::<Vec<u8>>());
    let mut names: Vec<&str> = CODES.into_iter().map(EventCode::name).collect();
    assert!(names.contains(&"THEFT_SUSPICION") && names.contains(&"HIGH_USAGE"));
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 22);
    for (code, unit) in [
        (EventCode::Sag, "mV"),
        (EventCode::Frequency, "mHz"),
        (EventCode::Overload, "mW"),
        (EventCode::OverCurrent, "mA"),
        (EventCode::EnergyMismatch, "mWh"),
        (EventCode::FrozenSource, "ms"),
        (EventCode::ClockStep, "ms since 1970"),
        (EventCode::CounterReset, "steps"),
    ] {
        assert_eq!(code.unit(), unit);
    }
}

fn event(code: EventCode, phase: Phase) -> Event {
    Event {
        code,
        phase,
        method: Method::Readings,
        at_ms: 0,
        value: 0,
    }
}

#[test]
fn a_latch_holds_each_code_until_somebody_has_seen_it() {
    for code in CODES {
        let mut latch = Latch::new();
        latch.note(&event(code, Occurrence));
        for other in CODES {
            assert_eq!(latch.is_set(other), other == code);
        }
        // Seen while it is on: it stays until it is over.
        latch.acknowledge(code);
        assert!(latch.is_set(code) && latch.is_present(code));
        latch.note(&event(code, Restoration));
        assert!(!latch.is_set(code));
        // Over before anybody has seen it.
        latch.note(&event(code, Occurrence));
        latch.note(&event(code, Restoration));
        assert!(latch.is_set(code) && !latch.is_present(code));
        latch.acknowledge(code);
        assert!(!latch.is_set(code));
    }
}

const RULE: Rule = Rule {
    code: EventCode::Overload,
    hold_ms: 10_000,
    clear_ms: 30_000,
};

#[test]
fn an_alarm_waits_for_its_hold_and_for_its_clear_time() {
    use Level::{Back, Between, Beyond};
    let run = |levels: &[(u64, Level)]| {
        let mut alarm = Alarm::new();
        levels
            .iter()
            .filter_map(|(second, level)| alarm.update(&RULE, second * 1_000, *level, 1))
            .map(|event| (event.phase, event.at_ms / 1_000))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        run(&[(0, Beyond), (9, Beyond), (10, Beyond)]),
        [(Occurrence, 10)]
    );
    // A single reading in between begins the wait anew.
    for other in [Between, Back] {
        assert_eq!(
            run(&[
                (0, Beyond),
                (5, other),
                (6, Beyond),
                (15, Beyond),
                (16, Beyond)
            ]),
            [(Occurrence, 16)]
        );
    }
    assert_eq!(
        run(&[
            (0, Beyond),
            (10, Beyond),
            (20, Back),
            (49, Back),
            (50, Back)
        ]),
        [(Occurrence, 10), (Restoration, 50)]
    );
    for other in [Between, Beyond] {
        assert_eq!(
            run(&[
                (0, Beyond),
                (10, Beyond),
                (20, Back),
                (40, other),
                (50, Back),
                (79, Back),
                (80, Back)
            ]),
            [(Occurrence, 10), (Restoration, 80)]
        );
    }
    // A time that steps back begins the wait anew, and one that wraps does not.
    assert_eq!(
        run(&[
            (100, Beyond),
            (105, Beyond),
            (3, Beyond),
            (12, Beyond),
            (13, Beyond)
        ]),
        [(Occurrence, 13)]
    );
    let wrap = (1 << 29) / 1_000;
    assert_eq!(
        run(&[(wrap - 3, Beyond), (wrap + 6, Beyond), (wrap + 7, Beyond)]),
        [(Occurrence, wrap + 7)]
    );
}
