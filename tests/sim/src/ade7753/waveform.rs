//! The signal path sample by sample, CLKIN/128 of them a second, through the chip's filters.

use core::f64::consts::TAU;

use super::chip::{Chip, Codes};
use super::flags::mode;
use super::map;
use super::path::{
    CH1, CH2, LPF1_HZ, LPF2_HZ, LPF3_HZ, Path, Sines, apparent, correct, full_scale_v, offset_irms,
    vrms_offset,
};

/// A single pole in discrete time, with the gain of the analogue one at low frequencies.
#[derive(Clone, Copy, Debug, Default)]
struct Pole(f64);

impl Pole {
    fn next(&mut self, input: f64, corner_hz: f64, rate_hz: f64) -> f64 {
        self.0 += (1.0 - (-TAU * corner_hz / rate_hz).exp()) * (input - self.0);
        self.0
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Waveform {
    next_tick: f64,
    ticks: u64,
    /// Phase of channel 2 in radians.
    phase: f64,
    /// Offset of channel 1 that the high-pass filter has not taken away yet, as a share.
    offset_left: f64,
    lpf1: Pole,
    active: Pole,
    reactive: Pole,
    square: Pole,
    absolute: Pole,
    largest: (f64, f64),
}

impl Waveform {
    pub(crate) fn new() -> Self {
        Self {
            offset_left: 1.0,
            ..Self::default()
        }
    }

    fn tick(&mut self, chip: &mut Chip, now: f64, rate_hz: f64) {
        let sines = Sines::of(chip);
        let flaws = chip.imperfections;
        let (range1, range2) = full_scale_v(chip.get(map::GAIN));
        // The high-pass filter's corner is not stated; 2 Hz, its phase lead being corrected inside.
        self.offset_left = if chip.is_on(mode::DISHPF) {
            1.0
        } else {
            self.offset_left * (-TAU * 2.0 / rate_hz).exp()
        };
        let gain = chip.get(map::GAIN);
        let added1 = f64::from(steps(chip.get(map::CH1OS))) * step_v(gain);
        // Of inverted sense (page 23).
        let added2 = f64::from(-steps(chip.get(map::CH2OS))) * step_v(gain >> 5);
        let offset1 = (flaws.offset_ch1_v + added1) / range1 * CH1 * self.offset_left;
        let offset2 = (flaws.offset_ch2_v + added2) / range2 * CH2;
        self.phase = (self.phase + sines.omega / rate_hz) % TAU;
        let (sin, cos) = (self.phase - sines.lag).sin_cos();
        let noise = |chip: &mut Chip, rms: f64| {
            if rms > 0.0 {
                rms * chip.random.normal()
            } else {
                0.0
            }
        };
        let ch1 = sines.ch1 * sin + offset1 + noise(chip, sines.noise_ch1);
        let ch2 = sines.ch2 * self.phase.sin() + noise(chip, sines.noise_ch2);
        let before = self.lpf1.0;
        let speed = chip.clkin_hz / 3_579_545.0;
        let lpf1 = self.lpf1.next(ch2, LPF1_HZ * speed, rate_hz);
        let active = self
            .active
            .next(ch1 * ch2 / 16_384.0, LPF2_HZ * speed, rate_hz);
        let quadrature = sines.ch1 * cos * sines.reactive;
        let reactive = self
            .reactive
            .next(quadrature * ch2 / 16_384.0, LPF2_HZ * speed, rate_hz);
        self.square.next(ch1 * ch1, LPF3_HZ * speed, rate_hz);
        self.absolute.next(lpf1.abs(), LPF3_HZ * speed, rate_hz);
        let codes = Codes {
            active: correct(chip, active),
            apparent: apparent(chip, self.irms(chip), self.vrms(chip)),
            reactive,
        };
        chip.accumulate(codes, 1.0 / rate_hz);
        self.largest = (
            self.largest.0.max((ch1 - offset1).abs()),
            self.largest.1.max(lpf1.abs()),
        );
        self.ticks += 1;
        let clocks = chip.sample_clocks() as u64;
        if self.ticks.is_multiple_of(clocks / 128) {
            let value = match chip.get(map::MODE) >> 13 & 3 {
                2 => ch1,
                3 => lpf1 + offset2,
                _ => codes.active,
            };
            chip.sample(value);
        }
        if before * lpf1 < 0.0 && sines.crosses() {
            // Between two samples, where a straight line would cross.
            chip.zero_crossing(now - lpf1 / (lpf1 - before) / rate_hz);
            let (ch1, ch2) = core::mem::take(&mut self.largest);
            chip.peaks(ch1, ch2);
        }
        chip.watch_crossings(now);
    }
}

/// Steps of an offset register: bit 5 is the sign of bits 4 to 0 (page 23).
fn steps(raw: u32) -> i32 {
    let magnitude = (raw & 0x1F) as i32;
    if raw & 0x20 != 0 {
        -magnitude
    } else {
        magnitude
    }
}

/// Volts a step of an offset register, by the gain (table 1, page 23).
fn step_v(gain: u32) -> f64 {
    match gain & 7 {
        1 => 1.19e-3,
        2 => 0.97e-3,
        3 => 0.84e-3,
        4 => 0.77e-3,
        _ => 1.61e-3,
    }
}

impl Path for Waveform {
    fn next_event(&self, _: &Chip, _: f64) -> f64 {
        self.next_tick
    }

    fn advance(&mut self, chip: &mut Chip, from: f64, to: f64) {
        let rate_hz = chip.clkin_hz / 128.0;
        if self.next_tick < from - 2.0 / rate_hz {
            self.next_tick = from;
        }
        while self.next_tick <= to {
            let now = self.next_tick;
            self.tick(chip, now, rate_hz);
            self.next_tick += 1.0 / rate_hz;
        }
    }

    fn irms(&self, chip: &Chip) -> f64 {
        offset_irms(chip, self.square.0)
    }

    fn vrms(&self, chip: &Chip) -> f64 {
        256.0 * self.absolute.0 + vrms_offset(chip)
    }
}
