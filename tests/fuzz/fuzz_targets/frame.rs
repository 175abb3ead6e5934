//! Any bytes as a frame: nothing panics, and what is accepted has a right check value and says what
//! its bytes say.
#![no_main]

use fuzz::crc;
use libfuzzer_sys::fuzz_target;
use pzem::frame::Frame;
use pzem::legacy::LegacyFrame;
use pzem::{DcMeasurement, DcPlausibility, Measurement, Plausibility};

fuzz_target!(|bytes: &[u8]| {
    // Random bytes hardly ever have a right check value: half of the runs get one.
    let mut bytes = bytes.to_vec();
    if bytes.last().is_some_and(|last| last & 1 == 1) {
        bytes.pop();
        bytes.extend(crc(&bytes).to_le_bytes());
    }
    if let Ok(frame) = Frame::parse(&bytes) {
        assert_eq!(crc(&bytes), 0);
        assert_eq!(frame.address(), bytes[0]);
        if let Frame::Registers { registers, .. } = frame {
            assert_eq!(usize::from(bytes[2]), 2 * registers.len());
            for (index, value) in registers.iter().enumerate() {
                assert_eq!(value.to_be_bytes(), bytes[3 + 2 * index..5 + 2 * index]);
            }
            if let Some(measurement) = Measurement::from_registers(registers) {
                let _ = Plausibility::new().check(&measurement);
                let _ = (
                    measurement.apparent_power_mva(),
                    measurement.nonactive_power_mvar(),
                );
                let _ = measurement.to_string();
            }
            if let Some(measurement) = DcMeasurement::from_registers(registers) {
                let _ = DcPlausibility::new().check(&measurement);
                let _ = measurement.to_string();
            }
        }
    }
    if let Some(LegacyFrame::Reply(value)) = LegacyFrame::parse(&bytes) {
        let sum = bytes[..6]
            .iter()
            .fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
        assert_eq!(sum, bytes[6]);
        let _ = value.to_string();
    }
});
