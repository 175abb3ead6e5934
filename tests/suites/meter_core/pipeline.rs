//! Stages joined into a meter.

use meter_core::detect::{DropLimits, Limit, Naive};
use meter_core::meter::{
    Detectors, History, Limits, Meter, Outputs, Quality, Rates, Rules, Settings, Stage, Standard,
    StandardSettings,
};
use meter_core::quality::Supply;
use meter_core::{
    Calibration, Config, CounterReading, Demand, EventCode, Freeze, LocalTime, Phase, Profile,
    Reading, Season, Snapshot, Switch, Tariff,
};
use meter_sim::random::Random;

use super::{COUNTING, counted};

const BEGIN_S: i64 = 1_709_164_800; // 29 February 2024, a Thursday.

const DAY: &[Switch] = &[
    Switch { minute: 0, rate: 0 },
    Switch {
        minute: 420,
        rate: 1,
    },
    Switch {
        minute: 1_320,
        rate: 0,
    },
];
const SEASONS: &[Season<'static>] = &[Season {
    from: (1, 1),
    workday: DAY,
    saturday: DAY,
    sunday: DAY,
}];

fn settings() -> Settings<StandardSettings<'static>> {
    Settings::new(
        Config::new(COUNTING),
        StandardSettings {
            tariff: Tariff::new(SEASONS, &[], 2).unwrap(),
            limits: Limits::new(230, 50),
            rules: Rules {
                overload: Some(Limit::overload(5_000_000)),
                ..Rules::new()
            },
            drop: DropLimits::new(),
        },
    )
}

/// A house that is never the same for two seconds, with a cooker now and then.
fn house(second: u64, random: &mut Random) -> Reading {
    let mv = 229_000 + random.below(2_000);
    let ma = 1_500 + random.below(500) + if second % 7_200 < 1_800 { 22_000 } else { 0 };
    Reading {
        utc_s: Some(BEGIN_S + second as i64),
        voltage_mv: Some(mv as u32),
        current_ma: Some(ma as u32),
        power_factor_milli: Some(980),
        frequency_mhz: Some(49_990 + random.below(20) as u32),
        ..counted(second * 1_000, (mv * ma / 1_000 * 98 / 100) as i32, second)
    }
}

fn local(reading: &Reading) -> Option<LocalTime> {
    LocalTime::from_unix(reading.utc_s?, 3_600)
}

#[test]
fn stages_in_a_tuple_say_what_the_standard_ones_say() {
    let all = settings();
    let StandardSettings {
        tariff,
        limits,
        rules,
        drop,
    } = all.stages;
    let joined = Settings::new(all.energy, (((), (), tariff, ()), (limits, rules, drop)));
    let mut standard = Meter::new(Standard::<2>::new(900, 1));
    let mut tuple = Meter::new((
        (
            Demand::<1>::new(900),
            Profile::new(900),
            Rates::<2>::new(),
            Freeze::new(1),
        ),
        (Quality::new(), Detectors::new(), History::new()),
    ));
    let (mut a, mut b) = (Outputs::new(), Outputs::new());
    let mut random = Random::new(5);
    let mut said = [0; 6];
    for second in 0..90_000 {
        let reading = house(second, &mut random);
        if second % 50 == 49 {
            standard.miss(reading.at_ms, &mut a);
            tuple.miss(reading.at_ms, &mut b);
        } else {
            standard.push(&reading, local(&reading), &all, &mut a);
            tuple.push(&reading, local(&reading), &joined, &mut b);
        }
        assert_eq!(a, b, "{second}");
        let has = [
            a.demand.is_some(),
            a.record.is_some(),
            a.ended.is_some(),
            a.mean_mhz.is_some(),
            a.edge.is_some(),
            !a.events.is_empty(),
        ];
        said.iter_mut()
            .zip(has)
            .for_each(|(count, has)| *count += u32::from(has));
        assert_eq!(a.lost_events, 0);
    }
    assert!(said.iter().all(|count| *count > 0), "{said:?}");
    assert_eq!(standard.registers(), tuple.registers());
    assert_eq!(standard.snapshot(), tuple.snapshot());
    // Each form goes on from what the other one stored.
    let crossed = Meter::restore(Standard::<2>::new(900, 1), &tuple.snapshot());
    assert_eq!(crossed.snapshot(), standard.snapshot());
}

#[test]
fn outputs_are_those_of_one_reading_alone() {
    let settings = settings();
    let mut meter = Meter::new(Standard::<2>::new(900, 1));
    let (mut kept, mut random) = (Outputs::new(), Random::new(6));
    for second in 0..4_000 {
        let mut other = meter;
        let reading = house(second, &mut random);
        meter.push(&reading, local(&reading), &settings, &mut kept);
        let mut fresh = Outputs::new();
        other.push(&reading, local(&reading), &settings, &mut fresh);
        assert_eq!(kept, fresh);
    }
    meter.miss(5_000_000, &mut kept);
    assert_eq!(
        (kept.record, kept.demand, kept.step),
        (None, None, Outputs::new().step)
    );
}

#[test]
fn misses_lose_the_link_and_readings_bring_it_back() {
    let settings = settings();
    let mut meter = Meter::new(Standard::<2>::new(900, 1));
    let (mut outputs, mut random) = (Outputs::new(), Random::new(7));
    let mut events = Vec::new();
    for second in 0..1_200 {
        let reading = house(second, &mut random);
        if (200..260).contains(&second) {
            meter.miss(reading.at_ms, &mut outputs);
        } else {
            meter.push(&reading, local(&reading), &settings, &mut outputs);
        }
        events.extend(
            outputs
                .events
                .iter()
                .filter(|event| event.code == EventCode::LinkLost)
                .map(|event| event.phase),
        );
    }
    assert_eq!(events, [Phase::Occurrence, Phase::Restoration]);
    assert!(meter.stages.detectors.link().success_milli() > 900);
}

#[test]
fn a_second_stage_of_a_kind_does_not_hide_the_first() {
    let settings = Settings::new(Config::new(COUNTING), ((), ()));
    let mut meter = Meter::new((Demand::<1>::new(900), Demand::<3>::new(2_700)));
    let (mut outputs, mut ended) = (Outputs::new(), 0);
    for second in 0..3_700_u64 {
        let reading = Reading {
            utc_s: Some(BEGIN_S + second as i64),
            ..counted(second * 1_000, 0, second)
        };
        meter.push(&reading, None, &settings, &mut outputs);
        ended += u32::from(outputs.demand.is_some());
    }
    // Quarters end at 900, 1800, 2700 and 3600, the first of them unseen; three quarters together at 3600.
    assert_eq!(ended, 3);
    assert_eq!(
        meter.stages.1.max().map(|peak| peak.end_s),
        Some(BEGIN_S + 3_600)
    );
}

#[test]
fn readings_are_corrected_before_anybody_looks() {
    let calibration = Calibration::<0>::gains(0, 0, 100_000);
    let energy = Config::new(super::POWER_ONLY);
    let settings = Settings {
        calibration,
        ..Settings::new(energy, ())
    };
    for (is_calibrated, mwh) in [(false, 1_100), (true, 1_000)] {
        let mut meter = Meter::new(());
        for second in 0..2 {
            let reading = Reading {
                is_calibrated,
                ..super::power(second * 1_000, 3_600_000)
            };
            meter.push(&reading, None, &settings, &mut Outputs::new());
        }
        assert_eq!(meter.registers().import.mwh(), mwh);
    }
    // The counter by its step.
    let source = calibration.source(&COUNTING);
    let settings = Settings {
        calibration,
        ..Settings::new(Config::new(source), ())
    };
    let mut meter = Meter::new(());
    for second in 0..=10 {
        meter.push(
            &counted(second * 1_000, 3_600_000, second),
            None,
            &settings,
            &mut Outputs::new(),
        );
    }
    assert_eq!(meter.registers().import.mwh(), 11_000);
    assert_eq!(meter.registers().integrated.mwh(), 11_000);
}

#[test]
fn a_new_configuration_counts_after_a_restart() {
    let run = |meter: &mut Meter<(Freeze,)>, days: core::ops::Range<u8>| {
        let settings = Settings::new(Config::new(COUNTING), ((),));
        let mut outputs = Outputs::new();
        days.filter_map(|day| {
            let time = LocalTime {
                month: 6,
                day,
                weekday: 0,
                minute: 0,
            };
            meter.push(
                &counted(u64::from(day) * 86_400_000, 0, day.into()),
                Some(time),
                &settings,
                &mut outputs,
            );
            outputs
                .ended?
                .billing
                .map(|billing| (day, billing.used_mwh))
        })
        .collect::<Vec<_>>()
    };
    let mut meter = Meter::new((Freeze::new(5),));
    assert_eq!(run(&mut meter, 1..9), [(5, 4_000)]);
    let mut meter = Meter::restore((Freeze::new(20),), &meter.snapshot());
    assert_eq!(run(&mut meter, 9..25), [(20, 15_000)]);
    // A tariff with fewer rates than before: what was in the others is told.
    let stored = {
        let tariff = Tariff::new(SEASONS, &[], 2).unwrap();
        let settings = Settings::new(Config::new(COUNTING), (tariff,));
        let mut meter = Meter::new((Rates::<2>::new(),));
        for (second, minute) in [(0_u64, 0), (1, 419), (2, 420), (3, 421), (4, 422)] {
            let time = LocalTime {
                month: 6,
                day: 1,
                weekday: 5,
                minute,
            };
            meter.push(
                &counted(second * 1_000, 0, second),
                Some(time),
                &settings,
                &mut Outputs::new(),
            );
        }
        assert_eq!(meter.stages.0.mwh().collect::<Vec<_>>(), [2_000, 2_000]);
        meter.snapshot()
    };
    let meter = Meter::restore((Rates::<1>::new(),), &stored);
    assert_eq!(meter.stages.0.mwh().collect::<Vec<_>>(), [2_000]);
    assert_eq!(meter.stages.0.unassigned_mwh(meter.registers()), 2_000);
}

#[test]
fn supply_counts_what_quality_has_seen() {
    let limits = Limits::new(230, 50);
    let settings = Settings::new(Config::new(COUNTING), (limits, limits));
    let mut meter = Meter::new((Quality::new(), Supply::new()));
    let (mut outputs, mut random) = (Outputs::new(), Random::new(8));
    for second in 0..=3_600 {
        meter.push(&house(second, &mut random), None, &settings, &mut outputs);
    }
    let counts = meter.stages.1.counts();
    assert_eq!((counts.voltages, counts.voltages_within_10), (6, 6));
    assert_eq!(
        (counts.frequencies, counts.frequencies_within_1),
        (360, 360)
    );
}

#[test]
fn every_detector_is_heard() {
    let mut settings = settings();
    settings.stages.rules = Rules {
        overload: Some(Limit::overload(1_000_000)),
        over_current: Some(Limit::over_current(10_000)),
        high_usage: Some(Naive::high_usage(1_000_000)),
        theft: Some(Naive::theft_suspicion(100, false)),
        ..Rules::new()
    };
    let mut meter = Meter::new(Standard::<2>::new(900, 1));
    let (mut outputs, mut random) = (Outputs::new(), Random::new(9));
    let mut codes = Vec::new();
    for second in 0..9_000 {
        let mut reading = house(second, &mut random);
        let counter = |import| Some(CounterReading { import, export: 0 });
        match second {
            // The counter stands still.
            1_000..2_000 => reading.counter = counter(1_000),
            2_000..3_000 => reading.counter = counter(second - 1_000),
            3_000 => reading.counter = counter(90_000_000),
            3_001.. => reading.counter = counter(second - 3_001),
            _ => {}
        }
        match second {
            100..120 => reading.voltage_mv = Some(180_000),
            130..140 => reading.voltage_mv = Some(5_000),
            150..160 => reading.voltage_mv = Some(260_000),
            200..240 => reading.frequency_mhz = Some(46_000),
            400..460 => (reading.power_mw, reading.power_factor_milli) = (Some(0), Some(0)),
            500..510 => reading.power_mw = Some(20_000_000),
            600..700 => {
                (reading.voltage_mv, reading.current_ma, reading.power_mw) =
                    (Some(230_000), Some(1_000), Some(100_000));
            }
            4_000.. => reading.utc_s = reading.utc_s.map(|utc_s| utc_s + 60),
            _ => {}
        }
        if (5_000..7_000).contains(&second) {
            (
                reading.current_ma,
                reading.power_mw,
                reading.power_factor_milli,
            ) = (Some(9_000 + second as u32 % 7), Some(207_000), Some(100));
        }
        if (8_000..8_060).contains(&second) {
            meter.miss(reading.at_ms, &mut outputs);
        } else {
            meter.push(&reading, local(&reading), &settings, &mut outputs);
        }
        assert_eq!(outputs.lost_events, 0);
        codes.extend(
            outputs
                .events
                .iter()
                .filter(|event| event.phase == Phase::Occurrence)
                .map(|event| event.code),
        );
    }
    use EventCode as E;
    for code in [
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
        E::ClockStep,
        E::TheftSuspicion,
        E::HighUsage,
    ] {
        assert!(codes.contains(&code), "{code:?} of {codes:?}");
    }
}

#[test]
fn a_stage_of_ones_own_joins_the_others() {
    /// Counts readings above a kilowatt.
    #[derive(Default)]
    struct Busy(u32);

    impl Stage for Busy {
        type Config<'a> = i32;

        fn push(&mut self, input: &meter_core::meter::Input<'_>, config: &i32, _: &mut Outputs) {
            self.0 += u32::from(input.reading.power_mw > Some(*config));
        }

        fn save(&self, snapshot: &mut Snapshot) {
            snapshot.sequence = self.0;
        }

        fn load(&mut self, snapshot: &Snapshot) {
            self.0 = snapshot.sequence;
        }
    }

    let settings = Settings::new(Config::new(COUNTING), ((), 1_000_000));
    let mut meter = Meter::new((Profile::new(900), Busy::default()));
    for second in 0..10 {
        meter.push(
            &counted(second * 1_000, if second < 4 { 2_000_000 } else { 0 }, 0),
            None,
            &settings,
            &mut Outputs::new(),
        );
    }
    assert_eq!(meter.stages.1.0, 4);
    let meter = Meter::restore((Profile::new(900), Busy::default()), &meter.snapshot());
    assert_eq!(meter.stages.1.0, 4);
}
