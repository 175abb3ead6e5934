//! Sums that lose nothing.

use meter_core::{Config, EnergyMeter, Flags, Reading, Snapshot};
use metering_tests::oracle::Oracle;
use proptest::prelude::*;

use super::{POWER_ONLY, power};

fn parts(meter: &EnergyMeter) -> [(u128, u128); 2] {
    let r = meter.registers();
    [r.import, r.export].map(|register| (register.mwh().into(), register.rest().into()))
}

proptest! {
    #[test]
    fn any_powers_at_any_times_sum_exactly(
        steps in prop::collection::vec((1u64..300_000, any::<i32>(), 0u8..40), 1..400),
    ) {
        let config = Config::new(POWER_ONLY);
        let (mut meter, mut oracle) = (EnergyMeter::new(), Oracle::new());
        let mut at_ms = 0;
        for (elapsed, mw, dice) in steps {
            at_ms += elapsed;
            oracle.push(at_ms, mw);
            meter.push(&power(at_ms, mw), &config);
            prop_assert_eq!(parts(&meter), oracle.parts());
            if dice == 0 {
                let bytes = meter.snapshot().encode();
                let snapshot = Snapshot::decode(&bytes).unwrap();
                meter = EnergyMeter::restore(&snapshot);
                oracle.interrupt();
            }
        }
    }

    #[test]
    fn registers_never_decrease_whatever_is_read(
        readings in prop::collection::vec(
            (any::<u16>(), any::<i32>(), any::<Option<u32>>(), prop::option::of(any::<u32>()), any::<bool>()),
            1..200,
        ),
    ) {
        let (mut meter, config) = (EnergyMeter::new(), Config::new(super::COUNTING));
        let mut before = *meter.registers();
        let mut at_ms: u64 = 1 << 20;
        for (elapsed, mw, ma, counter, backward) in readings {
            at_ms = if backward { at_ms.saturating_sub(elapsed.into()) } else { at_ms + u64::from(elapsed) };
            let reading = Reading {
                voltage_mv: Some(230_000),
                current_ma: ma,
                reactive_mvar: (mw & 1 == 0).then_some(mw / 2),
                ..match counter {
                    Some(wh) => super::counted(at_ms, mw, wh.into()),
                    None => power(at_ms, mw),
                }
            };
            meter.push(&reading, &config);
            let now = *meter.registers();
            let pairs = [
                (before.import, now.import), (before.export, now.export),
                (before.estimated, now.estimated), (before.apparent, now.apparent),
                (before.nonactive, now.nonactive), (before.integrated, now.integrated),
            ];
            for (before, now) in pairs.into_iter().chain(before.quadrants.into_iter().zip(now.quadrants)) {
                prop_assert!((now.mwh(), now.rest()) >= (before.mwh(), before.rest()));
            }
            prop_assert!(now.gap_ms >= before.gap_ms && now.resets >= before.resets);
            before = now;
        }
    }
}

#[test]
fn a_kilowatt_for_an_hour_is_a_kilowatt_hour() {
    let (mut meter, config) = (EnergyMeter::new(), Config::new(POWER_ONLY));
    let mut moved = 0;
    for second in 0..=3_600 {
        let step = meter.push(&power(second * 1_000, 1_000_000), &config);
        assert_eq!(step.flags.contains(Flags::FIRST), second == 0);
        moved += step.import_mwh;
        assert_eq!(moved, meter.registers().import.mwh());
    }
    assert_eq!(
        (
            meter.registers().import.mwh(),
            meter.registers().import.rest()
        ),
        (1_000_000, 0)
    );
}

#[test]
fn quadrants_are_those_of_the_standard() {
    for (active, reactive, quadrant) in [(1, 1, 0), (-1, 1, 1), (-1, -1, 2), (1, -1, 3)] {
        let (mut meter, config) = (EnergyMeter::new(), Config::new(POWER_ONLY));
        for second in 0..=3_600u64 {
            meter.push(
                &Reading {
                    reactive_mvar: Some(reactive * 500_000),
                    ..power(second * 1_000, active * 1_000_000)
                },
                &config,
            );
        }
        let r = meter.registers();
        let energies = r.quadrants.map(|register| register.mwh());
        let mut expected = [0; 4];
        expected[quadrant] = 500_000;
        assert_eq!(energies, expected);
        assert_eq!(r.nonactive.mwh(), 0);
        assert_eq!(
            (r.import.mwh(), r.export.mwh()),
            if active > 0 {
                (1_000_000, 0)
            } else {
                (0, 1_000_000)
            }
        );
    }
}

#[test]
fn without_reactive_power_what_is_not_active_is_summed_without_sign() {
    // 230 V, 5 A, 690 W: S 1150 VA, N 920.
    let (mut meter, config) = (EnergyMeter::new(), Config::new(POWER_ONLY));
    for second in 0..=3_600u64 {
        meter.push(
            &Reading {
                voltage_mv: Some(230_000),
                current_ma: Some(5_000),
                ..power(second * 1_000, 690_000)
            },
            &config,
        );
    }
    let r = meter.registers();
    assert_eq!((r.apparent.mwh(), r.nonactive.mwh()), (1_150_000, 920_000));
}

#[test]
fn gaps_are_bridged_up_to_a_limit_and_left_open_beyond() {
    let (mut meter, config) = (EnergyMeter::new(), Config::new(POWER_ONLY));
    meter.push(&power(0, 1_000_000), &config);
    let step = meter.push(&power(10_000, 1_000_000), &config);
    assert!(step.flags.is_empty());
    let step = meter.push(&power(310_000, 3_000_000), &config);
    assert!(step.flags.contains(Flags::GAP) && step.flags.contains(Flags::ESTIMATED));
    // The mean of both ends, 2 kW for 300 s.
    assert_eq!(meter.registers().estimated.mwh(), 166_666);
    let before = meter.registers().import;
    let step = meter.push(&power(700_000, 3_000_000), &config);
    assert!(step.flags.contains(Flags::GAP) && !step.flags.contains(Flags::ESTIMATED));
    assert_eq!(meter.registers().import, before);
    assert_eq!(meter.registers().gap_ms, 690_000);
}

#[test]
fn repeated_and_backward_times_add_nothing() {
    let (mut meter, config) = (EnergyMeter::new(), Config::new(POWER_ONLY));
    meter.push(&power(5_000, 1_000_000), &config);
    meter.push(&power(6_000, 1_000_000), &config);
    let before = *meter.registers();
    assert!(
        meter
            .push(&power(6_000, 9_000_000), &config)
            .flags
            .contains(Flags::DUPLICATE)
    );
    assert!(
        meter
            .push(&power(1_000, 9_000_000), &config)
            .flags
            .contains(Flags::BACKWARD)
    );
    assert_eq!(*meter.registers(), before);
    // And counting goes on from there.
    meter.push(&power(2_000, 9_000_000), &config);
    assert_eq!(meter.registers().import.mwh() - before.import.mwh(), 2_500);
}

#[test]
fn a_power_that_is_missing_once_is_not_lost_and_longer_is_said() {
    let (mut meter, config) = (EnergyMeter::new(), Config::new(POWER_ONLY));
    meter.push(&power(0, 1_000_000), &config);
    for second in 1..9_u64 {
        assert!(
            meter
                .push(&Reading::at(second * 1_000), &config)
                .flags
                .is_empty()
        );
    }
    // As if the nine readings had not been: 1 kW for 9 s.
    meter.push(&power(9_000, 1_000_000), &config);
    assert_eq!(meter.registers().import.mwh(), 2_500);
    assert_eq!(meter.registers().gap_ms, 0);
    // 20 s without are a gap, told once, bridged and flagged.
    for second in 10..29_u64 {
        let step = meter.push(&Reading::at(second * 1_000), &config);
        assert_eq!(step.flags.contains(Flags::GAP), second > 19);
    }
    let step = meter.push(&power(29_000, 1_000_000), &config);
    assert!(step.flags.contains(Flags::GAP.and(Flags::ESTIMATED)));
    let r = meter.registers();
    assert_eq!((r.gap_ms, r.estimated.mwh()), (20_000, 5_555));
    // Six minutes stay open.
    let mut is_open = false;
    for second in 30..389_u64 {
        is_open |= meter
            .push(&Reading::at(second * 1_000), &config)
            .flags
            .contains(Flags::OPEN);
    }
    let before = meter.registers().import;
    let step = meter.push(&power(389_000, 1_000_000), &config);
    assert!(is_open && step.flags.contains(Flags::OPEN));
    assert_eq!(meter.registers().import, before);
    assert_eq!(meter.registers().gap_ms, 380_000);
}

#[test]
fn what_nobody_knows_is_said_to_be_open() {
    let config = Config::new(POWER_ONLY);
    let mut meter = EnergyMeter::new();
    let first = meter.push(&power(0, 1_000), &config).flags;
    assert!(first.contains(Flags::FIRST.and(Flags::OPEN)));
    assert!(
        !meter
            .push(&power(60_000, 1_000), &config)
            .flags
            .contains(Flags::OPEN)
    );
    assert!(
        meter
            .push(&power(1_000_000, 1_000), &config)
            .flags
            .contains(Flags::OPEN)
    );
    assert!(
        meter
            .push(&power(500_000, 1_000), &config)
            .flags
            .contains(Flags::OPEN.and(Flags::BACKWARD))
    );
    // A counter knows, over gaps and restarts.
    let config = Config::new(super::COUNTING);
    let mut meter = EnergyMeter::new();
    let counted = super::counted;
    assert!(
        meter
            .push(&counted(0, 0, 5), &config)
            .flags
            .contains(Flags::OPEN)
    );
    for at_ms in [1_000, 10_000_000, 5_000] {
        let step = meter.push(&counted(at_ms, 0, 6), &config);
        assert!(!step.flags.contains(Flags::OPEN), "{at_ms}");
    }
    let mut meter = EnergyMeter::restore(&meter.snapshot());
    let first = meter.push(&counted(0, 0, 9), &config).flags;
    assert!(first.contains(Flags::FIRST) && !first.contains(Flags::OPEN));
}

#[test]
fn the_clock_is_seen_to_be_set() {
    let (mut meter, config) = (EnergyMeter::new(), Config::new(POWER_ONLY));
    let mut push = |at_ms, utc_s| {
        let reading = Reading {
            utc_s,
            ..power(at_ms, 0)
        };
        let flags = meter.push(&reading, &config).flags;
        (flags.contains(Flags::CLOCK_SET), meter.utc_s())
    };
    assert_eq!(push(500, None), (false, None));
    assert_eq!(push(1_500, Some(1_000)), (false, Some(1_000)));
    // In between it goes on by the time of the readings.
    assert_eq!(push(61_500, None), (false, Some(1_060)));
    // Whole seconds and a moment are no step.
    assert_eq!(push(121_400, Some(1_121)), (false, Some(1_121)));
    assert_eq!(push(122_400, Some(1_126)), (true, Some(1_126)));
    assert_eq!(push(123_400, Some(1_127)), (false, Some(1_127)));
    assert_eq!(push(124_400, Some(-50)), (true, Some(-50)));
}
