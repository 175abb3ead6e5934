//! The guided procedure, its refusals, and the stored form.

use ade7753::calibration::{Average, CalibrationError, Procedure, Reference, Step, StoreError};
use ade7753::{Calibration, Rms, Window};
use metering_tests::accuracy::{Meter, Parts, load};

fn procedure() -> Procedure {
    Procedure::new(
        super::front_end().nominal_calibration(),
        230_000,
        10_000,
        50,
    )
}

/// A window as a perfect chip with these registers would make it at 230 V, so many amperes and an angle.
fn window(calibration: &Calibration, amperes: f64, lag_deg: f64) -> Average {
    let registers = &calibration.registers;
    let gain = |register: i32| 1.0 + f64::from(register) / 4_096.0;
    let delay_deg = f64::from(registers.phcal.get() - 13) * 360.0 / 8_949.0;
    let lag_deg = lag_deg - delay_deg;
    let (share_v, share_i) = (230.0 / 471.4, amperes / 103.99);
    let additions = 4_000.0 * 8_949.0 / 33_554_432.0;
    let product = 832_366.0 * share_v * share_i;
    let lag = lag_deg.to_radians();
    let mut average = Average::new();
    average.add(&Window {
        active: (product * lag.cos() * additions * gain(registers.wgain.get())) as i32,
        apparent: (705_735.0 * share_v * share_i * additions * gain(registers.vagain.get())) as u32,
        reactive: Some((product * lag.sin() * 0.347 * additions) as i32),
        rms: Some(Rms {
            current: (1_868_467.0 * share_i) as u32,
            voltage: (1_584_221.0 * share_v) as u32,
        }),
        period: 8_949,
        half_cycles: 4_000,
    });
    average
}

fn reference(amperes: f64, lag_deg: f64) -> Reference {
    let (va, lag) = (230.0 * amperes, lag_deg.to_radians());
    Reference {
        voltage_mv: 230_000,
        current_ua: (amperes * 1e6) as u32,
        active_mw: (va * lag.cos() * 1e3) as i64,
        reactive_mvar: (va * lag.sin() * 1e3) as i64,
    }
}

/// Shows a procedure what a chip with its registers makes of a load, beside what it really is.
fn show(
    procedure: &mut Procedure,
    (amperes, lag_deg): (f64, f64),
    reference: Reference,
) -> Result<(), CalibrationError> {
    let average = window(procedure.calibration(), amperes, lag_deg);
    procedure.record(&average, &reference)
}

#[test]
fn any_known_load_will_do_for_the_phase_step() {
    // A reference meter at a motor that leads or lags by what it likes.
    for lag in [35.0, 50.0, 75.0, -40.0] {
        let mut procedure = procedure();
        show(&mut procedure, (10.0, 0.0), reference(10.0, 0.0)).unwrap();
        // The chip's channels are 0.28 degrees apart: current leads.
        show(&mut procedure, (10.0, lag - 0.28), reference(10.0, lag)).unwrap();
        let phase = procedure.phase().unwrap();
        assert!((phase.lead_udeg - 280_000).abs() < 8_000, "{lag}: {phase}");
        assert_eq!(phase.phcal.get(), 13 - 7, "{lag}: {phase}");
    }
}

#[test]
fn a_bulb_alone_sets_the_gain() {
    // 100 W on 230 V by a plug-in meter: only the first step is done.
    let mut procedure = procedure();
    show(&mut procedure, (0.45, 0.0), reference(0.4348, 0.0)).unwrap();
    let calibration = *procedure.calibration();
    let watts = window(&calibration, 0.45, 0.0).active_uw(&calibration.scale) as f64 / 1e6;
    assert!(calibration.registers.wgain.get() < -100);
    assert!((watts - 100.0).abs() < 0.05, "{watts}");
    assert_eq!(calibration.registers.phcal.get(), 13);
}

#[test]
fn readings_that_can_not_be_are_refused_and_the_step_stays() {
    let mut p = procedure();
    assert_eq!(
        p.record(&Average::new(), &reference(10.0, 0.0)),
        Err(CalibrationError::NoReadings)
    );
    assert_eq!(
        show(&mut p, (10.0, 0.0), reference(0.0, 0.0)),
        Err(CalibrationError::NoReference)
    );
    assert_eq!(
        show(&mut p, (10.0, 180.0), reference(10.0, 0.0)),
        Err(CalibrationError::Reversed)
    );
    assert_eq!(
        show(&mut p, (10.0, 0.0), reference(20.0, 0.0)),
        Err(CalibrationError::GainOutOfRange)
    );
    assert_eq!(p.skip(), Err(CalibrationError::NoReadings));
    assert!(matches!(p.step(), Step::Gain(_)));
    show(&mut p, (10.0, 0.0), reference(10.0, 0.0)).unwrap();
    assert_eq!(
        show(&mut p, (10.0, 10.0), reference(10.0, 10.0)),
        Err(CalibrationError::AngleTooSmall)
    );
    let far = show(&mut p, (10.0, 56.0), reference(10.0, 60.0));
    assert!(
        matches!(far, Err(CalibrationError::PhaseOutOfReach { residual_udeg }) if residual_udeg > 2_000_000),
        "{far:?}"
    );
    assert!(matches!(p.step(), Step::Phase(_)));
    show(&mut p, (10.0, 60.0), reference(10.0, 60.0)).unwrap();
    assert_eq!(
        show(&mut p, (9.0, 0.0), reference(9.0, 0.0)),
        Err(CalibrationError::PointsTooClose)
    );
    p.skip().unwrap();
    p.skip().unwrap();
    assert_eq!(p.step(), Step::Done);
    assert_eq!(
        show(&mut p, (10.0, 0.0), reference(10.0, 0.0)),
        Err(CalibrationError::Finished)
    );
}

#[test]
fn a_failed_step_leaves_the_calibration_as_it_was() {
    let mut p = procedure();
    show(&mut p, (10.0, 0.0), reference(10.0, 0.0)).unwrap();
    let before = *p.calibration();
    assert!(show(&mut p, (10.0, 56.0), reference(10.0, 60.0)).is_err());
    assert_eq!(*p.calibration(), before);
}

#[test]
fn points_are_long_enough_for_their_load() {
    let (Step::Gain(gain), scale) = (procedure().step(), super::front_end().scale()) else {
        panic!("the first step is the gain");
    };
    let seconds = f64::from(gain.length.half_cycles()) / 100.0;
    let steps = 2_300.0 * seconds / (scale.energy_uwh(1_000_000) as f64 * 3.6e-9);
    assert!((4_900.0..5_200.0).contains(&steps), "{steps}");
}

#[test]
fn stored_calibrations_come_back_whole_or_not_at_all() {
    let mut meter = Meter::new(Parts::Good, 11);
    let calibration = meter.calibrate(10_000);
    let bytes = calibration.to_bytes();
    assert_eq!(Calibration::from_bytes(&bytes), Ok(calibration));
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut damaged = bytes;
            damaged[at] ^= 1 << bit;
            assert_eq!(Calibration::from_bytes(&damaged), Err(StoreError::Crc));
        }
    }
    assert_eq!(
        Calibration::from_bytes(&[0xFF; Calibration::STORED]),
        Err(StoreError::Crc)
    );
    assert_eq!(
        Calibration::from_bytes(&[0; Calibration::STORED]),
        Err(StoreError::Crc)
    );
}

#[test]
fn the_stored_form_does_not_change() {
    // Version 1: a nominal calibration, byte for byte. Meters in the field hold this.
    let bytes = super::front_end().nominal_calibration().to_bytes();
    assert_eq!(
        bytes[..16],
        [1, 0, 0, 0, 0, 0, 13, 0, 0, 0, 0, 0, 0, 0, 0x99, 0x9E]
    );
    assert_eq!(bytes[16..20], [0x36, 0x00, 0xF5, 0x22]);
}

#[test]
fn a_stored_calibration_makes_the_same_meter_after_a_power_cut() {
    let mut meter = Meter::new(Parts::Good, 12);
    let stored = meter.calibrate(10_000).to_bytes();
    let restored = Calibration::from_bytes(&stored).unwrap();
    let before = meter.errors(&restored, load(5.0, 0.0, 50.0));
    meter.driver().init().unwrap();
    let after = meter.errors(&restored, load(5.0, 0.0, 50.0));
    assert!(
        (before.active - after.active).abs() < 0.02,
        "{before:?} {after:?}"
    );
}
