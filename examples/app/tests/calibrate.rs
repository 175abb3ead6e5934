//! Guided calibration with a known load.

use meter_core::calibration::KnownLoadError;
use smart_meter::calibrate::{Calibrator, Load, Proposal, Refusal};
use smart_meter::live::Channel;
use smart_meter::record::Values;

/// A meter that was read every five seconds.
fn after(readings: &[(i32, u32)]) -> Calibrator {
    let mut calibrator = Calibrator::new();
    let mut channel = Channel::default();
    calibrator.look(&channel, 5_000, 99_000);
    for (n, (power_mw, voltage_mv)) in (0..).zip(readings) {
        let values = Values {
            power_mw: Some(*power_mw),
            voltage_mv: Some(*voltage_mv),
            ..Values::default()
        };
        channel.last = Some((values, 100_000 + n * 5_000));
        // Looking twice at a reading makes no two of it.
        calibrator.look(&channel, 5_000, 100_500 + n * 5_000);
        calibrator.look(&channel, 5_000, 103_000 + n * 5_000);
    }
    calibrator
}

#[test]
fn a_bulb_of_100_w_at_its_voltage() {
    let calibrator = after(&[(90_000, 230_000); 5]);
    let proposal = calibrator.propose(Load::Bulb(100_000, 230_000), [0; 3]);
    // 100 W / 90 W is 1.1111.
    assert_eq!(
        proposal,
        Ok(Proposal {
            measured_mw: 90_000,
            voltage_mv: 230_000,
            expected_mw: 100_000,
            tolerance_ppm: 50_000,
            change_ppm: 111_111,
            gains_ppm: [0, 111_111, 111_111],
        })
    );
}

#[test]
fn a_heater_takes_less_at_less_voltage() {
    // 1500 W at 230 V are 1500 * (220 / 230)^2 = 1372.4 W at 220 V.
    let calibrator = after(&[(1_200_000, 220_000); 5]);
    let proposal = calibrator
        .propose(Load::Heater(1_500_000, 230_000), [0; 3])
        .expect("steady");
    let expected = 1_500_000.0 * (220.0_f64 / 230.0).powi(2);
    assert!(
        (f64::from(proposal.expected_mw) - expected).abs() < 200.0,
        "{proposal:?}"
    );
    let change = 1e6 * (expected / 1_200_000.0 - 1.0);
    assert!(
        (f64::from(proposal.change_ppm) - change).abs() < 200.0,
        "{proposal:?}"
    );
}

#[test]
fn a_reference_meter_is_believed_whatever_the_voltage_is() {
    let calibrator = after(&[(97_000, 198_500); 5]);
    let proposal = calibrator
        .propose(Load::Reference(100_000), [0; 3])
        .expect("steady");
    assert_eq!(
        (proposal.expected_mw, proposal.change_ppm),
        (100_000, 30_927)
    );
}

#[test]
fn a_calibration_in_force_is_taken_along() {
    // The readings are right within the calibration in force of +2 %; another 5 % on top are 7.1 %.
    let calibrator = after(&[(100_000, 230_000); 5]);
    let proposal = calibrator
        .propose(Load::Reference(105_000), [1_000, 20_000, 20_000])
        .expect("steady");
    assert_eq!(proposal.gains_ppm, [1_000, 71_000, 71_000]);
    assert_eq!(
        calibrator.propose(Load::Reference(110_000), [0, 100_000, 100_000]),
        Err(Refusal::Limit)
    );
}

#[test]
fn what_the_load_can_not_tell_is_not_set() {
    let calibrator = after(&[(97_000, 230_000); 5]);
    assert_eq!(
        calibrator.propose(Load::Bulb(100_000, 230_000), [0; 3]),
        Err(Refusal::Agrees {
            change_ppm: 30_927,
            tolerance_ppm: 50_000
        })
    );
    let text = calibrator
        .propose(Load::Bulb(100_000, 230_000), [0; 3])
        .expect_err("agrees")
        .to_string();
    assert_eq!(
        text,
        "meter and load differ by 3.1 %, and such a load is known to 5.0 %: \
         the meter is right as far as that tells"
    );
}

#[test]
fn nothing_is_made_of_readings_that_do_not_fit() {
    let bulb = Load::Bulb(100_000, 230_000);
    let propose = |readings: &[(i32, u32)], load| after(readings).propose(load, [0; 3]);
    assert_eq!(propose(&[], bulb), Err(Refusal::Readings(0)));
    assert_eq!(
        propose(&[(90_000, 230_000); 4], bulb),
        Err(Refusal::Readings(4))
    );
    let mut readings = [(90_000, 230_000); 5];
    readings[2].0 = 92_000;
    // 2 W of 90.4 W.
    assert_eq!(propose(&readings, bulb), Err(Refusal::Unsteady(22_123)));
    // Only the last five count.
    let mut readings = vec![(50_000, 230_000), (10, 0)];
    readings.extend([(90_000, 230_000); 5]);
    assert!(propose(&readings, bulb).is_ok());
    assert_eq!(
        propose(&[(-90_000, 230_000); 5], bulb),
        Err(Refusal::Backwards)
    );
    assert_eq!(
        propose(&[(0, 230_000); 5], bulb),
        Err(Refusal::Load(KnownLoadError::NoPower))
    );
    assert_eq!(
        propose(&[(90_000, 200_000); 5], bulb),
        Err(Refusal::Load(KnownLoadError::Voltage))
    );
    // Another load than said: no bulb of 100 W takes 60 W.
    assert_eq!(
        propose(&[(60_000, 230_000); 5], bulb),
        Err(Refusal::Load(KnownLoadError::Implausible {
            gain_ppm: 666_666
        }))
    );
    assert_eq!(
        propose(&[(90_000, 230_000); 5], Load::Reference(0)),
        Err(Refusal::Load(KnownLoadError::Implausible {
            gain_ppm: -1_000_000
        }))
    );
    assert_eq!(
        propose(&[(90_000, 0); 5], Load::Reference(100_000)),
        Err(Refusal::Load(KnownLoadError::Voltage))
    );
}

#[test]
fn a_gap_or_a_failure_begins_anew() {
    let bulb = Load::Bulb(100_000, 230_000);
    let mut calibrator = after(&[(90_000, 230_000); 5]);
    let values = Values {
        power_mw: Some(90_000),
        voltage_mv: Some(230_000),
        ..Values::default()
    };
    // The last was at 120 s.
    let mut channel = Channel {
        last: Some((values, 135_001)),
        ..Channel::default()
    };
    calibrator.look(&channel, 5_000, 135_002);
    assert_eq!(calibrator.propose(bulb, [0; 3]), Err(Refusal::Readings(1)));
    channel.error = Some("no reply".try_into().expect("fits"));
    calibrator.look(&channel, 5_000, 137_000);
    assert_eq!(calibrator.propose(bulb, [0; 3]), Err(Refusal::Readings(0)));

    // A meter that was read well and is silent since.
    let mut calibrator = after(&[(90_000, 230_000); 5]);
    let channel = Channel {
        last: Some((values, 120_000)),
        ..Channel::default()
    };
    calibrator.look(&channel, 5_000, 135_001);
    assert_eq!(calibrator.propose(bulb, [0; 3]), Err(Refusal::Readings(0)));

    // What was read with another calibration does not come back.
    let mut calibrator = after(&[(90_000, 230_000); 5]);
    calibrator.clear();
    let mut channel = Channel {
        last: Some((values, 120_000)),
        ..Channel::default()
    };
    calibrator.look(&channel, 5_000, 124_000);
    assert_eq!(calibrator.propose(bulb, [0; 3]), Err(Refusal::Readings(0)));
    channel.last = Some((values, 125_000));
    calibrator.look(&channel, 5_000, 125_000);
    assert_eq!(calibrator.propose(bulb, [0; 3]), Err(Refusal::Readings(1)));
}

#[test]
fn the_largest_numbers_do_not_overflow() {
    for mw in [i32::MAX, i32::MIN] {
        for mv in [0, u32::MAX] {
            let calibrator = after(&[(mw, mv); 5]);
            for load in [
                Load::Bulb(u32::MAX, u32::MAX),
                Load::Heater(u32::MAX, 1),
                Load::Bulb(0, 0),
                Load::Reference(u32::MAX),
            ] {
                let _ = calibrator.propose(load, [i32::MAX, i32::MIN, i32::MAX]);
            }
        }
    }
}
