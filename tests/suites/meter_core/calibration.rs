//! Corrections: found from comparisons, refused where they would be wrong, and applied once.

use meter_core::calibration::{
    Correction, Fit, FitError, Knot, KnownLoad, KnownLoadError, Model, Pair, Temperature, fit,
};
use meter_core::{Calibration, CounterReading, Reading, ReadingSource};
use meter_sim::random::Random;
use proptest::prelude::*;
use pzem::operation::Family;

fn pairs(values: &[(u32, u32)]) -> Vec<Pair> {
    let pair = |(measured, reference): &(u32, u32)| Pair {
        measured: *measured,
        reference: *reference,
    };
    values.iter().map(pair).collect()
}

/// A meter that shows too little by so many thousandths at each level.
fn off(levels: &[u32], milli: impl Fn(u32) -> f64) -> Vec<Pair> {
    let pair = |level: &u32| Pair {
        measured: *level,
        reference: (f64::from(*level) * (1.0 + milli(*level) / 1e3)).round() as u32,
    };
    levels.iter().map(pair).collect()
}

#[test]
fn a_gain_is_the_mean_of_the_relative_errors() {
    // 1 %, 3 %, 2 %.
    let Fit {
        correction,
        rms_ppm,
        max_ppm,
        leave_one_out_ppm,
    } = fit::<0>(
        &pairs(&[(100_000, 101_000), (200_000, 206_000), (50_000, 51_000)]),
        Model::Gain,
    )
    .unwrap();
    assert_eq!(
        correction,
        Correction {
            gain_ppm: 20_000,
            ..Correction::NONE
        }
    );
    // -1 %, 1 %, 0.
    assert_eq!((rms_ppm, max_ppm), (8_164, 10_000));
    // Each against the mean of the other two: -1.5 %, 1.5 %, 0.
    assert_eq!(leave_one_out_ppm, Some(12_247));
    let single = fit::<0>(&pairs(&[(230_000, 229_540)]), Model::Gain).unwrap();
    assert_eq!(
        (single.correction.gain_ppm, single.leave_one_out_ppm),
        (-2_000, None)
    );
}

#[test]
fn an_offset_is_told_from_a_gain() {
    // x becomes 1.01 x + 30.
    let levels = [1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000];
    let pairs: Vec<Pair> = levels
        .into_iter()
        .map(|measured: u32| Pair {
            measured,
            reference: measured + measured / 100 + 30,
        })
        .collect();
    let found = fit::<0>(&pairs, Model::GainOffset).unwrap();
    assert!(found.correction.gain_ppm.abs_diff(10_000) <= 2, "{found:?}");
    assert_eq!(found.correction.offset, 30);
    // Without the smallest pair the offset may be off by half, which is 500 ppm of it.
    assert!(
        found.max_ppm < 20 && found.leave_one_out_ppm.unwrap() <= 500,
        "{found:?}"
    );
}

#[test]
fn knots_follow_a_curve() {
    // As current transformers have it: too little at small currents.
    let curve = |ma: u32| 12.0 / (1.0 + f64::from(ma) / 1_000.0);
    let levels = [200, 201, 1_000, 1_005, 5_000, 5_010, 20_000, 20_040];
    let found = fit::<4>(&off(&levels, curve), Model::Knots).unwrap();
    for (knot, at) in found
        .correction
        .knots
        .iter()
        .zip([200, 1_002, 5_005, 20_020])
    {
        assert_eq!(knot.at, at);
        assert!(
            f64::from(knot.ppm - (curve(at) * 1e3) as i32).abs() < 1_500.0,
            "{knot:?}"
        );
    }
    // Between them a straight line.
    let middle = found.correction.ppm_at((5_005 + 20_020) / 2);
    let ends = found.correction.knots[2].ppm + found.correction.knots[3].ppm;
    assert!(middle.abs_diff(ends / 2) <= 1);
}

#[test]
fn pairs_that_do_not_support_a_model_are_refused() {
    let five = off(&[10_000, 20_000, 30_000, 40_000, 50_000], |_| 3.0);
    assert_eq!(
        fit::<0>(&[], Model::Gain),
        Err(FitError::TooFew { needed: 1 })
    );
    assert_eq!(
        fit::<0>(&five, Model::GainOffset),
        Err(FitError::TooFew { needed: 6 })
    );
    assert_eq!(
        fit::<4>(&five[..2], Model::Knots),
        Err(FitError::TooFew { needed: 3 })
    );
    assert_eq!(
        fit::<0>(&pairs(&[(5, 5), (0, 5)]), Model::Gain),
        Err(FitError::Zero { index: 1 })
    );
    assert_eq!(
        fit::<0>(&pairs(&[(5, 0)]), Model::Gain),
        Err(FitError::Zero { index: 0 })
    );
    let near = off(&[100, 110, 120, 130, 140, 190], |_| 3.0);
    assert_eq!(fit::<0>(&near, Model::GainOffset), Err(FitError::Spread));
    let wild = pairs(&[(100_000, 130_000); 5]);
    assert_eq!(
        fit::<0>(&wild, Model::Gain),
        Err(FitError::Implausible { gain_ppm: 300_000 })
    );
    // More levels than knots, and levels that go down.
    let six = off(&[100, 200, 300, 400, 500, 600], |level| {
        f64::from(level) / 100.0
    });
    assert_eq!(fit::<4>(&six, Model::Knots), Err(FitError::Levels));
    let reversed: Vec<Pair> = six[..4].iter().rev().copied().collect();
    assert_eq!(fit::<4>(&reversed, Model::Knots), Err(FitError::Levels));
    // Scatter around one gain: an offset would only follow it.
    let mut random = Random::new(3);
    let scatter: Vec<Pair> = (0..8_u32)
        .map(|number| {
            let measured = 20_000 * (1 + number);
            Pair {
                measured,
                reference: measured
                    + measured / 100
                    + random.below(u64::from(measured / 300)) as u32,
            }
        })
        .collect();
    assert!(matches!(
        fit::<0>(&scatter, Model::GainOffset),
        Err(FitError::NotBetter { .. })
    ));
    assert!(fit::<0>(&scatter, Model::Gain).is_ok());
}

#[test]
fn the_pair_that_does_not_agree_is_named_wherever_it_is() {
    for wrong in 0..5 {
        for milli in [-400, -30, -8, 8, 30, 400, 9_000] {
            // Healthy pairs scatter by a tenth of a percent.
            let mut five = off(&[20_000, 50_000, 100_000, 200_000, 230_000], |level| {
                2.0 + f64::from(level % 3) * 0.05
            });
            let pair = &mut five[wrong];
            pair.reference = (i64::from(pair.reference) * (1_000 + milli) / 1_000) as u32;
            match fit::<0>(&five, Model::Gain) {
                Err(FitError::Outlier { index, ppm }) => {
                    assert_eq!(index, wrong, "{milli}");
                    assert!(
                        (ppm / 1_000).abs_diff(milli) <= milli.unsigned_abs() / 100 + 1,
                        "{ppm} of {milli}"
                    );
                }
                other => panic!("pair {wrong} off by {milli}: {other:?}"),
            }
        }
    }
    // Two wrong ones of nine do not cover each other.
    let mut nine = off(
        &[10, 20, 30, 40, 50, 60, 70, 80, 90].map(|at| at * 1_000),
        |_| 2.0,
    );
    nine[3].reference += nine[3].reference / 20;
    nine[7].reference += nine[7].reference / 15;
    assert!(matches!(
        fit::<0>(&nine, Model::Gain),
        Err(FitError::Outlier { index: 7, .. })
    ));
}

#[test]
fn an_outlier_of_a_line_is_named_too() {
    let levels = [1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000];
    for wrong in 0..levels.len() {
        let mut pairs: Vec<Pair> = levels
            .into_iter()
            .map(|measured: u32| Pair {
                measured,
                reference: measured + measured / 100 + 30,
            })
            .collect();
        pairs[wrong].reference += pairs[wrong].reference / 20;
        match fit::<0>(&pairs, Model::GainOffset) {
            Err(FitError::Outlier { index, .. }) => assert_eq!(index, wrong),
            other => panic!("pair {wrong}: {other:?}"),
        }
    }
}

#[test]
fn healthy_modules_have_no_outlier() {
    // 13 PZEM-004T against a bench meter: 0.29 % rms, 1.2 % at worst, one gain each.
    let mut random = Random::new(9);
    for _ in 0..2_000 {
        let gain = random.below(24) as f64 - 12.0;
        let five: Vec<Pair> = [100_000_u32, 150_000, 200_000, 230_000, 250_000]
            .into_iter()
            .map(|measured| {
                let milli = gain + random.below(400) as f64 / 100.0 - 2.0;
                Pair {
                    measured,
                    reference: (f64::from(measured) * (1.0 + milli / 1e3)) as u32,
                }
            })
            .collect();
        assert!(fit::<0>(&five, Model::Gain).is_ok(), "{five:?}");
    }
}

proptest! {
    #[test]
    fn no_pairs_are_too_wild(
        values in prop::collection::vec((any::<u32>(), any::<u32>()), 0..24),
        ascending in any::<bool>(),
    ) {
        let mut pairs = pairs(&values);
        if ascending {
            pairs.sort_by_key(|pair| pair.measured);
        }
        for model in [Model::Gain, Model::GainOffset, Model::Knots] {
            if let Ok(found) = fit::<8>(&pairs, model) {
                prop_assert!(found.correction.gain_ppm.abs() <= 200_000 || model != Model::Gain);
            }
        }
    }

    #[test]
    fn a_found_gain_makes_the_meter_right(gain in -150_000i32..150_000, levels in prop::collection::vec(10_000u32..4_000_000, 1..9)) {
        let pairs: Vec<Pair> = levels
            .iter()
            .map(|measured| {
                let added = i64::from(*measured) * i64::from(gain) / 1_000_000;
                Pair { measured: *measured, reference: (i64::from(*measured) + added) as u32 }
            })
            .collect();
        let found = fit::<0>(&pairs, Model::Gain).unwrap();
        let calibration = Calibration { voltage: found.correction, ..Calibration::NONE };
        for pair in pairs {
            let reading = Reading { voltage_mv: Some(pair.measured), ..Reading::at(0) };
            let right = calibration.apply(&reading).voltage_mv.unwrap();
            // The rounding of the reference, and that of a gain to millionths.
            prop_assert!(right.abs_diff(pair.reference) <= 2 + pair.measured / 9_000, "{} {:?}", right, pair);
        }
    }

    #[test]
    fn a_correction_is_the_nearest_number(value in any::<u32>(), ppm in any::<i32>()) {
        let correction = Calibration::<0>::gains(ppm, 0, 0);
        let reading = Reading { voltage_mv: Some(value), ..Reading::at(0) };
        let corrected = correction.apply(&reading).voltage_mv.unwrap();
        // In 128 bits, half away from the value.
        let product = i128::from(value) * i128::from(ppm.unsigned_abs());
        let by = (product + 500_000) / 1_000_000;
        let exact = i128::from(value) + if ppm < 0 { -by } else { by };
        prop_assert_eq!(i128::from(corrected), exact.clamp(0, u32::MAX.into()));
    }
}

const RAW: Reading = Reading {
    voltage_mv: Some(230_000),
    current_ma: Some(10_000),
    power_mw: Some(2_000_000),
    reactive_mvar: Some(-500_000),
    power_factor_milli: Some(870),
    counter: Some(CounterReading {
        import: 77,
        export: 5,
    }),
    ..Reading::at(5)
};

#[test]
fn each_quantity_has_its_own_gain_and_nothing_is_corrected_twice() {
    let calibration = Calibration::<0>::gains(10_000, -20_000, 30_000);
    let once = calibration.apply(&RAW);
    assert_eq!(once.voltage_mv, Some(232_300));
    assert_eq!(once.current_ma, Some(9_800));
    assert_eq!(once.power_mw, Some(2_060_000));
    assert_eq!(once.reactive_mvar, Some(-515_000));
    // 0.87 times 1.03 / (1.01 * 0.98).
    assert_eq!(once.power_factor_milli, Some(905));
    assert_eq!((once.counter, once.at_ms), (RAW.counter, 5));
    assert!(once.is_calibrated);
    assert_eq!(calibration.apply(&once), once);
    // Of what is not measured nothing is made.
    let bare = calibration.apply(&Reading::at(9));
    assert_eq!(
        bare,
        Reading {
            is_calibrated: true,
            ..Reading::at(9)
        }
    );
    assert_eq!(
        Calibration::<0>::NONE.apply(&RAW),
        Reading {
            is_calibrated: true,
            ..RAW
        }
    );
}

#[test]
fn power_factors_stay_power_by_voltage_and_current() {
    let mut random = Random::new(12);
    for round in 0..4_000 {
        let spread = if round % 2 == 0 { 9_000 } else { 200_000 };
        let mut gain = || random.below(2 * spread) as i32 - spread as i32;
        let (v, i, p) = (gain(), gain(), gain());
        let mut calibration = Calibration::<0>::gains(v, i, p);
        if round % 3 == 0 {
            calibration.current.offset = gain() / 2_000;
            calibration.power.offset = gain() / 100;
        }
        for milli in [-650, 300, 650] {
            let reading = Reading {
                power_mw: Some(2_300 * i32::from(milli)),
                power_factor_milli: Some(milli),
                ..RAW
            };
            let right = calibration.apply(&reading);
            let apparent =
                f64::from(right.voltage_mv.unwrap()) * f64::from(right.current_ma.unwrap()) / 1e3;
            let exact = f64::from(right.power_mw.unwrap()) / apparent * 1e3;
            let said = f64::from(right.power_factor_milli.unwrap());
            let exact = exact.clamp(-1e3, 1e3);
            assert!(
                (said - exact).abs() <= 1.2,
                "{said} {exact}: {calibration:?}"
            );
        }
    }
}

#[test]
fn no_correction_makes_a_power_factor_more_than_one() {
    let calibration = Calibration::<0>::gains(0, 0, 50_000);
    for (before, after) in [(980, 1_000), (-980, -1_000), (1_000, 1_000), (0, 0)] {
        let reading = Reading {
            power_factor_milli: Some(before),
            ..RAW
        };
        assert_eq!(calibration.apply(&reading).power_factor_milli, Some(after));
    }
}

#[test]
fn an_offset_is_added_either_way_and_never_to_nothing() {
    let mut calibration = Calibration::<0>::NONE;
    calibration.power.offset = 700;
    calibration.voltage.offset = -300;
    let power = |mw| {
        calibration
            .apply(&Reading {
                power_mw: Some(mw),
                ..RAW
            })
            .power_mw
    };
    assert_eq!(
        [0, 5_000, -5_000, -500].map(power),
        [Some(0), Some(5_700), Some(-4_300), Some(0)]
    );
    let voltage = |mv| {
        calibration
            .apply(&Reading {
                voltage_mv: Some(mv),
                ..RAW
            })
            .voltage_mv
    };
    assert_eq!(
        [0, 200, 5_000].map(voltage),
        [Some(0), Some(0), Some(4_700)]
    );
    // Reactive power has an offset of its own, if any.
    assert_eq!(calibration.apply(&RAW).reactive_mvar, RAW.reactive_mvar);
}

#[test]
fn knots_are_joined_by_straight_lines_and_go_on_outside() {
    let correction = Correction {
        gain_ppm: 100,
        offset: 0,
        knots: [
            Knot {
                at: 100,
                ppm: 5_000,
            },
            Knot {
                at: 200,
                ppm: -5_000,
            },
            Knot {
                at: 1_000,
                ppm: 3_000,
            },
        ],
    };
    for (value, ppm) in [
        (0, 5_000),
        (100, 5_000),
        (125, 2_500),
        (150, 0),
        (200, -5_000),
        (600, -1_000),
        (1_000, 3_000),
        (u32::MAX, 3_000),
    ] {
        assert_eq!(correction.ppm_at(value), ppm + 100, "{value}");
    }
}

#[test]
fn what_a_temperature_does_is_taken_back() {
    let mut calibration = Calibration::<0>::NONE;
    calibration.voltage_temperature = Temperature {
        ppm_per_k: 100,
        reference_centi_c: 2_500,
    };
    calibration.current_temperature = Temperature {
        ppm_per_k: -50,
        reference_centi_c: 2_500,
    };
    let at = |centi_c| {
        calibration.apply(&Reading {
            temperature_centi_c: centi_c,
            ..RAW
        })
    };
    // 20 K above: 2000 ppm and -1000 ppm, the power by both.
    let warm = at(Some(4_500));
    assert_eq!(
        (warm.voltage_mv, warm.current_ma, warm.power_mw),
        (Some(230_460), Some(9_990), Some(2_002_000))
    );
    assert_eq!(warm.power_factor_milli, RAW.power_factor_milli);
    let cold = at(Some(-1_500));
    assert_eq!(cold.voltage_mv, Some(229_080));
    assert_eq!(at(None).voltage_mv, RAW.voltage_mv);
    assert_eq!(at(Some(2_500)).voltage_mv, RAW.voltage_mv);
}

#[test]
fn the_counter_is_corrected_in_what_a_step_means() {
    let source = Family::Ac.describe();
    let step = |ppm| {
        Calibration::<0>::gains(0, 0, ppm)
            .source(&source)
            .counter_step_uwh
    };
    assert_eq!(
        [0, 12_000, -12_000, 1].map(step),
        [1_000_000, 1_012_000, 988_000, 1_000_001]
    );
}

#[test]
fn the_power_follows_voltage_and_current_where_only_those_were_compared() {
    let gain = |v, i| {
        Calibration::<0>::gains(v, i, 7)
            .with_power_of()
            .power
            .gain_ppm
    };
    assert_eq!(gain(10_000, 20_000), 30_200);
    assert_eq!(gain(-10_000, 10_000), -100);
    assert_eq!(gain(0, 0), 0);
}

#[test]
fn a_bulb_and_a_kettle_calibrate_the_power() {
    // (1.05)^1.55 = 1.07855, (0.92)^2 = 0.8464.
    let bulb = KnownLoad::bulb(100, 230);
    assert!(bulb.power_mw(241_500).unwrap().abs_diff(107_855) <= 20);
    let kettle = KnownLoad::heater(2_000, 230);
    assert!(kettle.power_mw(211_600).unwrap().abs_diff(1_692_800) <= 100);
    // At every voltage within 10 %, against the power function.
    for mv in (207_000..=253_000).step_by(500) {
        for (load, exponent) in [(bulb, 1.55), (kettle, 2.0)] {
            let exact = f64::from(load.rated_mw) * (f64::from(mv) / 230e3).powf(exponent);
            let said = f64::from(load.power_mw(mv).unwrap());
            assert!((said / exact - 1.0).abs() < 2e-4, "{mv}: {said} {exact}");
        }
    }
    assert_eq!(bulb.power_mw(206_999), Err(KnownLoadError::Voltage));
    assert_eq!(bulb.power_mw(253_001), Err(KnownLoadError::Voltage));
    // The meter shows 98 W of 100.
    assert_eq!(
        bulb.calibrate(98_000, 230_000).map(|found| found.gain_ppm),
        Ok(20_408)
    );
    assert_eq!(bulb.calibrate(0, 230_000), Err(KnownLoadError::NoPower));
    assert!(matches!(
        bulb.calibrate(60_000, 230_000),
        Err(KnownLoadError::Implausible { gain_ppm: 666_666 })
    ));
    let nothing = KnownLoad {
        rated_mv: 0,
        ..bulb
    };
    assert_eq!(nothing.power_mw(0), Err(KnownLoadError::Voltage));
}
