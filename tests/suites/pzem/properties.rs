//! What holds for all values and all damage, not only for captured ones.

use metering_tests::script::{Script, with_crc};
use proptest::prelude::*;
use pzem::frame::{Frame, FrameError};
use pzem::legacy::{LegacyFrame, Value};
use pzem::{Address, Alarm, Config, Failure, Measurement, Plausibility, Quantity, blocking};

prop_compose! {
    fn any_measurement()(
        voltage_dv in any::<u16>(),
        current_ma in any::<u32>(),
        power_dw in any::<u32>(),
        energy_wh in any::<u32>(),
        frequency_dhz in any::<u16>(),
        power_factor_percent in any::<u16>(),
        alarm in any::<u16>(),
    ) -> Measurement {
        Measurement {
            voltage_dv, current_ma, power_dw, energy_wh, frequency_dhz, power_factor_percent,
            alarm: Some(Alarm(alarm)),
        }
    }
}

/// The ten registers of PZEM-004T V3.0 datasheet, section 2.4, low words first.
fn reply(m: &Measurement) -> Vec<u8> {
    let mut body = vec![1, 4, 20];
    let double = |value: u32| [(value & 0xFFFF) as u16, (value >> 16) as u16];
    let [i0, i1] = double(m.current_ma);
    let [p0, p1] = double(m.power_dw);
    let [e0, e1] = double(m.energy_wh);
    let alarm = m.alarm.expect("an alarm register").0;
    for register in [
        m.voltage_dv,
        i0,
        i1,
        p0,
        p1,
        e0,
        e1,
        m.frequency_dhz,
        m.power_factor_percent,
        alarm,
    ] {
        body.extend([(register >> 8) as u8, register as u8]);
    }
    with_crc(body)
}

/// Reads from a line that answers with `bytes`, without plausibility.
fn read(bytes: &[u8]) -> Result<Measurement, Failure> {
    let script = Script::new()
        .expect(&[1, 4, 0, 0, 0, 10, 0x70, 0x0D])
        .reply(20, bytes);
    let config = Config::new().with_read_retries(0).with_plausibility(None);
    let mut pzem = blocking::Pzem::with_config(script.port(), script.delay(), config);
    pzem.read(Address::FIRST)
        .map_err(|error| error.failure().expect("no port error"))
}

proptest! {
    #[test]
    fn every_measurement_survives_the_wire(m in any_measurement()) {
        prop_assert_eq!(read(&reply(&m)), Ok(m));
    }

    #[test]
    fn a_flipped_bit_is_never_taken(m in any_measurement(), bit in 0_usize..200) {
        let mut bytes = reply(&m);
        bytes[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(read(&bytes).is_err());
        prop_assert!(Frame::parse(&bytes).is_err());
    }

    #[test]
    fn a_cut_reply_is_never_taken(m in any_measurement(), length in 0_usize..25) {
        let bytes = &reply(&m)[..length];
        prop_assert!(read(bytes).is_err());
        prop_assert!(Frame::parse(bytes).is_err());
    }

    #[test]
    fn noise_before_a_reply_does_not_hide_it(
        m in any_measurement(),
        noise in prop::collection::vec(any::<u8>(), 0..64),
    ) {
        let good = reply(&m);
        let bytes: Vec<u8> = noise.iter().chain(&good).copied().collect();
        let whole = |window: &[u8]| with_crc(window[..window.len() - 2].to_vec()) == window;
        // Noise that happens to be a whole frame of this module may end the exchange first.
        let decoy = (0..noise.len()).any(|start| {
            (4..=25).any(|length| bytes[start..].get(..length).is_some_and(whole))
        });
        prop_assume!(!decoy);
        prop_assert_eq!(read(&bytes), Ok(m));
    }

    #[test]
    fn plausibility_keeps_to_its_formula(
        voltage_dv in 1_u16..=3_500,
        current_ma in 1_u32..=120_000,
        percent in 0_u32..=100,
        off_by in -3_i64..=3,
    ) {
        let fine = u64::from(voltage_dv) * u64::from(current_ma);
        let power_dw = ((fine * u64::from(percent) + 50_000) / 100_000) as u32;
        prop_assume!(power_dw <= 300_000);
        // pf = floor(P · 100000 / (V · I) + 1/2) in register units.
        let exact = (u64::from(power_dw) * 100_000 + fine / 2) / fine;
        let register = exact as i64 + off_by;
        prop_assume!((0..=100).contains(&register));
        let m = Measurement {
            voltage_dv,
            current_ma,
            power_dw,
            energy_wh: 0,
            frequency_dhz: 500,
            power_factor_percent: register as u16,
            alarm: None,
        };
        let taken = Plausibility::new().check(&m).is_ok();
        match off_by.abs() {
            0 | 1 => prop_assert!(taken, "{m}"),
            2 => {}
            _ => prop_assert!(!taken, "{m}"),
        }
        let lenient = Plausibility::new().with_power_factor_identity(false);
        prop_assert!(lenient.check(&m).is_ok());
    }

    #[test]
    fn derived_powers_agree_with_floating_point(m in any_measurement()) {
        let apparent = f64::from(m.voltage_dv) / 10.0 * f64::from(m.current_ma);
        let got = m.apparent_power_mva() as f64;
        prop_assert!((got - apparent).abs() <= 0.5 + apparent * 1e-12, "{got} {apparent}");
        let power = f64::from(m.power_dw) * 100.0;
        let nonactive = (got * got - power * power).max(0.0).sqrt();
        prop_assert!((m.nonactive_power_mvar() as f64 - nonactive).abs() <= 1.0 + nonactive * 1e-6);
    }

    #[test]
    fn legacy_values_survive_and_damage_does_not(
        high in any::<u8>(), low in any::<u8>(), tenths in 0_u8..=9, bit in 0_usize..56,
    ) {
        let body = [0xA0, high, low, tenths, 0, 0];
        let mut bytes = body.to_vec();
        bytes.push(body.iter().fold(0, |sum: u8, byte| sum.wrapping_add(*byte)));
        let volts = u32::from(high) * 256 + u32::from(low);
        let expected = LegacyFrame::Reply(Value::VoltageDv(volts * 10 + u32::from(tenths)));
        prop_assert_eq!(LegacyFrame::parse(&bytes), Some(expected));
        bytes[bit / 8] ^= 1 << (bit % 8);
        prop_assert_eq!(LegacyFrame::parse(&bytes), None);
    }
}

#[test]
fn odd_byte_counts_are_no_registers() {
    // Found by fuzzing: a right check value over a byte count that makes no whole register.
    let bytes = with_crc(vec![1, 4, 3, 2]);
    assert!(matches!(
        Frame::parse(&bytes),
        Err(FrameError::UnknownFunction(4))
    ));
    let short = with_crc(vec![1, 4, 1, 2]);
    assert!(Frame::parse(&short).is_err());
}

#[test]
fn ranges_are_told_by_field() {
    let limits = Plausibility::new();
    let out = |quantity, value| {
        limits
            .check_value(quantity, value)
            .map_err(|i| i.field.name())
    };
    assert_eq!(out(Quantity::Voltage, 3_500), Ok(()));
    assert_eq!(out(Quantity::Voltage, 3_501), Err("voltage"));
    assert_eq!(out(Quantity::Current, 120_001), Err("current"));
    assert_eq!(out(Quantity::Power, 300_001), Err("power"));
    assert_eq!(out(Quantity::Energy, u32::MAX), Ok(()));
    assert_eq!(out(Quantity::Frequency, 0), Ok(()));
    assert_eq!(out(Quantity::Frequency, 349), Err("frequency"));
    assert_eq!(out(Quantity::Frequency, 701), Err("frequency"));
    assert_eq!(out(Quantity::PowerFactor, 101), Err("power_factor"));
}
