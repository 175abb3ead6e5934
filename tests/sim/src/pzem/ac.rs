//! PZEM-004T v3/v4, PZEM-014, PZEM-016.

use super::Reply;
use super::framing::{Receiver, exception, low_first, read, sealed, words};
use super::load::{Household, Load};

/// Thinking time from the end of a request to the first byte of the reply; field logs show 25 to
/// 35 ms.
const TURNAROUND_NS: u64 = 30_000_000;

/// An AC module with the registers of the PZEM-004T V3.0 datasheet, section 2.4.
#[derive(Clone, Debug)]
pub struct AcModule {
    address: u8,
    load: Load,
    /// What stands in for the load for a while.
    held: Option<Load>,
    household: Option<Household>,
    energy_wh: u32,
    /// Energy below 1 Wh, in 0.1 W times nanoseconds.
    rest: u128,
    counted_ns: u64,
    threshold_w: u16,
    pub(crate) powered: bool,
    off_until_ns: u64,
    turnaround_ns: u64,
    pub(crate) push_pull: bool,
    obeys_broadcast: bool,
    power_up_garbage: bool,
    garbage_pending: bool,
    registers: Option<[u16; 10]>,
    refresh_ns: u64,
    shown: Option<(u64, Load)>,
    receiver: Receiver,
}

impl AcModule {
    /// A module with `address` and no load.
    #[must_use]
    pub fn new(address: u8) -> Self {
        Self {
            address,
            load: Load::NONE,
            held: None,
            household: None,
            energy_wh: 0,
            rest: 0,
            counted_ns: 0,
            threshold_w: 23_000,
            powered: true,
            off_until_ns: 0,
            turnaround_ns: TURNAROUND_NS,
            push_pull: false,
            obeys_broadcast: false,
            power_up_garbage: false,
            garbage_pending: false,
            registers: None,
            refresh_ns: 0,
            shown: None,
            receiver: Receiver::default(),
        }
    }

    /// With this load behind it.
    #[must_use]
    pub fn with_load(mut self, load: Load) -> Self {
        self.load = load;
        self
    }

    /// With a load that changes as in a household, drawn from `seed`.
    #[must_use]
    pub fn with_household(mut self, seed: u64) -> Self {
        self.household = Some(Household::new(seed));
        self
    }

    /// With this energy counter in Wh.
    #[must_use]
    pub fn with_energy_wh(mut self, energy_wh: u32) -> Self {
        self.energy_wh = energy_wh;
        self
    }

    /// With this time from the end of a request to the start of the reply.
    #[must_use]
    pub fn with_turnaround_us(mut self, us: u64) -> Self {
        self.turnaround_ns = us * 1_000;
        self
    }

    /// With a transmitter that drives the line high while idle, as units sold as V4 have: on a
    /// shared line the others are not heard.
    #[must_use]
    pub fn with_push_pull(mut self, push_pull: bool) -> Self {
        self.push_pull = push_pull;
        self
    }

    /// Whether requests to address 0 are carried out; what real modules do is not known.
    #[must_use]
    pub fn with_broadcast_obeyed(mut self, obeyed: bool) -> Self {
        self.obeys_broadcast = obeyed;
        self
    }

    /// Whether the first reply after power-up is nonsense with a right CRC (Tasmota issue 5875).
    #[must_use]
    pub fn with_power_up_garbage(mut self, garbage: bool) -> Self {
        self.power_up_garbage = garbage;
        self.garbage_pending = garbage;
        self
    }

    /// Voltage, current, power and power factor change only every so often; about 1250 ms on real
    /// modules, 0 (at once) by default.
    #[must_use]
    pub fn with_refresh_ms(mut self, ms: u64) -> Self {
        self.refresh_ns = ms * 1_000_000;
        self
    }

    /// Answers with exactly these input registers from now on.
    pub fn set_registers(&mut self, registers: [u16; 10]) {
        self.registers = Some(registers);
    }

    /// Changes the load; what was used so far stays counted.
    pub fn set_load(&mut self, load: Load) {
        self.load = load;
    }

    /// Puts another load in the place of its own one, or of what its household does; `None` ends that. What was used so
    /// far stays counted.
    pub fn hold_load(&mut self, load: Option<Load>) {
        self.held = load;
    }

    /// Sets the energy counter in Wh.
    pub fn set_energy_wh(&mut self, energy_wh: u32) {
        self.energy_wh = energy_wh;
    }

    /// Switches the module's supply.
    pub fn set_powered(&mut self, powered: bool) {
        if powered && !self.powered {
            self.garbage_pending = self.power_up_garbage;
        }
        self.powered = powered;
    }

    /// The address it listens to.
    #[must_use]
    pub fn address(&self) -> u8 {
        self.address
    }

    /// The alarm threshold in W.
    #[must_use]
    pub fn threshold_w(&self) -> u16 {
        self.threshold_w
    }

    /// The energy counter in Wh.
    #[must_use]
    pub fn energy_wh(&self) -> u32 {
        self.energy_wh
    }

    /// The ten input registers as they would be read at `now_us`.
    #[must_use]
    pub fn registers(&mut self, now_us: u64) -> [u16; 10] {
        self.registers_at(now_us * 1_000)
    }

    pub(crate) fn lose_power_until(&mut self, until_ns: u64) {
        self.off_until_ns = until_ns;
        self.garbage_pending = self.power_up_garbage;
    }

    fn registers_at(&mut self, now_ns: u64) -> [u16; 10] {
        self.count_energy(now_ns);
        if let Some(registers) = self.registers {
            return registers;
        }
        let load = match self.shown {
            Some((since, load)) if now_ns < since + self.refresh_ns => load,
            _ => {
                let load = self.held.unwrap_or(self.load);
                self.shown = Some((now_ns, load));
                load
            }
        };
        let power_dw = load.power_dw();
        let [i0, i1] = low_first(load.current_ma);
        let [p0, p1] = low_first(power_dw);
        let [e0, e1] = low_first(self.energy_wh);
        let alarm = match power_dw / 10 > u32::from(self.threshold_w) {
            true => 0xFFFF,
            false => 0x0000,
        };
        [
            load.voltage_dv,
            i0,
            i1,
            p0,
            p1,
            e0,
            e1,
            load.frequency_dhz,
            load.power_factor_register(),
            alarm,
        ]
    }

    fn count_energy(&mut self, now_ns: u64) {
        /// One Wh in 0.1 W times nanoseconds.
        const WH: u128 = 10 * 3_600 * 1_000_000_000;
        let elapsed = now_ns.saturating_sub(self.counted_ns);
        self.counted_ns = now_ns;
        self.rest += u128::from(self.held.unwrap_or(self.load).power_dw()) * u128::from(elapsed);
        self.energy_wh = self.energy_wh.wrapping_add((self.rest / WH) as u32);
        self.rest %= WH;
        if let Some(household) = &mut self.household {
            self.load = household.at(now_ns);
        }
    }

    pub(crate) fn hear(&mut self, byte: u8, at_ns: u64, byte_ns: u64) -> Option<Reply> {
        let request = self.receiver.push(byte, at_ns, byte_ns)?;
        if !self.powered || at_ns < self.off_until_ns {
            return None;
        }
        let (to, function) = match request.as_slice() {
            [to, function, ..] => (*to, *function),
            _ => return None,
        };
        if to == 0x00 {
            if self.obeys_broadcast {
                self.answer(&request, to, function, at_ns);
            }
            return None;
        }
        if to != self.address && to != 0xF8 {
            return None;
        }
        let mut after_ns = self.turnaround_ns;
        if function == 0x41 {
            // Calibration takes 3 to 4 s.
            after_ns = 3_500_000_000;
        }
        let bytes = self.answer(&request, to, function, at_ns);
        Some(Reply { after_ns, bytes })
    }

    /// Carries out a request; the reply carries the address that was asked.
    fn answer(&mut self, request: &[u8], to: u8, function: u8, at_ns: u64) -> Vec<u8> {
        let (first, second) = words(request);
        match function {
            0x04 if core::mem::take(&mut self.garbage_pending) => power_up_garbage(to, second),
            0x04 => {
                let registers = self.registers_at(at_ns);
                read(to, function, first, second, 0, &registers)
            }
            0x03 => {
                let settings = [self.threshold_w, u16::from(self.address)];
                read(to, function, first, second, 1, &settings)
            }
            0x06 => match (first, second) {
                (1, watts) => {
                    self.threshold_w = watts;
                    request.to_vec()
                }
                (2, 1..=0xF7) => {
                    self.address = second as u8;
                    request.to_vec()
                }
                (2, _) => exception(to, function, 3),
                _ => exception(to, function, 2),
            },
            0x42 => {
                self.count_energy(at_ns);
                self.energy_wh = 0;
                self.rest = 0;
                request.to_vec()
            }
            0x41 if to == 0xF8 && first == 0x3721 => request.to_vec(),
            0x41 => exception(to, function, 3),
            _ => exception(to, function, 1),
        }
    }
}

/// The values logged in Tasmota issue 5875: 4281 V, 1450291.875 A, 133468016 W, 2194 Hz, 105.49.
fn power_up_garbage(to: u8, count: u16) -> Vec<u8> {
    let [i0, i1] = low_first(1_450_291_875);
    let [p0, p1] = low_first(1_334_680_160);
    let registers = [42_810, i0, i1, p0, p1, 0, 0, 21_940, 10_549, 0];
    let wanted = registers.get(..usize::from(count)).unwrap_or_default();
    let mut body = vec![to, 0x04, wanted.len() as u8 * 2];
    body.extend(wanted.iter().flat_map(|register| register.to_be_bytes()));
    sealed(body)
}
