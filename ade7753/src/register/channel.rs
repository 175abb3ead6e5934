//! Settings of the two channels: gains and offsets.

use super::value::{Kind, Value};

/// Gain of an amplifier in front of a converter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Pga {
    /// 1
    #[default]
    X1,
    /// 2
    X2,
    /// 4
    X4,
    /// 8
    X8,
    /// 16
    X16,
}

impl Pga {
    /// The gain as a number.
    #[must_use]
    pub const fn factor(self) -> u32 {
        1 << self as u32
    }

    // 101 to 111 are undefined; no gain is what they are least wrong as.
    const fn from_bits(bits: u32) -> Self {
        match bits & 7 {
            1 => Self::X2,
            2 => Self::X4,
            3 => Self::X8,
            4 => Self::X16,
            _ => Self::X1,
        }
    }
}

/// Peak voltage at channel 1 that is full scale with a gain of 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ChannelRange {
    /// 0.5 V
    #[default]
    V0_5,
    /// 0.25 V
    V0_25,
    /// 0.125 V
    V0_125,
}

impl ChannelRange {
    /// The range in microvolts.
    #[must_use]
    pub const fn microvolts(self) -> u32 {
        500_000 >> self as u32
    }
}

/// GAIN (page 22, figure 34).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Gain {
    /// Amplifier of channel 1, the current.
    pub ch1: Pga,
    /// Range of channel 1.
    pub range: ChannelRange,
    /// Amplifier of channel 2, the voltage.
    pub ch2: Pga,
}

impl Gain {
    /// Peak voltage in microvolts at channel 1 that is full scale.
    #[must_use]
    pub const fn full_scale_ch1_uv(self) -> u32 {
        self.range.microvolts() / self.ch1.factor()
    }

    /// Peak voltage in microvolts at channel 2 that is full scale.
    #[must_use]
    pub const fn full_scale_ch2_uv(self) -> u32 {
        500_000 / self.ch2.factor()
    }
}

impl Value for Gain {
    const BITS: u32 = 8;
    const KIND: Kind = Kind::Flags;

    fn from_raw(raw: u32) -> Self {
        Self {
            ch1: Pga::from_bits(raw),
            range: match raw >> 3 & 3 {
                1 => ChannelRange::V0_25,
                2 => ChannelRange::V0_125,
                _ => ChannelRange::V0_5,
            },
            ch2: Pga::from_bits(raw >> 5),
        }
    }

    fn to_raw(self) -> u32 {
        self.ch1 as u32 | (self.range as u32) << 3 | (self.ch2 as u32) << 5
    }
}

/// Bit 5 is the sign, bits 4 to 0 are the magnitude.
const fn magnitude_from_raw(raw: u32) -> i8 {
    let magnitude = (raw & 0x1F) as i8;
    if raw & 0x20 != 0 {
        -magnitude
    } else {
        magnitude
    }
}

const fn magnitude_to_raw(steps: i8) -> u32 {
    let sign = if steps < 0 { 0x20 } else { 0 };
    sign | steps.unsigned_abs() as u32 & 0x1F
}

const fn offset(steps: i8) -> Option<i8> {
    if steps < -31 || steps > 31 {
        None
    } else {
        Some(steps)
    }
}

/// CH1OS (page 23): offset of channel 1 and its integrator. One step is 1.61 mV at a gain of 1 and 0.77
/// mV at 16. With the high-pass filter on, the offset needs no correction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct OffsetCh1 {
    steps: i8,
    integrator: bool,
}

impl OffsetCh1 {
    /// `steps` from -31 to 31; `integrator` for a Rogowski coil.
    #[must_use]
    pub const fn new(steps: i8, integrator: bool) -> Option<Self> {
        match offset(steps) {
            Some(steps) => Some(Self { steps, integrator }),
            None => None,
        }
    }

    /// No offset.
    pub(crate) const fn integrator_only(integrator: bool) -> Self {
        Self {
            steps: 0,
            integrator,
        }
    }

    /// Steps, -31 to 31.
    #[must_use]
    pub const fn steps(self) -> i8 {
        self.steps
    }

    /// Whether the integrator is on.
    #[must_use]
    pub const fn integrator(self) -> bool {
        self.integrator
    }
}

impl Value for OffsetCh1 {
    const BITS: u32 = 8;
    const KIND: Kind = Kind::SignMagnitude;
    const STABLE: u32 = 0xBF;

    fn from_raw(raw: u32) -> Self {
        Self {
            steps: magnitude_from_raw(raw),
            integrator: raw & 0x80 != 0,
        }
    }

    fn to_raw(self) -> u32 {
        magnitude_to_raw(self.steps) | if self.integrator { 0x80 } else { 0 }
    }
}

/// CH2OS (page 23): offset of channel 2, of **inverted** sense: the value that cancels an offset has
/// the sign of that offset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct OffsetCh2(i8);

impl OffsetCh2 {
    /// `steps` from -31 to 31.
    #[must_use]
    pub const fn new(steps: i8) -> Option<Self> {
        match offset(steps) {
            Some(steps) => Some(Self(steps)),
            None => None,
        }
    }

    /// Steps, -31 to 31.
    #[must_use]
    pub const fn steps(self) -> i8 {
        self.0
    }
}

impl Value for OffsetCh2 {
    const BITS: u32 = 8;
    const KIND: Kind = Kind::SignMagnitude;
    const STABLE: u32 = 0x3F;

    fn from_raw(raw: u32) -> Self {
        Self(magnitude_from_raw(raw))
    }

    fn to_raw(self) -> u32 {
        magnitude_to_raw(self.0)
    }
}
