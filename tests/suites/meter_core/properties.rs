//! What holds whatever is read, whenever the program starts again.

use meter_core::detect::DropLimits;
use meter_core::meter::{Limits, Meter, Outputs, Rules, Settings, Standard, StandardSettings};
use meter_core::{
    Config, CounterReading, EnergyMeter, Flags, LocalTime, Reading, Registers, Season, Snapshot,
    Switch, Tariff,
};
use proptest::prelude::*;

use super::{COUNTING, Fed, POWER_ONLY, counted};

/// What a reading is like, and what happens at it.
#[derive(Clone, Copy, Debug)]
enum Fault {
    None,
    /// The reading fails.
    Missed,
    /// It has no counter.
    NoCounter,
    /// The counter says nonsense once.
    Nonsense(u64),
    /// The counter says zero once, as a meter that is not awake.
    Zero,
    /// The program starts again, from what it stored at the reading before.
    Restart,
}

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        12 => Just(Fault::None),
        1 => Just(Fault::Missed),
        1 => Just(Fault::NoCounter),
        1 => (30_000_000u64..1 << 40).prop_map(Fault::Nonsense),
        1 => Just(Fault::Zero),
        1 => Just(Fault::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Against the meter's energy in 128 bits: all that its counter has counted, to the step.
    #[test]
    fn the_register_is_what_the_counter_has_counted_through_any_fault_and_restart(
        steps in prop::collection::vec((1u64..400_000, 0u32..27_600_000, fault()), 1..200),
        modulus in prop::sample::select(vec![1u64 << 16, 10_000_000, 1 << 32]),
        to_end in 0u64..3_000,
    ) {
        // Milliwatt-milliseconds: 3.6 billion are a watt-hour.
        let mut energy: u128 = 0;
        let start = modulus - 1 - to_end % modulus;
        let counter = |energy: u128| (start + (energy / 3_600_000_000) as u64) % modulus;
        let source = meter_core::Source { moduli: match modulus {
            65_536 => &[1 << 16],
            10_000_000 => &[10_000_000],
            _ => &[1 << 32],
        }, ..COUNTING };
        let mut meter = Fed::new(source);
        let (mut at_ms, mut wraps) = (0, 0);
        meter.push(&counted(0, 0, start));
        let mut clean = true;
        for (elapsed, mw, fault) in steps {
            let before = counter(energy);
            at_ms += elapsed;
            energy += u128::from(elapsed) * u128::from(mw);
            let shown = counter(energy);
            wraps += u32::from(shown < before);
            // Between two faults a reading goes well.
            let fault = if clean { fault } else { Fault::None };
            clean = matches!(fault, Fault::None);
            let reading = counted(at_ms, mw as i32, shown);
            match fault {
                Fault::None => { meter.push(&reading); }
                Fault::Missed => {}
                Fault::NoCounter => { meter.push(&Reading { counter: None, ..reading }); }
                Fault::Nonsense(more) => {
                    meter.push(&counted(at_ms, mw as i32, shown + more));
                }
                Fault::Zero => { meter.push(&counted(at_ms, 0, 0)); }
                Fault::Restart => {
                    let bytes = meter.meter.snapshot().encode();
                    meter.meter = EnergyMeter::restore(&Snapshot::decode(&bytes).unwrap());
                    meter.push(&Reading { at_ms: at_ms % 1_000, ..reading });
                    at_ms %= 1_000;
                }
            }
        }
        // Two readings that go well.
        for _ in 0..2 {
            at_ms += 1_000;
            meter.push(&counted(at_ms, 0, counter(energy)));
        }
        let r = meter.registers();
        let counted_mwh = energy / 3_600_000_000 * 1_000;
        prop_assert_eq!(u128::from(r.import.mwh()), counted_mwh, "{:?}", r);
        prop_assert_eq!((r.import.rest(), r.resets, u32::from(r.wraps)), (0, 0, wraps));
        prop_assert_eq!(r.estimated.mwh(), 0);
    }

    /// A counter that is set to zero now and then, at a steady load: a watt-hour each time is all that can be lost.
    #[test]
    fn a_reset_costs_no_more_than_the_step_that_was_going_on(
        watts in 1_000u64..20_000,
        pauses in prop::collection::vec(20u64..400, 1..20),
    ) {
        let mut meter = Fed::new(POWER_ONLY);
        meter.config.source = COUNTING;
        let (mut second, mut energy_ws, mut resets) = (0_u64, 0_u64, 0);
        for pause in pauses {
            for _ in 0..pause {
                meter.push(&counted(second * 1_000, watts as i32 * 1_000, energy_ws / 3_600));
                second += 1;
                energy_ws += watts;
            }
            // Set to zero just before the next reading.
            energy_ws = 0;
            resets += 1;
        }
        for _ in 0..3 {
            meter.push(&counted(second * 1_000, watts as i32 * 1_000, energy_ws / 3_600));
            second += 1;
            energy_ws += watts;
        }
        let r = meter.registers();
        // The first seconds of a counter at 0 can not be told from those before the reset.
        prop_assert_eq!(u64::from(r.resets), resets, "{:?}", r);
        let truth = (second - 1) * watts * 1_000 / 3_600;
        let slack = (resets + 1) * 1_000 + watts * 1_000 / 3_600;
        prop_assert!(r.import.mwh().abs_diff(truth) <= slack, "{} {}", r.import.mwh(), truth);
    }
}

fn growing(r: &Registers) -> Vec<(u64, u32)> {
    let [q1, q2, q3, q4] = r.quadrants;
    let registers = [
        r.import,
        r.export,
        r.estimated,
        r.integrated,
        r.apparent,
        r.nonactive,
        q1,
        q2,
        q3,
        q4,
    ];
    let counts = [r.gap_ms, r.resets.into(), r.wraps.into(), r.glitches.into()];
    registers
        .map(|register| (register.mwh(), register.rest()))
        .into_iter()
        .chain(counts.map(|count| (count, 0)))
        .collect()
}

const DAY: &[Switch] = &[
    Switch { minute: 0, rate: 1 },
    Switch {
        minute: 360,
        rate: 0,
    },
];
const SEASONS: &[Season<'static>] = &[Season {
    from: (1, 1),
    workday: DAY,
    saturday: DAY,
    sunday: DAY,
}];

/// A reading of anything at any time; what it says may be missing.
type Any = (
    u32,
    i64,
    Option<u32>,
    Option<u32>,
    Option<i32>,
    Option<i32>,
    Option<u32>,
    u8,
);

fn any_reading() -> impl Strategy<Value = Any> {
    (
        prop_oneof![0u32..5_000, 0u32..2_000_000, any::<u32>()],
        prop_oneof![Just(0i64), -4_000i64..4_000, any::<i64>()],
        prop::option::of(0u32..400_000),
        prop::option::of(0u32..100_000),
        prop::option::of(any::<i32>()),
        prop::option::of(any::<i32>()),
        prop::option::of(any::<u32>()),
        any::<u8>(),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_register_decreases_and_all_parts_add_up_whatever_is_read_and_stored(
        readings in prop::collection::vec(any_reading(), 1..120),
        is_counting in any::<bool>(),
    ) {
        let settings = Settings::new(
            Config::new(if is_counting { COUNTING } else { POWER_ONLY }),
            StandardSettings {
                tariff: Tariff::new(SEASONS, &[], 2).unwrap(),
                limits: Limits::new(230, 50),
                rules: Rules::new(),
                drop: DropLimits::new(),
            },
        );
        let mut meter = Meter::new(Standard::<2>::new(900, 15));
        let mut outputs = Outputs::new();
        let mut before = growing(meter.registers());
        let (mut at_ms, mut utc_s) = (0_u64, 1_709_164_800_i64);
        // Ends of records and days since the last checkpoint, and before it.
        let (mut since, mut kept) = ([0_u64; 2], [0_u64; 2]);
        let mut begun: [Option<u64>; 2] = [None; 2];
        let mut stored = (meter.snapshot(), begun);
        for (elapsed, off_s, mv, ma, mw, mvar, wh, dice) in readings {
            at_ms = if dice & 7 == 0 { at_ms.saturating_sub(elapsed.into()) } else { at_ms + u64::from(elapsed) };
            utc_s = utc_s.saturating_add(off_s);
            let reading = Reading {
                utc_s: (dice & 16 == 0).then_some(utc_s),
                voltage_mv: mv,
                current_ma: ma,
                power_mw: mw,
                reactive_mvar: mvar,
                frequency_mhz: mv.map(|mv| mv / 4),
                power_factor_milli: mw.map(|mw| mw as i16),
                counter: wh.map(|wh| CounterReading { import: wh.into(), export: u64::from(wh) / 3 }),
                ..Reading::at(at_ms)
            };
            let local = reading.utc_s.and_then(|utc_s| LocalTime::from_unix(utc_s, 3_600));
            meter.push(&reading, local, &settings, &mut outputs);
            prop_assert_eq!(outputs.lost_events, 0);
            let now = growing(meter.registers());
            prop_assert!(now.iter().zip(&before).all(|(now, before)| now >= before), "{:?} {:?}", now, before);
            before = now;
            // Records, days and rates make up what the register has moved since they began.
            let import = meter.registers().import.mwh();
            if reading.utc_s.is_some() {
                begun[0].get_or_insert(import);
            }
            if local.is_some() {
                begun[1].get_or_insert(import);
            }
            since[0] += outputs.record.map_or(0, |record| record.import_mwh);
            since[1] += outputs.ended.map_or(0, |ended| ended.day.used_mwh);
            if outputs.record.is_some() {
                prop_assert_eq!(kept[0] + since[0], import - begun[0].unwrap());
            }
            let [today, _] = meter.stages.freeze.today(meter.registers());
            prop_assert_eq!(kept[1] + since[1] + today, import - begun[1].unwrap_or(import));
            let rates: u64 = meter.stages.rates.mwh().sum();
            prop_assert_eq!(rates + meter.stages.rates.unassigned_mwh(meter.registers()), import);
            match dice >> 5 {
                0 => {
                    // A checkpoint.
                    stored = (meter.snapshot(), begun);
                    kept = [kept[0] + since[0], kept[1] + since[1]];
                    since = [0; 2];
                }
                1 => {
                    // The power goes: back to the last checkpoint, no lower and no higher.
                    let bytes = stored.0.encode();
                    prop_assert_eq!(Snapshot::decode(&bytes), Ok(stored.0));
                    meter = Meter::restore(Standard::new(900, 15), &stored.0);
                    prop_assert_eq!(meter.snapshot(), stored.0);
                    before = growing(meter.registers());
                    (at_ms, since, begun) = (0, [0; 2], stored.1);
                }
                _ => {}
            }
        }
    }
}

#[test]
fn a_restart_at_any_reading_of_a_day_counts_nothing_twice() {
    // A day of 86 readings a thousand seconds apart; after each of them once the program starts from its checkpoint.
    let settings = Settings::new(
        Config {
            gap_ms: 2_000_000,
            bridge_ms: 2_000_000,
            ..Config::new(COUNTING)
        },
        StandardSettings {
            tariff: Tariff::new(SEASONS, &[], 2).unwrap(),
            limits: Limits::new(230, 50),
            rules: Rules::new(),
            drop: DropLimits::new(),
        },
    );
    let run = |restart_at: u64| {
        let mut meter = Meter::new(Standard::<2>::new(3_600, 15));
        let (mut outputs, mut records, mut days) = (Outputs::new(), 0, 0);
        for number in 0..200_u64 {
            let utc_s = 1_709_164_800 + number as i64 * 1_000;
            let reading = Reading {
                utc_s: Some(utc_s),
                ..counted(number * 1_000_000, 3_600_000, 700 + number * 1_000)
            };
            meter.push(
                &reading,
                LocalTime::from_unix(utc_s, 0),
                &settings,
                &mut outputs,
            );
            records += outputs.record.map_or(0, |record| record.import_mwh);
            days += outputs.ended.map_or(0, |ended| ended.day.used_mwh);
            assert!(!outputs.step.flags.contains(Flags::GLITCH));
            if number == restart_at {
                meter = Meter::restore(Standard::new(3_600, 15), &meter.snapshot());
            }
        }
        let rates: Vec<u64> = meter.stages.rates.mwh().collect();
        (
            *meter.registers(),
            records,
            days,
            rates,
            meter.stages.freeze,
        )
    };
    let (registers, records, days, rates, freeze) = run(u64::MAX);
    assert_eq!(registers.import.mwh(), 199_000_000);
    for restart_at in 0..200 {
        let (r, other_records, other_days, other_rates, other_freeze) = run(restart_at);
        assert_eq!(r.import, registers.import, "{restart_at}");
        assert_eq!(
            (other_records, other_days, &other_rates),
            (records, days, &rates),
            "{restart_at}"
        );
        assert_eq!(
            other_freeze.this_billing(&r),
            freeze.this_billing(&registers)
        );
    }
}
