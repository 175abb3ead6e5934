//! What counters do: count, start over, get reset, talk nonsense.

use meter_core::{EnergyMeter, Flags, Reading};
use meter_sim::random::Random;

use super::{COUNTING, Fed, counted};

fn meter() -> Fed {
    Fed::new(COUNTING)
}

#[test]
fn the_counter_is_the_truth_and_the_integral_a_check() {
    let mut meter = meter();
    // 3.6 kW is a watt-hour a second.
    for second in 0..=1_000 {
        meter.push(&counted(second * 1_000, 3_500_000, 500 + second));
    }
    let r = meter.registers();
    assert_eq!(r.import.mwh(), 1_000_000);
    assert_eq!(r.integrated.mwh(), 972_222);
    assert_eq!(r.estimated.mwh(), 0);
}

#[test]
fn a_counter_goes_on_while_nobody_reads() {
    let mut meter = meter();
    meter.push(&counted(0, 1_000_000, 10_000));
    let step = meter.push(&counted(11 * 86_400_000, 1_000_000, 274_000));
    assert!(step.flags.contains(Flags::GAP) && !step.flags.contains(Flags::ESTIMATED));
    assert_eq!(meter.registers().import.mwh(), 264_000_000);
}

#[test]
fn wraps_at_every_known_end_are_counted_through() {
    for modulus in [1u64 << 16, 10_000_000, 1 << 32] {
        for beyond in 0..8 {
            let mut meter = meter();
            meter.push(&counted(0, 0, modulus - 3));
            let mut step = meter.push(&counted(1_000, 0, beyond));
            if beyond == 0 {
                // Zero is what a meter says too that is not awake yet: the next reading decides.
                assert!(step.flags.is_empty() && step.import_mwh == 0);
                step = meter.push(&counted(2_000, 0, beyond));
            }
            let fits = beyond + 3 <= 9;
            assert_eq!(
                step.flags.contains(Flags::WRAP),
                fits,
                "{modulus}: {beyond}"
            );
            if fits {
                assert_eq!(meter.registers().import.mwh(), (3 + beyond) * 1_000);
                assert_eq!(meter.registers().wraps, 1);
            }
        }
    }
}

#[test]
fn a_reset_adds_what_was_counted_since_and_estimates_the_rest() {
    let mut meter = meter();
    meter.push(&counted(0, 3_600_000, 4_649));
    meter.push(&counted(1_000, 3_600_000, 4_650));
    // A single value below says nothing yet.
    let step = meter.push(&counted(5_000, 3_600_000, 1));
    assert!(step.flags.is_empty());
    let step = meter.push(&counted(6_000, 3_600_000, 2));
    assert!(step.flags.contains(Flags::RESET) && step.flags.contains(Flags::ESTIMATED));
    let r = meter.registers();
    // One step before, five seconds of one a second: two of them counted.
    assert_eq!(
        (r.import.mwh(), r.estimated.mwh(), r.resets),
        (6_000, 3_000, 1)
    );
    meter.push(&counted(7_000, 3_600_000, 3));
    assert_eq!(meter.registers().import.mwh(), 7_000);
}

#[test]
fn nonsense_for_one_reading_leaves_no_trace() {
    for nonsense in [0xFFFF_FFFF, 9_999_999, 4_650 + 65_536, 4_000, 100] {
        let mut meter = meter();
        meter.push(&counted(0, 3_600_000, 4_650));
        let step = meter.push(&counted(1_000, 3_600_000, nonsense));
        assert!(step.flags.contains(Flags::GLITCH), "{nonsense}");
        assert_eq!(step.import_mwh, 0);
        let step = meter.push(&counted(2_000, 3_600_000, 4_652));
        assert!(step.flags.contains(Flags::GLITCH));
        let r = meter.registers();
        assert_eq!(
            (r.import.mwh(), r.glitches, r.estimated.mwh()),
            (2_000, 1, 0),
            "{nonsense}"
        );
    }
}

#[test]
fn nonsense_that_stays_becomes_the_new_base_and_the_meanwhile_is_estimated() {
    let mut meter = meter();
    meter.push(&counted(0, 3_600_000, 4_650));
    meter.push(&counted(1_000, 3_600_000, 800_000));
    let step = meter.push(&counted(2_000, 3_600_000, 800_001));
    assert!(step.flags.contains(Flags::ESTIMATED));
    let r = meter.registers();
    assert_eq!(
        (r.import.mwh(), r.estimated.mwh(), r.glitches),
        (2_000, 2_000, 1)
    );
    meter.push(&counted(3_000, 3_600_000, 800_002));
    assert_eq!(meter.registers().import.mwh(), 3_000);
}

#[test]
fn zeros_in_between_are_nonsense_and_not_resets_when_the_counter_comes_back() {
    // As a module does that answers with zeros right after its power came back.
    let mut meter = meter();
    meter.push(&counted(0, 1_000_000, 46_490));
    let first = meter.push(&counted(1_000, 0, 0));
    assert!(first.flags.is_empty());
    let back = meter.push(&counted(2_000, 1_000_000, 46_490));
    assert!(back.flags.contains(Flags::GLITCH));
    meter.push(&counted(3_000, 1_000_000, 46_490));
    // Nothing flowed, and nothing is counted.
    let r = meter.registers();
    assert_eq!((r.import.mwh(), r.resets, r.glitches), (0, 0, 1), "{r:?}");
}

#[test]
fn injected_faults_are_told_apart_every_time() {
    let mut random = Random::new(77);
    let (mut wraps, mut resets, mut glitches) = (0, 0, 0);
    for _ in 0..3_000 {
        let mut meter = meter();
        let mut truth = 0;
        let mut counter = random.below(60_000);
        let fault_at = 5 + random.below(20);
        let kind = random.below(4);
        if kind == 0 {
            counter = 65_536 - fault_at;
        }
        for second in 0..40 {
            let mut shown = counter;
            if second == fault_at {
                match kind {
                    0 => {}
                    1 => {
                        counter = 0;
                        shown = 0;
                    }
                    2 => shown = 70_000 + random.below(1 << 31),
                    // As a module that answers before it is awake.
                    _ => shown = 0,
                }
            }
            shown %= if kind == 0 { 65_536 } else { 1 << 32 };
            meter.push(&counted(second * 1_000, 3_600_000, shown));
            if second < 39 {
                counter += 1;
                truth += 1_000;
            }
        }
        let r = meter.registers();
        match kind {
            0 => wraps += u32::from(r.wraps == 1 && r.resets == 0 && r.glitches == 0),
            // A reset at the very end of the old range can not be told from a wrap.
            1 => resets += u32::from(r.resets == 1 && r.glitches == 0 && r.wraps == 0),
            _ => glitches += u32::from(r.glitches == 1 && r.resets == 0 && r.wraps == 0),
        }
        assert_eq!(r.import.mwh(), truth, "kind {kind}: {r:?}");
    }
    assert_eq!(
        wraps + resets + glitches,
        3_000,
        "{wraps} {resets} {glitches}"
    );
}

#[test]
fn a_restart_believes_what_can_have_flowed_meanwhile_and_nothing_else() {
    let mut meter = meter();
    let at = |at_ms, utc_s, wh| Reading {
        utc_s: Some(utc_s),
        ..counted(at_ms, 0, wh)
    };
    meter.push(&at(0, 1_700_000_000, 40_000));
    meter.push(&at(1_000, 1_700_000_001, 40_001));
    let snapshot = meter.meter.snapshot();
    let restored = || Fed {
        meter: EnergyMeter::restore(&snapshot),
        ..Fed::new(COUNTING)
    };
    // Ten days later by the clock: 276 kW-days fit, a jump of the high word does not.
    for (wh, added) in [(40_001, 0), (340_001, 300_000_000), (40_001 + (1 << 24), 0)] {
        let mut meter = restored();
        meter.push(&at(50, 1_700_864_001, wh));
        assert_eq!(meter.registers().import.mwh(), 1_000 + added, "{wh}");
    }
    // Set to zero in the middle of its range while nobody looked: no wrap at 65 536.
    let mut meter = restored();
    let step = meter.push(&at(50, 1_700_864_001, 120));
    assert!(step.flags.is_empty() || step.flags.contains(Flags::FIRST));
    let step = meter.push(&at(1_050, 1_700_864_002, 120));
    assert!(step.flags.contains(Flags::RESET) && !step.flags.contains(Flags::WRAP));
    assert_eq!(meter.registers().import.mwh(), 121_000);
}

#[test]
fn zeros_of_a_meter_that_is_not_awake_are_no_wrap() {
    // A watt-hour before its end a counter says zero once, and goes on where it was.
    for modulus in [1u64 << 16, 10_000_000, 1 << 32] {
        let mut meter = meter();
        meter.push(&counted(0, 3_600_000, modulus - 3));
        let step = meter.push(&counted(1_000, 0, 0));
        assert_eq!(step.import_mwh, 0);
        let step = meter.push(&counted(2_000, 3_600_000, modulus - 1));
        assert!(step.flags.contains(Flags::GLITCH));
        let r = meter.registers();
        assert_eq!((r.import.mwh(), r.wraps, r.glitches), (2_000, 0, 1));
        // And a real one.
        meter.push(&counted(3_000, 3_600_000, 0));
        let step = meter.push(&counted(4_000, 3_600_000, 1));
        assert!(step.flags.contains(Flags::WRAP) && !step.flags.contains(Flags::GLITCH));
        let r = meter.registers();
        assert_eq!((r.import.mwh(), r.wraps, r.glitches), (4_000, 1, 1));
    }
}

#[test]
fn what_flows_before_the_counter_is_read_first_is_estimated() {
    let mut meter = meter();
    for second in 0..=10 {
        meter.push(&super::power(second * 1_000, 3_600_000));
    }
    assert_eq!(meter.registers().import.mwh(), 0);
    let step = meter.push(&counted(11_000, 3_600_000, 500));
    assert!(step.flags.contains(Flags::ESTIMATED));
    meter.push(&counted(12_000, 3_600_000, 501));
    let r = meter.registers();
    assert_eq!((r.import.mwh(), r.estimated.mwh()), (12_000, 11_000));
}

#[test]
fn a_counter_that_is_brought_up_to_date_now_and_then_is_believed() {
    // 5 kW, a reading a second, a counter that moves once in five minutes: 416 Wh at once, far beyond a second's.
    let mut meter = meter();
    for second in 0..3_600_u64 {
        let wh = second / 300 * 300 * 5_000 / 3_600;
        let step = meter.push(&counted(second * 1_000, 5_000_000, 900 + wh));
        assert!(!step.flags.contains(Flags::GLITCH), "{second}");
    }
    let r = meter.registers();
    assert_eq!((r.import.mwh(), r.estimated.mwh()), (4_583_000, 0));
    // A jump that the power gives no reason for is nonsense all the same.
    let step = meter.push(&counted(3_600_000, 5_000_000, 900 + 4_583 + 800));
    assert!(step.flags.contains(Flags::GLITCH));
}

#[test]
fn what_a_frozen_meter_did_not_tell_is_counted_when_it_moves_again() {
    let mut meter = meter();
    for second in 0..20_000_u64 {
        // From 1000 s to 15000 s it repeats itself: 50 W, while 600 W flow.
        let shown = if (1_000..15_000).contains(&second) {
            1_000
        } else {
            second
        };
        let watts = if (1_000..15_000).contains(&second) {
            50_000
        } else {
            600_000
        };
        let wh = shown * 600 / 3_600;
        meter.push(&counted(second * 1_000, watts, wh));
    }
    let r = meter.registers();
    assert_eq!(
        (r.import.mwh(), r.glitches),
        (19_999 * 600 / 3_600 * 1_000, 1)
    );
    // What was repeated is a gap, from 1000 s to the second reading after it.
    assert_eq!(r.gap_ms, 14_001_000);
}

#[test]
fn a_counter_that_stood_still_and_was_replaced_is_made_up_for_by_the_power() {
    let mut meter = meter();
    for second in 0..=3_600_u64 {
        meter.push(&counted(second * 1_000, 1_000_000, 7_000));
    }
    // Another module, which counts.
    meter.push(&counted(3_601_000, 1_000_000, 3));
    let step = meter.push(&counted(3_602_000, 1_000_000, 3));
    assert!(step.flags.contains(Flags::RESET.and(Flags::ESTIMATED)));
    let r = meter.registers();
    assert!(r.import.mwh().abs_diff(1_000_555) < 10, "{r:?}");
}

#[test]
fn a_reset_in_a_gap_is_said_to_leave_something_open() {
    let mut meter = meter();
    meter.push(&counted(0, 3_600_000, 40_000));
    let hour = 3_600_000;
    let first = meter.push(&counted(hour, 3_600_000, 100));
    assert!(first.flags.contains(Flags::GAP) && !first.flags.contains(Flags::OPEN));
    let step = meter.push(&counted(hour + 1_000, 3_600_000, 101));
    assert!(step.flags.contains(Flags::RESET.and(Flags::OPEN)));
    assert_eq!(meter.registers().import.mwh(), 101_000);
}
