//! Voltage and current together.

use heapless::Vec;

use super::bins::{Window, rms, turned};
use super::channel::{Channel, Spectrum};
use super::frequency::frequency_mhz;
use super::{HARMONICS, WaveformError};

/// A voltage and a current channel that are sampled together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Pair {
    /// The voltage.
    pub voltage: Channel,
    /// The current; of the same rate.
    pub current: Channel,
    /// By how much the current's signal is behind the voltage's where both are sampled, in nanoseconds. A sensor's
    /// delay is positive (what a clamp turns back at the mains frequency is `angle / 360 / frequency`); a current
    /// that is sampled after the voltage, as by a multiplexed converter, counts negative. It is put right for the
    /// fundamental and every harmonic that is looked at.
    pub current_delay_ns: i32,
}

/// Power by IEEE 1459, of one phase.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Power {
    /// The voltage, in microvolts.
    pub voltage: Spectrum,
    /// The current, in microamperes.
    pub current: Spectrum,
    /// Active power P in milliwatts, of everything.
    pub active_mw: i32,
    /// Of the fundamental: P1.
    pub fundamental_mw: i32,
    /// Reactive power of the fundamental Q1 in millivars, positive when the current lags. It adds up over loads.
    pub reactive_mvar: i32,
    /// Apparent power S in millivoltamperes.
    pub apparent_mva: u32,
    /// Non-active power N in millivars, the root of S^2 - P^2.
    pub nonactive_mvar: u32,
    /// P by S in millionths.
    pub power_factor_ppm: i32,
    /// P1 by S1, the cosine of the fundamental, in millionths.
    pub displacement_ppm: i32,
}

impl Pair {
    /// Looks at samples of both channels, taken together. Without a frequency it is measured from the voltage.
    ///
    /// # Errors
    /// [`WaveformError`] says why they tell nothing.
    pub fn analyze(
        &self,
        voltage: &[i32],
        current: &[i32],
        mhz: Option<u32>,
    ) -> Result<Power, WaveformError> {
        if voltage.len() != current.len() {
            return Err(WaveformError::Unequal);
        }
        let rate_mhz = self.voltage.rate_mhz;
        let mhz = match mhz {
            Some(mhz) => mhz,
            None => frequency_mhz(voltage, rate_mhz)?,
        };
        let window = Window::new(voltage.len(), rate_mhz, mhz)?;
        let means = (window.mean(voltage)?, window.mean(current)?);
        // Of everything, as it was sampled, with 8 bits behind the point.
        let mut product = i128::from(window.product((voltage, means.0), (current, means.1)));
        let (mut of_voltage, mut of_current) =
            (Vec::<u64, HARMONICS>::new(), Vec::<u64, HARMONICS>::new());
        let mut fundamental = (0, 0);
        for harmonic in 1..=window.harmonics as u32 {
            let v = window.bin(voltage, means.0, harmonic);
            let late = window.bin(current, means.1, harmonic);
            let phase = Window::delay_phase(mhz, self.current_delay_ns, harmonic);
            let i = turned(late, phase);
            let (right, wrong) = (complex_power(v, i), complex_power(v, late));
            product += right.0 - wrong.0;
            if harmonic == 1 {
                fundamental = right;
            }
            // As many as there is room for.
            let _ = of_voltage.push(rms(v));
            let _ = of_current.push(rms(i));
        }
        let voltage = self
            .voltage
            .spectrum(window, voltage, means.0, mhz, of_voltage.into_iter());
        let current = self
            .current
            .spectrum(window, current, means.1, mhz, of_current.into_iter());
        let active_mw = self.milliwatts(product);
        let fundamental_mw = self.milliwatts(fundamental.0);
        let apparent = |v: u32, i: u32| (u64::from(v) * u64::from(i) + 500_000_000) / 1_000_000_000;
        let apparent_mva = apparent(voltage.rms_micro, current.rms_micro);
        let fundamental_mva = apparent(voltage.fundamental_micro(), current.fundamental_micro());
        let square = |value: u64| value.saturating_mul(value);
        let nonactive = square(apparent_mva)
            .saturating_sub(square(active_mw.unsigned_abs().into()))
            .isqrt();
        Ok(Power {
            active_mw,
            fundamental_mw,
            reactive_mvar: self.milliwatts(fundamental.1),
            apparent_mva: narrow(apparent_mva),
            nonactive_mvar: narrow(nonactive),
            power_factor_ppm: share_ppm(active_mw, apparent_mva),
            displacement_ppm: share_ppm(fundamental_mw, fundamental_mva),
            voltage,
            current,
        })
    }

    /// A product of counts with 8 bits behind the point in milliwatts.
    fn milliwatts(&self, product: i128) -> i32 {
        let nano =
            i128::from(self.voltage.nano_per_count) * i128::from(self.current.nano_per_count);
        let quotient = product.saturating_mul(nano) / (1_000_000_000_000_000 << 8);
        i32::try_from(quotient).unwrap_or(if product < 0 { i32::MIN } else { i32::MAX })
    }
}

/// Active and reactive power of a harmonic, with 8 bits behind the point.
fn complex_power(v: (i64, i64), i: (i64, i64)) -> (i128, i128) {
    let of = |a: i64, b: i64| i128::from(a) * i128::from(b);
    // Twice half amplitudes with 24 bits each.
    let active = (of(v.0, i.0) + of(v.1, i.1)) >> 39;
    let reactive = (of(v.1, i.0) - of(v.0, i.1)) >> 39;
    (active, reactive)
}

fn narrow(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

fn share_ppm(part_mw: i32, whole_mva: u64) -> i32 {
    let ppm = (i64::from(part_mw) * 1_000_000).checked_div(whole_mva.cast_signed());
    i32::try_from(ppm.unwrap_or_default().clamp(-1_000_000, 1_000_000)).unwrap_or(0)
}
