//! Properties that hold for every value.

use ade7753::register::{Events, Gain, Mode, OffsetCh1, OffsetCh2, Signed, Unsigned, Value};
use ade7753::{CurrentSensor, Factor, FrontEnd, PhaseBudget, Rms, Scale, VoltageSensor, Window};
use proptest::prelude::*;

fn round_trip<V: Value + PartialEq + core::fmt::Debug>(raw: u32) {
    let value = V::from_raw(raw);
    assert_eq!(V::from_raw(value.to_raw()), value);
    assert_eq!(value.to_raw() >> V::BITS, 0);
}

proptest! {
    #[test]
    fn every_value_goes_through_its_register(raw in any::<u32>()) {
        round_trip::<Signed<6>>(raw);
        round_trip::<Signed<12>>(raw);
        round_trip::<Signed<16>>(raw);
        round_trip::<Signed<24>>(raw);
        round_trip::<Unsigned<8>>(raw);
        round_trip::<Unsigned<24>>(raw);
        round_trip::<Mode>(raw);
        round_trip::<Events>(raw);
        round_trip::<Gain>(raw);
        round_trip::<OffsetCh1>(raw);
        round_trip::<OffsetCh2>(raw);
    }

    #[test]
    fn signed_numbers_of_a_width_are_those_of_two_s_complement(value in -2_048i32..2_048) {
        let raw = value.rem_euclid(4_096) as u32;
        prop_assert_eq!(Signed::<12>::new(value).unwrap().to_raw(), raw);
        prop_assert_eq!(Signed::<12>::from_raw(raw).get(), value);
    }

    #[test]
    fn factors_are_right_to_nine_digits(
        numerator in 1u64..=u64::MAX,
        denominator in 1u64..=u64::MAX,
        value in -(1i64 << 40)..(1i64 << 40),
    ) {
        if let Some(factor) = Factor::ratio(numerator, denominator) {
            let right = value as f64 * (numerator as f64 / denominator as f64);
            let got = factor.times(value, 0) as f64;
            if right.abs() < 9e18 {
                prop_assert!((got - right).abs() <= right.abs() * 2e-9 + 0.51, "{got} {right}");
            }
        }
    }

    #[test]
    fn products_of_factors_are_factors(a in 1u64..1 << 40, b in 1u64..1 << 40, c in 1u64..1 << 40) {
        let product = Factor::ratio(a, b).unwrap().scaled(b, c).unwrap();
        let right = a as f64 / c as f64 * 1e6;
        let got = product.times(1_000_000, 0) as f64;
        prop_assert!((got - right).abs() <= right * 4e-9 + 0.51, "{got} {right}");
    }

    #[test]
    fn measuring_never_panics(
        active in -(1i32 << 23)..(1 << 23),
        apparent in 0u32..1 << 24,
        reactive in -(1i32 << 23)..(1 << 23),
        current in 0u32..1 << 24,
        voltage in 0u32..1 << 24,
        period in any::<u16>(),
        half_cycles in any::<u16>(),
        full_scale in (1u32..4_000_000, 1u32..4_000_000),
    ) {
        let window = Window {
            active, apparent, reactive: Some(reactive),
            rms: Some(Rms { current, voltage }), period, half_cycles,
        };
        if let Some(scale) = Scale::nominal(3_579_545, full_scale.0, full_scale.1, 50, false) {
            let m = scale.measure(&window);
            prop_assert!((-1_000..=1_000).contains(&m.power_factor_milli));
        }
    }

    #[test]
    fn power_is_energy_over_time(active in -900_000i32..900_000, half_cycles in 100u16..4_000) {
        let window = Window {
            active, apparent: 0, reactive: None, rms: None, period: 8_949, half_cycles,
        };
        let scale = Scale::nominal(3_579_545, 471_000, 104_000, 50, false).unwrap();
        let m = scale.measure(&window);
        let watts = m.active_uwh as f64 * 3.6e-3 / (f64::from(m.duration_us) / 1e6);
        prop_assert!((watts * 1e3 - f64::from(m.active_mw)).abs() < 1.0 + watts.abs() * 1e-2, "{m:?} {watts}");
    }

    #[test]
    fn phcal_takes_away_what_it_reaches(lead_udeg in -720_000i32..1_760_000, period in 8_000u16..10_000) {
        let budget = PhaseBudget::new(lead_udeg, period);
        let step = 360e6 / f64::from(period);
        let reached = f64::from(13 - budget.phcal.get()) * step;
        let left = f64::from(lead_udeg) - reached;
        prop_assert!((left - f64::from(budget.residual_udeg)).abs() < 2.0, "{budget}");
        if budget.phcal.get().abs() < 31 {
            prop_assert!(left.abs() <= step / 2.0 + 2.0, "{budget}");
        }
    }

    #[test]
    fn front_ends_of_any_parts_do_not_panic(
        ratio in any::<u32>(), burden_mohm in any::<u32>(), turns in any::<u8>(),
        lead_mdeg in any::<i32>(), resistor_ohm in any::<u32>(), burden in any::<u32>(),
    ) {
        let current = CurrentSensor::Transformer { ratio, burden_mohm, turns, lead_mdeg };
        let voltage = VoltageSensor::zmpt101b(resistor_ohm, burden);
        if let Ok(front_end) = FrontEnd::new(current, voltage) {
            let _ = front_end.nominal_calibration();
            let _ = front_end.phase_budget().to_string();
        }
    }
}

#[test]
fn parts_make_the_full_scale_of_the_data_sheets() {
    let with = |current, voltage| FrontEnd::new(current, voltage).unwrap();
    let zmpt = VoltageSensor::zmpt101b(200_000, 150);
    // 0.3536 V rms over 2000 turns and 6.8 ohm; over 22 ohm; twice through the core.
    assert_eq!(
        with(CurrentSensor::sct_013_000(6_800, 1), zmpt).full_scale_ma(),
        103_986
    );
    assert_eq!(
        with(CurrentSensor::sct_013_000(22_000, 1), zmpt).full_scale_ma(),
        32_141
    );
    assert_eq!(
        with(CurrentSensor::sct_013_000(22_000, 2), zmpt).full_scale_ma(),
        16_070
    );
    // 30 A make 1 V, of which 1k/3.2k are left: 0.3125 V.
    let voltage_output = CurrentSensor::sct_013_voltage(30, 313, 1);
    assert_eq!(with(voltage_output, zmpt).full_scale_ma(), 33_886);
    assert_eq!(
        with(CurrentSensor::Shunt { uohm: 1_000 }, zmpt).full_scale_ma(),
        353_553
    );
    assert_eq!(with(voltage_output, zmpt).full_scale_mv(), 471_404);
    let divider = VoltageSensor::Divider {
        upper_ohm: 1_000_000,
        lower_ohm: 1_000,
    };
    assert_eq!(with(voltage_output, divider).full_scale_mv(), 353_906);
    assert!(FrontEnd::new(CurrentSensor::sct_013_000(0, 1), zmpt).is_err());
    assert!(FrontEnd::new(voltage_output, VoltageSensor::zmpt101b(200_000, 0)).is_err());
}

#[test]
fn a_phase_beyond_reach_is_said_with_what_to_do() {
    // 3.75 degrees of an SCT-013, 0.2 of a ZMPT101B: PHCAL corrects 1.77 at 50 Hz.
    let front_end = FrontEnd::new(
        CurrentSensor::sct_013_000(22_000, 1),
        VoltageSensor::zmpt101b(200_000, 150),
    )
    .unwrap();
    let budget = front_end.phase_budget();
    assert_eq!(budget.lead_udeg, 3_550_000);
    assert!(!budget.is_within_reach());
    assert_eq!(budget.phcal.get(), -31);
    assert!(budget.to_string().contains("unequal filters"), "{budget}");
    // 1 kohm with 150 nF and with 33 nF: 2.70 and 0.59 degrees at 50 Hz.
    let slow = ade7753::Filter {
        ohm: 1_000,
        nf: 150,
    };
    let budget = front_end
        .with_filters(slow, ade7753::Filter::USUAL)
        .phase_budget();
    assert!((budget.lead_udeg - 1_445_000).abs() < 10_000, "{budget}");
    assert!(budget.is_within_reach());
}
