//! The signal path in closed form: from zero crossing to zero crossing in one step.
//!
//! Filters are settled at any time; the ripple of the rms registers is there. Hours of mains take
//! milliseconds.

use core::f64::consts::PI;

use super::chip::Chip;
use super::flags::event;
use super::map;
use super::path::{LPF3_HZ, Path, Sines, offset_irms, pole, vrms_offset};

#[derive(Clone, Debug, Default)]
pub(crate) struct Fast {
    /// Time of the next waveform sample.
    next_sample: f64,
    /// Phase of channel 2 in half cycles.
    phase: f64,
    /// Zero crossings behind LPF1 so far.
    crossings: f64,
}

impl Fast {
    /// Phase of channel 2 behind LPF1 in half cycles.
    fn crossing_phase(&self, sines: &Sines) -> f64 {
        self.phase - sines.lpf1_lag / PI
    }
}

impl Path for Fast {
    fn next_event(&self, chip: &Chip, now: f64) -> f64 {
        let sines = Sines::of(chip);
        let half_cycles = (self.crossings + 1.0 - self.crossing_phase(&sines)).max(0.0);
        let crossing = now + half_cycles * PI / sines.omega;
        if chip.get(map::IRQEN) & event::WSMP != 0 {
            crossing.min(self.next_sample.max(now))
        } else {
            crossing
        }
    }

    fn advance(&mut self, chip: &mut Chip, from: f64, to: f64) {
        let mut now = from;
        while now < to {
            let sines = Sines::of(chip);
            let half_cycles = sines.omega / PI;
            let phase = self.crossing_phase(&sines);
            let next = self.crossings + 1.0;
            let crossing = now + (next - phase).max(0.0) / half_cycles;
            let sampling = chip.get(map::IRQEN) & event::WSMP != 0;
            if !sampling || self.next_sample < now {
                self.next_sample = now + chip.sample_clocks() / chip.clkin_hz;
            }
            let mut end = to.min(crossing);
            if sampling {
                end = end.min(self.next_sample);
            }
            let mut codes = sines.codes(chip);
            // White noise of channel 1 against the voltage, over so many samples.
            let samples = ((end - now) * chip.clkin_hz / 128.0).max(1.0);
            let noise = sines.noise_ch1 * sines.ch2 / core::f64::consts::SQRT_2 / 16_384.0;
            codes.active += noise / samples.sqrt() * chip.random.normal();
            chip.accumulate(codes, end - now);
            self.phase += (end - now) * half_cycles;
            now = end;
            if sampling && now >= self.next_sample {
                self.next_sample += chip.sample_clocks() / chip.clkin_hz;
                let value = self.instant(chip, &sines);
                chip.sample(value);
            }
            if now >= crossing {
                self.crossings = next;
                if sines.crosses() {
                    chip.zero_crossing(now);
                }
                chip.peaks(sines.ch1, sines.ch2 * sines.lpf1_gain);
            }
            chip.watch_crossings(now);
        }
    }

    fn irms(&self, chip: &Chip) -> f64 {
        let sines = Sines::of(chip);
        let (gain, lag) = pole(sines.omega / PI, LPF3_HZ);
        let angle = 2.0 * (self.phase * PI - sines.lag);
        let square = sines.ch1 * sines.ch1 / 2.0 * (1.0 - gain * (angle - lag).cos());
        offset_irms(chip, square + sines.noise_ch1.powi(2))
    }

    fn vrms(&self, chip: &Chip) -> f64 {
        let sines = Sines::of(chip);
        let angle = self.crossing_phase(&sines) * PI;
        // |sin x| = 2/pi (1 - 2/3 cos 2x - 2/15 cos 4x - 2/35 cos 6x - ...)
        let ripple: f64 = [1.0, 2.0, 3.0]
            .into_iter()
            .map(|k: f64| {
                let (gain, lag) = pole(k * sines.omega / PI, LPF3_HZ);
                2.0 / (4.0 * k * k - 1.0) * gain * (2.0 * k * angle - lag).cos()
            })
            .sum();
        256.0 * sines.ch2 * sines.lpf1_gain * 2.0 / PI * (1.0 - ripple) + vrms_offset(chip)
    }
}

impl Fast {
    /// The sample that MODE selects.
    fn instant(&self, chip: &mut Chip, sines: &Sines) -> f64 {
        let angle = self.phase * PI;
        match chip.get(map::MODE) >> 13 & 3 {
            2 => sines.ch1 * (angle - sines.lag).sin() + sines.noise_ch1 * chip.random.normal(),
            3 => sines.ch2 * sines.lpf1_gain * (angle - sines.lpf1_lag).sin(),
            _ => sines.codes(chip).active,
        }
    }
}
