//! A reading made right.

use super::correction::{Correction, Temperature};
use crate::arithmetic::scaled;
use crate::reading::{Reading, Source};

/// The corrections of a meter.
///
/// Power has one of its own. It is not made of those of voltage and current: a meter that multiplies inside has
/// one error for its product, and correcting it by three factors would correct it twice.
/// [`with_power_of`](Self::with_power_of) derives it where only voltage and current were compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Calibration<const K: usize = 0> {
    /// Of the voltage.
    pub voltage: Correction<K>,
    /// Of the current.
    pub current: Correction<K>,
    /// Of active power; reactive power takes its gain and its curve.
    pub power: Correction<K>,
    /// Of the voltage with the temperature.
    pub voltage_temperature: Temperature,
    /// Of current and power with the temperature, that of a shunt or a transformer's burden.
    pub current_temperature: Temperature,
}

impl<const K: usize> Calibration<K> {
    /// Nothing is changed.
    pub const NONE: Self = Self {
        voltage: Correction::NONE,
        current: Correction::NONE,
        power: Correction::NONE,
        voltage_temperature: Temperature {
            ppm_per_k: 0,
            reference_centi_c: 0,
        },
        current_temperature: Temperature {
            ppm_per_k: 0,
            reference_centi_c: 0,
        },
    };

    /// Gains alone, in millionths: of voltage, current and power.
    #[must_use]
    pub const fn gains(voltage_ppm: i32, current_ppm: i32, power_ppm: i32) -> Self {
        let mut calibration = Self::NONE;
        calibration.voltage.gain_ppm = voltage_ppm;
        calibration.current.gain_ppm = current_ppm;
        calibration.power.gain_ppm = power_ppm;
        calibration
    }

    /// The gain of the power from those of voltage and current, when it was not compared itself.
    #[must_use]
    pub const fn with_power_of(mut self) -> Self {
        let (v, i) = (self.voltage.gain_ppm as i64, self.current.gain_ppm as i64);
        let product = v + i + v * i / 1_000_000;
        self.power.gain_ppm = if product > i32::MAX as i64 {
            i32::MAX
        } else if product < i32::MIN as i64 {
            i32::MIN
        } else {
            product as i32
        };
        self
    }

    /// The reading as it should be. One that [is calibrated](Reading::is_calibrated) stays what it is, so that
    /// nothing is corrected twice. The power factor follows the corrections of the other three; the
    /// counter is corrected by [`source`](Self::source), in what a step of it means.
    #[must_use]
    pub fn apply(&self, reading: &Reading) -> Reading {
        if reading.is_calibrated {
            return *reading;
        }
        let ppm = |of: Temperature| {
            let temperature = reading.temperature_centi_c;
            temperature.map_or(0, |centi_c| of.ppm_at(centi_c))
        };
        let voltage_ppm = ppm(self.voltage_temperature);
        let current_ppm = ppm(self.current_temperature);
        let power_ppm = voltage_ppm.saturating_add(current_ppm);
        Reading {
            voltage_mv: reading
                .voltage_mv
                .map(|mv| self.voltage.apply(mv, voltage_ppm)),
            current_ma: reading
                .current_ma
                .map(|ma| self.current.apply(ma, current_ppm)),
            power_mw: reading
                .power_mw
                .map(|mw| self.power.apply_signed(mw, power_ppm)),
            reactive_mvar: reading
                .reactive_mvar
                .map(|mvar| self.power.scale_signed(mvar, power_ppm)),
            power_factor_milli: reading
                .power_factor_milli
                .map(|milli| self.power_factor(reading, milli)),
            is_calibrated: true,
            ..*reading
        }
    }

    /// The power factor by what power, voltage and current are corrected by. What a temperature adds to the power, it
    /// adds to one of the other two.
    fn power_factor(&self, reading: &Reading, milli: i16) -> i16 {
        let signed = |value: u32| i32::try_from(value).unwrap_or(i32::MAX);
        let of = |value: Option<i32>, of: &Correction<K>| value.map_or(0, |it| of.whole_ppm_at(it));
        let p = of(reading.power_mw, &self.power);
        let v = of(reading.voltage_mv.map(signed), &self.voltage);
        let i = of(reading.current_ma.map(signed), &self.current);
        let size = milli.unsigned_abs().into();
        let corrected = scaled(size, quotient_ppm(p, v, i));
        // No correction makes it more than one.
        let corrected = i16::try_from(corrected.min(size.max(1_000))).unwrap_or(i16::MAX);
        if milli < 0 { -corrected } else { corrected }
    }

    /// The source as its counter is to be taken: a step of it means more or less by the gain of the power. A curve
    /// and a temperature can not be followed by a counter, which sums what it does not tell.
    #[must_use]
    pub fn source(&self, source: &Source) -> Source {
        let step = i64::from(source.counter_step_uwh);
        let added = (step * i64::from(self.power.gain_ppm) + 500_000).div_euclid(1_000_000);
        Source {
            counter_step_uwh: u32::try_from(step + added).unwrap_or(source.counter_step_uwh),
            ..*source
        }
    }
}

/// What `(1 + p) / ((1 + v) (1 + i))` has more than one, all in millionths.
fn quotient_ppm(p: i32, v: i32, i: i32) -> i32 {
    let is_small = |ppm: i32| ppm.unsigned_abs() <= SMALL_PPM;
    if is_small(p) && is_small(v) && is_small(i) {
        return p - v - i;
    }
    const MILLION: i64 = 1_000_000;
    let by = |ppm: i64, by: i32| {
        let whole = MILLION.saturating_add(ppm).max(0).saturating_mul(MILLION);
        let quotient = whole.checked_div(MILLION.saturating_add(by.into()).max(1));
        quotient.unwrap_or_default().saturating_sub(MILLION)
    };
    let ppm = by(by(p.into(), v), i);
    i32::try_from(ppm).unwrap_or(if ppm < 0 { i32::MIN } else { i32::MAX })
}

/// Up to here a difference is as good as a quotient: off by less than half a thousandth, and without divisions.
const SMALL_PPM: u32 = 10_000;
