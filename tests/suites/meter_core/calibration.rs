//! Corrections of readings: each quantity by its own, and once.

use meter_core::calibration::{Correction, Knot, KnownLoad, KnownLoadError, Temperature};
use meter_core::{Calibration, CounterReading, Reading, ReadingSource};
use meter_sim::random::Random;
use proptest::prelude::*;
use pzem::operation::Family;

proptest! {
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
