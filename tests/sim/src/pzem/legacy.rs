//! PZEM-004 and PZEM-004T v1/v2: seven bytes each way, no Modbus (PZEM-004 manual).

use super::Reply;
use super::load::Load;

/// A v1/v2 module.
#[derive(Clone, Debug)]
pub struct LegacyModule {
    address: Option<[u8; 4]>,
    load: Load,
    energy_wh: u32,
    alarm_kw: u8,
    bytes: Vec<u8>,
    last_ns: u64,
}

impl LegacyModule {
    /// A module as it leaves the factory: silent until it is given an address.
    #[must_use]
    pub fn new() -> Self {
        Self {
            address: None,
            load: Load::NONE,
            energy_wh: 0,
            alarm_kw: 22,
            bytes: Vec::new(),
            last_ns: 0,
        }
    }

    /// That was given this address before.
    #[must_use]
    pub fn with_address(mut self, address: [u8; 4]) -> Self {
        self.address = Some(address);
        self
    }

    /// With this load behind it.
    #[must_use]
    pub fn with_load(mut self, load: Load) -> Self {
        self.load = load;
        self
    }

    /// With this energy counter in Wh.
    #[must_use]
    pub fn with_energy_wh(mut self, energy_wh: u32) -> Self {
        self.energy_wh = energy_wh;
        self
    }

    /// The alarm threshold in kW.
    #[must_use]
    pub fn alarm_kw(&self) -> u8 {
        self.alarm_kw
    }

    pub(crate) fn hear(&mut self, byte: u8, at_ns: u64, byte_ns: u64) -> Option<Reply> {
        if at_ns.saturating_sub(self.last_ns) > 5 * byte_ns {
            self.bytes.clear();
        }
        self.last_ns = at_ns;
        self.bytes.push(byte);
        let request: [u8; 7] = self.bytes.as_slice().try_into().ok()?;
        self.bytes.clear();
        let [command, a, b, c, d, data, sum] = request;
        if sum_of(&[command, a, b, c, d, data]) != sum {
            return None;
        }
        if command == 0xB4 {
            self.address = Some([a, b, c, d]);
        } else if self.address != Some([a, b, c, d]) {
            return None;
        }
        let payload = match command {
            0xB0 => {
                let [high, low] = (self.load.voltage_dv / 10).to_be_bytes();
                [high, low, (self.load.voltage_dv % 10) as u8, 0, 0]
            }
            0xB1 => {
                let [high, low] = ((self.load.current_ma / 1_000) as u16).to_be_bytes();
                [high, low, (self.load.current_ma % 1_000 / 10) as u8, 0, 0]
            }
            0xB2 => {
                let [high, low] = ((self.load.power_dw() / 10) as u16).to_be_bytes();
                [high, low, 0, 0, 0]
            }
            0xB3 => {
                let [_, high, middle, low] = self.energy_wh.to_be_bytes();
                [high, middle, low, 0, 0]
            }
            0xB4 => [0; 5],
            0xB5 => {
                self.alarm_kw = data;
                [0; 5]
            }
            _ => return None,
        };
        let [p, q, r, s, t] = payload;
        let body = [command - 0x10, p, q, r, s, t];
        let mut bytes = body.to_vec();
        bytes.push(sum_of(&body));
        Some(Reply {
            // Field reports: 15 to 20 ms for a single request.
            after_ns: 17_000_000,
            bytes,
        })
    }
}

impl Default for LegacyModule {
    fn default() -> Self {
        Self::new()
    }
}

fn sum_of(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, byte| sum.wrapping_add(*byte))
}
