//! The digital side of the chip: registers, accumulators, line cycles, events.

use std::collections::VecDeque;

use super::flags::{event, mode};
use super::input::{Imperfections, Inputs};
use super::map::{self, signed};
use super::path::Path;
use crate::random::Random;

/// Codes of one addition of the accumulators make 1/2^25 of a step of the energy registers.
const STEP: f64 = 33_554_432.0;
/// Half cycles over which PERIOD is a mean, 16 periods.
const PERIOD_HALF_CYCLES: usize = 32;
/// 0.001 % of full scale: below, nothing is accumulated (page 33).
const NO_LOAD: f64 = 8.388_61;

/// Power codes that hold for a while.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Codes {
    pub(crate) active: f64,
    pub(crate) apparent: f64,
    pub(crate) reactive: f64,
}

#[derive(Clone, Debug)]
pub(crate) struct Chip {
    registers: [u32; 64],
    pub(crate) clkin_hz: f64,
    pub(crate) imperfections: Imperfections,
    pub(crate) inputs: Inputs,
    pub(crate) random: Random,
    pub(crate) celsius: f64,
    /// Sums of codes since their last clearing.
    active: f64,
    apparent: f64,
    line: Codes,
    /// Half cycles until the end of the window.
    remaining: u32,
    crossings: VecDeque<f64>,
    last_crossing: f64,
    timed_out: bool,
    sag_half_cycles: u32,
    positive: bool,
    pub(crate) pulses: f64,
    /// Level of the ZX pin.
    pub(crate) half_wave: bool,
}

impl Chip {
    pub(crate) fn new(clkin_hz: f64, imperfections: Imperfections, seed: u64) -> Self {
        let mut chip = Self {
            registers: [0; 64],
            clkin_hz: clkin_hz * (1.0 + imperfections.crystal_ppm * 1e-6),
            imperfections,
            inputs: Inputs::NONE,
            random: Random::new(seed),
            celsius: 25.0,
            active: 0.0,
            apparent: 0.0,
            line: Codes::default(),
            remaining: 0,
            crossings: VecDeque::new(),
            last_crossing: 0.0,
            timed_out: false,
            sag_half_cycles: 0,
            positive: true,
            pulses: 0.0,
            half_wave: false,
        };
        chip.reset(0.0);
        chip
    }

    pub(crate) fn reset(&mut self, now: f64) {
        for entry in map::all() {
            self.set(entry.address, entry.reset);
        }
        self.active = 0.0;
        self.apparent = 0.0;
        self.line = Codes::default();
        self.remaining = 0;
        self.crossings.clear();
        self.last_crossing = now;
        self.raise(event::RESET);
    }

    pub(crate) fn get(&self, address: u8) -> u32 {
        self.registers
            .get(usize::from(address))
            .copied()
            .unwrap_or_default()
    }

    pub(crate) fn set(&mut self, address: u8, raw: u32) {
        if let Some(slot) = self.registers.get_mut(usize::from(address)) {
            *slot = raw;
        }
    }

    /// Contents of a signed register.
    pub(crate) fn number(&self, address: u8) -> f64 {
        map::at(address).map_or(0.0, |entry| signed(self.get(address), entry.bits))
    }

    pub(crate) fn is_on(&self, mode: u32) -> bool {
        self.get(map::MODE) & mode != 0
    }

    pub(crate) fn raise(&mut self, events: u32) {
        self.set(map::STATUS, self.get(map::STATUS) | events);
    }

    /// Whether the IRQ pin is pulled low.
    pub(crate) fn irq(&self) -> bool {
        self.get(map::STATUS) & self.get(map::IRQEN) & !event::RESET != 0
    }

    /// What a write does.
    pub(crate) fn write(&mut self, address: u8, raw: u32, now: f64) {
        let Some(entry) = map::at(address).filter(|entry| entry.writable) else {
            return;
        };
        let before = self.get(address);
        self.set(address, raw & entry.mask());
        if address != map::MODE {
            return;
        }
        if raw & mode::SWRST != 0 {
            self.reset(now);
        } else if raw & !before & mode::CYCMODE != 0 {
            // The counter of the window before goes on: the first one has a length of its own.
            self.remaining = self.get(map::LINECYC) / 2 + 1;
            self.line = Codes::default();
        }
    }

    /// What a read finds, and does.
    pub(crate) fn read(&mut self, address: u8, path: &dyn Path) -> u32 {
        match address {
            map::AENERGY => steps(self.active),
            map::VAENERGY => steps(self.apparent),
            map::RAENERGY => {
                let raw = steps(self.active);
                // The fraction below the register's last bit is kept (page 30).
                self.active = self.active.rem_euclid(STEP);
                raw
            }
            map::RVAENERGY => {
                let raw = steps(self.apparent);
                self.apparent = self.apparent.rem_euclid(STEP);
                raw
            }
            map::IRMS => path.irms(self).clamp(0.0, 16_777_215.0) as u32,
            map::VRMS => path.vrms(self).clamp(0.0, 16_777_215.0) as u32,
            map::RSTSTATUS => self.take(map::STATUS),
            map::RSTIPEAK => self.take(map::IPEAK),
            map::RSTVPEAK => self.take(map::VPEAK),
            _ => self.get(address),
        }
    }

    fn take(&mut self, address: u8) -> u32 {
        let raw = self.get(address);
        self.set(address, 0);
        raw
    }

    /// Adds power codes over a time, one addition in 4/CLKIN.
    pub(crate) fn accumulate(&mut self, codes: Codes, seconds: f64) {
        let additions = seconds * self.clkin_hz / 4.0;
        let mut active = codes.active;
        if active.abs() < NO_LOAD || (self.is_on(mode::POAM) && active < 0.0) {
            active = 0.0;
        }
        if self.is_on(mode::ASUSPEND) {
            return;
        }
        if (codes.active > 0.0) != self.positive && codes.active.abs() >= NO_LOAD {
            self.positive = codes.active > 0.0;
            self.raise(if self.positive {
                event::PPOS
            } else {
                event::PNEG
            });
        }
        let steps = active * additions / divider(self.get(map::WDIV));
        let before = (self.active / STEP).floor();
        self.active += steps;
        let after = (self.active / STEP).floor();
        if before.abs() < 4_194_304.0 && after.abs() >= 4_194_304.0 {
            self.raise(event::AEHF);
        }
        if !(-8_388_608.0..8_388_608.0).contains(&after) {
            self.raise(event::AEOF);
            self.active -= 16_777_216.0 * STEP * after.signum();
        }
        let apparent = codes.apparent * additions / divider(self.get(map::VADIV));
        let before = self.apparent / STEP;
        self.apparent += apparent;
        let after = self.apparent / STEP;
        if before < 8_388_608.0 && after >= 8_388_608.0 {
            self.raise(event::VAEHF);
        }
        if after >= 16_777_216.0 {
            self.raise(event::VAEOF);
            self.apparent -= 16_777_216.0 * STEP;
        }
        self.line.active += steps;
        self.line.apparent += apparent;
        self.line.reactive += codes.reactive * additions;
        if !self.is_on(mode::DISCF) {
            let ratio = f64::from(self.get(map::CFNUM) + 1) / f64::from(self.get(map::CFDEN) + 1);
            self.pulses += active.abs() * additions / STEP * ratio.min(1.0);
        }
    }

    /// The voltage crosses zero.
    pub(crate) fn zero_crossing(&mut self, now: f64) {
        self.raise(event::ZX);
        self.half_wave = !self.half_wave;
        self.last_crossing = now;
        self.timed_out = false;
        self.crossings.push_back(now);
        if self.crossings.len() > PERIOD_HALF_CYCLES + 1 {
            self.crossings.pop_front();
        }
        if let (Some(first), Some(last)) = (self.crossings.front(), self.crossings.back()) {
            let half_cycles = (self.crossings.len() - 1) as f64;
            if half_cycles > 0.0 {
                let period = 2.0 * (last - first) / half_cycles;
                let raw = period * self.clkin_hz / 8.0;
                self.set(map::PERIOD, (raw + 0.5).clamp(0.0, 32_767.0) as u32);
            }
        }
        if self.is_on(mode::TEMPSEL) {
            let code = ((self.celsius + 25.0) * 1.5).round().clamp(-128.0, 127.0) as i8;
            self.set(map::TEMP, u32::from(code.cast_unsigned()));
            self.set(map::MODE, self.get(map::MODE) & !mode::TEMPSEL);
            self.raise(event::TEMP);
        }
        if self.is_on(mode::CYCMODE) {
            self.remaining = self.remaining.saturating_sub(1);
            if self.remaining == 0 {
                self.remaining = self.get(map::LINECYC).max(1);
                self.set(map::LAENERGY, steps(self.line.active));
                self.set(map::LVAENERGY, steps(self.line.apparent));
                self.set(map::LVARENERGY, steps(self.line.reactive));
                self.line = Codes::default();
                self.raise(event::CYCEND);
            }
        }
    }

    /// Looks at the time without a zero crossing.
    pub(crate) fn watch_crossings(&mut self, now: f64) {
        let limit = f64::from(self.get(map::ZXTOUT)) * 128.0 / self.clkin_hz;
        if now - self.last_crossing > limit && !self.timed_out {
            self.timed_out = true;
            self.crossings.clear();
            self.set(map::PERIOD, 0);
            self.raise(event::ZXTO);
        }
    }

    /// The largest samples of a half cycle: channel 1, and channel 2 behind LPF1.
    pub(crate) fn peaks(&mut self, ch1: f64, ch2: f64) {
        let (ch1, ch2) = ((ch1.abs()) as u32, (2.0 * ch2.abs()) as u32);
        self.set(map::IPEAK, self.get(map::IPEAK).max(ch1));
        self.set(map::VPEAK, self.get(map::VPEAK).max(ch2));
        if (2 * ch1) >> 16 > self.get(map::IPKLVL) {
            self.raise(event::PKI);
        }
        if ch2 >> 8 > self.get(map::VPKLVL) {
            self.raise(event::PKV);
        }
        let level = self.get(map::SAGLVL);
        if level > 1 && ch2 >> 8 < level {
            self.sag_half_cycles += 1;
            let cycles = self.get(map::SAGCYC).saturating_sub(1);
            if self.sag_half_cycles == 2 * cycles {
                self.raise(event::SAG);
            }
        } else {
            self.sag_half_cycles = 0;
        }
    }

    /// A waveform sample, which only comes while its event is enabled.
    pub(crate) fn sample(&mut self, value: f64) {
        if self.get(map::IRQEN) & event::WSMP != 0 {
            let value = if self.is_on(mode::ASUSPEND) {
                0
            } else {
                value as i32
            };
            self.set(map::WAVEFORM, value.cast_unsigned() & 0xFF_FFFF);
            self.raise(event::WSMP);
        }
    }

    /// Periods of CLKIN between two waveform samples.
    pub(crate) fn sample_clocks(&self) -> f64 {
        f64::from(128 << (self.get(map::MODE) >> 11 & 3))
    }
}

/// The upper 24 bits of a sum.
fn steps(sum: f64) -> u32 {
    ((sum / STEP).floor() as i64 & 0xFF_FFFF) as u32
}

fn divider(raw: u32) -> f64 {
    f64::from(raw.max(1))
}
