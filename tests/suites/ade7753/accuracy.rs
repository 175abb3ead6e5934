//! What a calibrated meter has to reach; README's table comes from the same code.

use metering_tests::accuracy::{CLASS_1, LAG_0_5, LEAD_0_8, Meter, Parts, Verdict, load};

#[test]
fn a_calibrated_meter_is_right_from_one_percent_of_full_scale_on() {
    for seed in 100..106 {
        let mut meter = Meter::new(Parts::Good, seed);
        let calibration = meter.calibrate(10_000);
        let full_scale = meter.full_scale();
        for share in [1.0, 0.1, 0.01] {
            for (lag, limit) in [(0.0, 0.1), (LAG_0_5, 0.15), (LEAD_0_8, 0.15), (180.0, 0.1)] {
                let errors = meter.errors(&calibration, load(full_scale * share, lag, 50.0));
                let what =
                    format!("meter {seed}, {share} of full scale, {lag} degrees: {errors:?}");
                assert!(errors.active.abs() <= limit, "{what}");
                assert!(
                    errors.voltage.abs() <= 0.5 && errors.current.abs() <= 0.5,
                    "{what}"
                );
            }
        }
        for hz in [45.0, 50.0, 55.0, 60.0, 65.0] {
            for lag in [LAG_0_5, 90.0] {
                let errors = meter.errors(&calibration, load(full_scale * 0.1, lag, hz));
                assert!(
                    errors.reactive.abs() <= 0.2,
                    "meter {seed}, {hz} Hz: {errors:?}"
                );
                assert!(
                    errors.voltage.abs() <= 0.5,
                    "meter {seed}, {hz} Hz: {errors:?}"
                );
            }
        }
        for point in &CLASS_1 {
            let errors = meter.errors(
                &calibration,
                load(10.0 * point.currents, point.lag_deg, 50.0),
            );
            assert_eq!(
                point.judge(&errors),
                Verdict::Pass,
                "{}: {errors:?}",
                point.name
            );
        }
    }
}

#[test]
fn starting_current_is_registered_and_no_load_is_not() {
    let mut meter = Meter::new(Parts::Good, 7);
    let calibration = meter.calibrate(10_000);
    let length = ade7753::LineCycles::MAX;
    // 0.004 Ib, IEC 62053-21: 9.2 W.
    let starting = meter.measure(load(0.04, 0.0, 50.0), length, 2);
    let watts = starting.active_uw(&calibration.scale) as f64 / 1e6;
    assert!((watts / 9.2 - 1.0).abs() < 0.05, "{watts} W");
    // Below 0.001 % of full scale the chip stands still.
    let creep = meter.measure(load(0.0, 0.0, 50.0), length, 2);
    assert!(
        creep.active_uw(&calibration.scale).abs() < 500_000,
        "{creep:?}"
    );
}

#[test]
fn an_sct_013_is_honestly_worse() {
    let mut meter = Meter::new(Parts::Sct013, 3);
    let calibration = meter.calibrate(3_000);
    let full_scale = meter.full_scale();
    let worst = [1.0, 0.1, 0.01]
        .map(|share| meter.errors(&calibration, load(full_scale * share, LAG_0_5, 50.0)))
        .into_iter()
        .map(|errors| errors.active.abs())
        .fold(0.0, f64::max);
    assert!(worst > 0.5 && worst < 4.0, "{worst} %");
}
