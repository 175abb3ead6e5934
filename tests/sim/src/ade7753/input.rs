//! What is at the pins, and what the silicon makes worse.

use crate::random::Random;

/// Sines at the two channels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Inputs {
    /// Rms voltage at channel 1, the current, in volts.
    pub ch1_v: f64,
    /// Rms voltage at channel 2, the voltage, in volts.
    pub ch2_v: f64,
    /// By how much channel 1 lags behind channel 2 in degrees.
    pub lag_deg: f64,
    /// Mains frequency in hertz.
    pub hz: f64,
}

impl Inputs {
    /// Nothing connected.
    pub const NONE: Self = Self {
        ch1_v: 0.0,
        ch2_v: 0.0,
        lag_deg: 0.0,
        hz: 50.0,
    };
}

/// What makes one chip differ from the next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Imperfections {
    /// Gain error of channel 1 as a share: 0.04 is 4 % too much.
    pub gain_ch1: f64,
    /// Gain error of channel 2.
    pub gain_ch2: f64,
    /// By how much channel 1 leads beyond its input, in degrees.
    pub lead_deg: f64,
    /// Offset of channel 1 in volts; the high-pass filter takes it away.
    pub offset_ch1_v: f64,
    /// Offset of channel 2 in volts.
    pub offset_ch2_v: f64,
    /// Rms noise of channel 1 as a share of full scale.
    pub noise_ch1: f64,
    /// Rms noise of channel 2 as a share of full scale.
    pub noise_ch2: f64,
    /// Crosstalk between the channels: what the active power is off, in codes behind LPF2.
    pub power_offset: f64,
    /// What VRMS is off, in its own steps.
    pub vrms_offset: f64,
    /// How fast the crystal is, in millionths too much.
    pub crystal_ppm: f64,
}

impl Imperfections {
    /// A perfect chip.
    pub const NONE: Self = Self {
        gain_ch1: 0.0,
        gain_ch2: 0.0,
        lead_deg: 0.0,
        offset_ch1_v: 0.0,
        offset_ch2_v: 0.0,
        noise_ch1: 0.0,
        noise_ch2: 0.0,
        power_offset: 0.0,
        vrms_offset: 0.0,
        crystal_ppm: 0.0,
    };

    /// A chip as it may come: gains within 4 %, a phase within 0.3 degrees, offsets within 32 mV, noise
    /// up to 62 and 60 dB below full scale (data sheet Rev. C, page 4), a crystal within 50 ppm.
    #[must_use]
    pub fn random(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let mut within = |limit: f64| (random.unit() * 2.0 - 1.0) * limit;
        Self {
            gain_ch1: within(0.04),
            gain_ch2: within(0.04),
            lead_deg: within(0.3),
            offset_ch1_v: within(0.032),
            offset_ch2_v: within(0.032),
            noise_ch1: within(7.9e-4).abs(),
            noise_ch2: within(1.0e-3).abs(),
            power_offset: within(12.0),
            vrms_offset: within(1_500.0),
            crystal_ppm: within(50.0),
        }
    }
}
