//! Any bytes as the answers of an ADE7753, and as a stored calibration: nothing panics, registers
//! decode and encode to the bits they came from.
#![no_main]

use ade7753::blocking::Ade7753;
use ade7753::register::{Events, Gain, Mode, OffsetCh1, OffsetCh2, Signed, Unsigned, Value};
use ade7753::{Calibration, Config, CurrentSensor, FrontEnd, LineCycles, VoltageSensor};
use embedded_hal::delay::DelayNs;
use embedded_hal::spi::{ErrorType, Operation, SpiDevice};
use libfuzzer_sys::fuzz_target;

/// Answers with the bytes of the run, one after the other; honest check sums half of the time.
struct Bus<'a> {
    bytes: &'a [u8],
    ones: u32,
    honest: bool,
}

impl ErrorType for Bus<'_> {
    type Error = core::convert::Infallible;
}

impl SpiDevice for Bus<'_> {
    fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), Self::Error> {
        let mut command = 0;
        for operation in operations {
            match operation {
                Operation::Write(bytes) => command = bytes.first().copied().unwrap_or(command),
                Operation::Read(bytes) if command == 0x3E && self.honest => {
                    bytes.fill(self.ones as u8);
                }
                Operation::Read(bytes) => {
                    for byte in bytes.iter_mut() {
                        let (first, rest) = self.bytes.split_first().unwrap_or((&0, &[]));
                        (*byte, self.bytes) = (*first, rest);
                    }
                    self.ones = bytes.iter().map(|byte| byte.count_ones()).sum();
                }
                _ => {}
            }
        }
        Ok(())
    }
}

struct NoDelay;

impl DelayNs for NoDelay {
    fn delay_ns(&mut self, _: u32) {}
}

fn register<V: Value + PartialEq + core::fmt::Debug>(raw: u32) {
    let value = V::from_raw(raw);
    assert_eq!(V::from_raw(value.to_raw()), value);
    assert_eq!(value.to_raw() & !((1 << V::BITS) - 1), 0);
}

fuzz_target!(|bytes: &[u8]| {
    let Some((first, rest)) = bytes.split_first_chunk::<4>() else {
        return;
    };
    let raw = u32::from_be_bytes(*first);
    register::<Signed<24>>(raw);
    register::<Signed<12>>(raw);
    register::<Unsigned<24>>(raw);
    register::<Mode>(raw);
    register::<Events>(raw);
    register::<Gain>(raw);
    register::<OffsetCh1>(raw);
    register::<OffsetCh2>(raw);
    if let Some(stored) = bytes.first_chunk() {
        if let Ok(calibration) = Calibration::from_bytes(stored) {
            assert_eq!(calibration.to_bytes(), *stored);
        }
    }

    let current = CurrentSensor::sct_013_000(22_000, 1);
    let Ok(front_end) = FrontEnd::new(current, VoltageSensor::zmpt101b(200_000, 150)) else {
        return;
    };
    let config = Config::new(&front_end).with_verify(first[0] & 1 == 0);
    let bus = Bus {
        bytes: rest,
        ones: 0,
        honest: first[0] & 2 == 0,
    };
    let mut meter = Ade7753::new(bus, NoDelay, config);
    let _ = meter.init();
    let _ = meter.start_windows(LineCycles::from_ms(u32::from(first[1]), 50));
    let mut now_us = raw;
    for step in 0..20u32 {
        now_us = now_us.wrapping_add(step * u32::from(first[2]) * 97);
        if let Ok(Some(window)) = meter.poll_window(now_us) {
            let _ = meter.config().calibration().scale.measure(&window);
        }
    }
    let _ = meter.take_energy();
    let _ = meter.take_peaks();
    let _ = meter.check_config();
});
