//! What a board is made of, and what passing time and bytes on the bus do to it.

use super::board::BusFaults;
use super::chip::Chip;
use super::fast::Fast;
use super::input::Imperfections;
use super::path::Path;
use super::serial::{Serial, Violation};
use super::waveform::Waveform;
use crate::random::Random;

#[derive(Debug)]
pub(super) enum Engine {
    Fast(Fast),
    Waveform(Waveform),
}

impl Engine {
    fn path(&mut self) -> &mut dyn Path {
        match self {
            Self::Fast(path) => path,
            Self::Waveform(path) => path,
        }
    }
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) now_ns: u64,
    pub(super) chip: Chip,
    engine: Engine,
    pub(super) serial: Serial,
    pub(super) faults: BusFaults,
    pub(super) powered: bool,
    random: Random,
    pub(super) bits: u64,
}

/// The usual crystal.
const CLKIN_HZ: f64 = 3_579_545.0;

impl State {
    /// A powered chip at time 0.
    pub(super) fn new(engine: Engine, imperfections: Imperfections, seed: u64) -> Self {
        Self {
            now_ns: 0,
            chip: Chip::new(CLKIN_HZ, imperfections, seed),
            engine,
            serial: Serial::new(),
            faults: BusFaults::default(),
            powered: true,
            random: Random::new(seed ^ 0xB05),
            bits: 0,
        }
    }

    pub(crate) fn advance_ns(&mut self, ns: u64) {
        let from = self.now_ns as f64 * 1e-9;
        self.now_ns += ns;
        if self.powered {
            let to = self.now_ns as f64 * 1e-9;
            self.engine.path().advance(&mut self.chip, from, to);
        }
    }

    /// Moves to the next thing that may happen, or to `end_ns`.
    pub(crate) fn step(&mut self, end_ns: u64) {
        let now = self.now_ns as f64 * 1e-9;
        let next = self.engine.path().next_event(&self.chip, now);
        // Just behind it.
        let next_ns = (next * 1e9) as u64 + 2;
        let until_ns = next_ns.clamp(self.now_ns + 1_000, end_ns.max(self.now_ns + 1_000));
        self.advance_ns(until_ns - self.now_ns);
    }

    /// Chip select falls or rises.
    pub(crate) fn select(&mut self) {
        self.serial.select();
    }

    /// The bus clocks out data with the end of the command already, or not.
    pub(crate) fn set_early(&mut self, early: bool) {
        self.serial.early = early;
    }

    pub(crate) fn violate(&mut self, violation: Violation) {
        self.serial.violations.push(violation);
    }

    pub(super) fn advance_to(&mut self, ns: u64) {
        self.advance_ns(ns.saturating_sub(self.now_ns));
    }

    /// A byte over the bus.
    pub(crate) fn transfer(&mut self, mosi: u8, sclk_hz: u32) -> u8 {
        let start_ns = self.now_ns;
        self.advance_ns(8_000_000_000 / u64::from(sclk_hz.max(1)));
        self.exchange(mosi, start_ns)
    }

    /// A byte that has just gone over the bus.
    pub(super) fn exchange(&mut self, mosi: u8, start_ns: u64) -> u8 {
        self.bits += 8;
        if !self.powered {
            return 0;
        }
        let mosi = self.disturb(mosi, self.faults.mosi_ppm);
        let (now_ns, path) = (self.now_ns, self.engine.path());
        let miso = self
            .serial
            .byte(&mut self.chip, path, mosi, start_ns, now_ns);
        match self.faults.stuck {
            Some(level) => {
                if level {
                    0xFF
                } else {
                    0
                }
            }
            None => self.disturb(miso, self.faults.miso_ppm),
        }
    }

    fn disturb(&mut self, byte: u8, ppm: u32) -> u8 {
        if ppm == 0 {
            return byte;
        }
        (0..8).fold(byte, |byte, bit| {
            if self.random.happens(ppm) {
                byte ^ 1 << bit
            } else {
                byte
            }
        })
    }

    /// What a byte becomes at a clock the chip can not follow.
    pub(crate) fn garble(&mut self, byte: u8) -> u8 {
        byte ^ self.random.byte()
    }
}
