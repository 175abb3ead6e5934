//! PZEM-003 and PZEM-017.

use super::Reply;
use super::framing::{Receiver, exception, low_first, read, words};

/// A DC module with the registers of the PZEM-003/017 manual, sections 2.4 and 2.5.
#[derive(Clone, Debug)]
pub struct DcModule {
    address: u8,
    voltage_cv: u16,
    /// Current at the 100 A range, in 0.01 A.
    current_ca: u16,
    energy_wh: u32,
    high_cv: u16,
    low_cv: u16,
    range: u16,
    receiver: Receiver,
}

impl DcModule {
    /// A module with `address`, at 48.00 V and no current.
    #[must_use]
    pub fn new(address: u8) -> Self {
        Self {
            address,
            voltage_cv: 4_800,
            current_ca: 0,
            energy_wh: 0,
            high_cv: 30_000,
            low_cv: 700,
            range: 0,
            receiver: Receiver::default(),
        }
    }

    /// With this voltage in 0.01 V and this current in 0.01 A (at the 100 A range).
    #[must_use]
    pub fn with_load(mut self, voltage_cv: u16, current_ca: u16) -> Self {
        self.voltage_cv = voltage_cv;
        self.current_ca = current_ca;
        self
    }

    /// With this energy counter in Wh.
    #[must_use]
    pub fn with_energy_wh(mut self, energy_wh: u32) -> Self {
        self.energy_wh = energy_wh;
        self
    }

    /// The eight input registers.
    #[must_use]
    pub fn registers(&self) -> [u16; 8] {
        // The shunt decides what a reading stands for: 0 = 100 A, 1 = 50 A, 2 = 200 A, 3 = 300 A.
        let current_ca = match self.range {
            1 => self.current_ca / 2,
            2 => self.current_ca.saturating_mul(2),
            3 => self.current_ca.saturating_mul(3),
            _ => self.current_ca,
        };
        let power_dw = u32::from(self.voltage_cv) * u32::from(current_ca) / 1_000;
        let [p0, p1] = low_first(power_dw);
        let [e0, e1] = low_first(self.energy_wh);
        let alarm = |on: bool| if on { 0xFFFF } else { 0x0000 };
        [
            self.voltage_cv,
            current_ca,
            p0,
            p1,
            e0,
            e1,
            alarm(self.voltage_cv > self.high_cv),
            alarm(self.voltage_cv < self.low_cv),
        ]
    }

    pub(crate) fn hear(&mut self, byte: u8, at_ns: u64, byte_ns: u64) -> Option<Reply> {
        let request = self.receiver.push(byte, at_ns, byte_ns)?;
        let (to, function) = match request.as_slice() {
            [to, function, ..] if *to == self.address || *to == 0xF8 => (*to, *function),
            _ => return None,
        };
        Some(Reply {
            after_ns: 30_000_000,
            bytes: self.answer(&request, to, function),
        })
    }

    fn answer(&mut self, request: &[u8], to: u8, function: u8) -> Vec<u8> {
        let (first, second) = words(request);
        match function {
            0x04 => read(to, function, first, second, 0, &self.registers()),
            0x03 => {
                let settings = [
                    self.high_cv,
                    self.low_cv,
                    u16::from(self.address),
                    self.range,
                ];
                read(to, function, first, second, 0, &settings)
            }
            0x06 => {
                match (first, second) {
                    (0, 500..=35_000) => self.high_cv = second,
                    (1, 100..=35_000) => self.low_cv = second,
                    (2, 1..=0xF7) => self.address = second as u8,
                    (3, 0..=3) => self.range = second,
                    (0..=3, _) => return exception(to, function, 3),
                    _ => return exception(to, function, 2),
                }
                request.to_vec()
            }
            0x42 => {
                self.energy_wh = 0;
                request.to_vec()
            }
            _ => exception(to, function, 1),
        }
    }
}
