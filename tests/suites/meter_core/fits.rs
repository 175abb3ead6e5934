//! Corrections from comparisons: found, and refused where they would be wrong.

use meter_core::calibration::{Correction, Fit, FitError, Model, Pair, fit};
use meter_core::{Calibration, Reading};
use meter_sim::random::Random;
use proptest::prelude::*;

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
}
