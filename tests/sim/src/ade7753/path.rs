//! The signal path in formulas: what each stage makes of the inputs.

use core::f64::consts::{FRAC_1_SQRT_2, PI, SQRT_2, TAU};

use super::chip::{Chip, Codes};
use super::flags::mode;
use super::map;

/// Corner of LPF1 in front of VRMS and zero crossings at the usual CLKIN (page 26).
pub(crate) const LPF1_HZ: f64 = 140.0;
/// Corner of LPF2 behind the multiplier (page 28).
pub(crate) const LPF2_HZ: f64 = 8.9;
/// Corner of LPF3 behind the square and the absolute value: fitted to the settling times of pages 25
/// and 26, 95 % in 219 ms and 220 ms.
pub(crate) const LPF3_HZ: f64 = 2.2;
/// Full scale of channel 1 and channel 2 in codes (pages 23 and 25).
pub(crate) const CH1: f64 = 2_642_412.0;
pub(crate) const CH2: f64 = 10_322.0;
/// The converters clip at 0.794 V where 0.5 V is full scale (page 23, Eq. 1).
pub(crate) const CLIP: f64 = 262_144.0 / 165_151.0;
/// Below 1 % of full scale no zero crossing is found.
const SMALLEST_CH2: f64 = CH2 / 100.0;

/// How the signal path is computed.
pub(crate) trait Path {
    /// Moves from one time to another, in seconds.
    fn advance(&mut self, chip: &mut Chip, from: f64, to: f64);
    /// The next time at which something may happen.
    fn next_event(&self, chip: &Chip, now: f64) -> f64;
    /// IRMS now.
    fn irms(&self, chip: &Chip) -> f64;
    /// VRMS now.
    fn vrms(&self, chip: &Chip) -> f64;
}

/// The sines inside the chip: peaks in codes, angles in radians against channel 2 at the pins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sines {
    pub(crate) ch1: f64,
    pub(crate) ch2: f64,
    /// By how much channel 1 lags behind channel 2 at the multiplier.
    pub(crate) lag: f64,
    pub(crate) omega: f64,
    /// Reactive codes per active one (table 10).
    pub(crate) reactive: f64,
    pub(crate) noise_ch1: f64,
    pub(crate) noise_ch2: f64,
    /// LPF1 at mains frequency.
    pub(crate) lpf1_gain: f64,
    pub(crate) lpf1_lag: f64,
}

/// A single pole: gain and lag at a frequency.
pub(crate) fn pole(hz: f64, corner_hz: f64) -> (f64, f64) {
    let x = hz / corner_hz;
    (1.0 / (1.0 + x * x).sqrt(), x.atan())
}

/// Volts at full scale of channel 1 and channel 2 (page 22).
pub(crate) fn full_scale_v(gain: u32) -> (f64, f64) {
    let pga = |bits: u32| f64::from(1 << (bits & 7).min(4));
    let range = match gain >> 3 & 3 {
        1 => 0.25,
        2 => 0.125,
        _ => 0.5,
    };
    (range / pga(gain), 0.5 / pga(gain >> 5))
}

impl Sines {
    pub(crate) fn of(chip: &Chip) -> Self {
        let (inputs, flaws) = (&chip.inputs, &chip.imperfections);
        let (range1, range2) = full_scale_v(chip.get(map::GAIN));
        // The chip's own rates go with its clock.
        let speed = chip.clkin_hz / 3_579_545.0;
        let share = |v: f64, range: f64, gain: f64| (v * SQRT_2 / range * (1.0 + gain)).min(CLIP);
        let mut ch1 = share(inputs.ch1_v, range1, flaws.gain_ch1) * CH1;
        let mut ch2 = share(inputs.ch2_v, range2, flaws.gain_ch2) * CH2;
        let suspended = chip.is_on(mode::ASUSPEND);
        if chip.is_on(mode::DISCH1) || suspended {
            ch1 = 0.0;
        }
        if chip.is_on(mode::DISCH2) || suspended {
            ch2 = 0.0;
        }
        let omega = TAU * inputs.hz;
        let delay = (chip.number(map::PHCAL) - 13.0) * 8.0 / chip.clkin_hz;
        let mut lag = (inputs.lag_deg - flaws.lead_deg) * PI / 180.0 - omega * delay;
        let integrator = chip.get(map::CH1OS) & 0x80 != 0;
        let reactive = if integrator {
            // 38.4/f and -90 degrees: from the codes of page 24.
            ch1 *= 38.4 / inputs.hz * speed;
            lag += PI / 2.0;
            0.014_38 * inputs.hz / speed
        } else {
            17.35 / inputs.hz * speed
        };
        let (lpf1_gain, lpf1_lag) = pole(inputs.hz, LPF1_HZ * speed);
        Self {
            ch1,
            ch2,
            lag,
            omega,
            reactive,
            noise_ch1: flaws.noise_ch1 * CH1 * FRAC_1_SQRT_2,
            noise_ch2: flaws.noise_ch2 * CH2 * FRAC_1_SQRT_2,
            lpf1_gain,
            lpf1_lag,
        }
    }

    /// Whether zero crossings are found.
    pub(crate) fn crosses(&self) -> bool {
        self.ch2 * self.lpf1_gain > SMALLEST_CH2
    }

    /// The mean codes of power.
    pub(crate) fn codes(&self, chip: &Chip) -> Codes {
        // v * i over 2^14: full scale is 832 366, within 0.8 % of the 838 861 of page 28.
        let product = self.ch1 * self.ch2 / 2.0 / 16_384.0;
        let irms = self.mean_irms(chip);
        let vrms = self.mean_vrms(chip);
        Codes {
            active: correct(chip, product * self.lag.cos()),
            apparent: apparent(chip, irms, vrms),
            reactive: product * self.lag.sin() * self.reactive,
        }
    }

    /// Ripple aside.
    pub(crate) fn mean_irms(&self, chip: &Chip) -> f64 {
        offset_irms(chip, self.ch1 * self.ch1 / 2.0 + self.noise_ch1.powi(2))
    }

    pub(crate) fn mean_vrms(&self, chip: &Chip) -> f64 {
        // 256 times the mean of an absolute sine.
        256.0 * self.ch2 * self.lpf1_gain * 2.0 / PI + vrms_offset(chip)
    }
}

/// Gain and offset of the active power; in which order the chip has them is not stated.
pub(crate) fn correct(chip: &Chip, code: f64) -> f64 {
    (code + chip.imperfections.power_offset) * (1.0 + chip.number(map::WGAIN) / 4_096.0)
        + chip.number(map::APOS) / 256.0
}

/// Apparent power: full scale is 705 735 at 50 Hz, within 0.5 % of the 708 693 of figure 73.
pub(crate) fn apparent(chip: &Chip, irms: f64, vrms: f64) -> f64 {
    irms * vrms / 4_194_304.0 * (1.0 + chip.number(map::VAGAIN) / 4_096.0)
}

/// IRMS of a mean square.
pub(crate) fn offset_irms(chip: &Chip, square: f64) -> f64 {
    (square + 32_768.0 * chip.number(map::IRMSOS))
        .max(0.0)
        .sqrt()
}

pub(crate) fn vrms_offset(chip: &Chip) -> f64 {
    chip.number(map::VRMSOS) + chip.imperfections.vrms_offset
}
