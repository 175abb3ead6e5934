//! Registers of flags: MODE, and the three that hold events.

use core::fmt;

use super::value::{Kind, Value};

macro_rules! flags {
    ($(#[$doc:meta])* $name:ident: $mask:literal, stable $stable:literal { $($(#[$flag_doc:meta])* $flag:ident = $bit:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
        #[cfg_attr(feature = "defmt", derive(defmt::Format))]
        pub struct $name(u16);

        impl $name {
            $($(#[$flag_doc])* pub const $flag: Self = Self(1 << $bit);)*
            /// No bit.
            pub const NONE: Self = Self(0);
            /// Every bit that has a meaning.
            pub(crate) const MASK: u16 = $mask;

            /// The bits that have a meaning; the others are dropped.
            #[must_use]
            pub const fn from_bits(bits: u16) -> Self {
                Self(bits & Self::MASK)
            }

            /// The bits.
            #[must_use]
            pub const fn bits(self) -> u16 {
                self.0
            }

            /// Whether all of `other` are set.
            #[must_use]
            pub const fn contains(self, other: Self) -> bool {
                self.0 & other.0 == other.0
            }

            /// Whether none is set.
            #[must_use]
            pub const fn is_empty(self) -> bool {
                self.0 == 0
            }

            /// These and `other`.
            #[must_use]
            pub const fn with(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }

            /// These but not `other`.
            #[must_use]
            pub const fn without(self, other: Self) -> Self {
                Self(self.0 & !other.0)
            }

            /// Those that `other` has too.
            #[must_use]
            pub const fn common(self, other: Self) -> Self {
                Self(self.0 & other.0)
            }

            /// The names of the set bits, lowest first.
            pub fn names(self) -> impl Iterator<Item = &'static str> {
                [$((Self::$flag, stringify!($flag))),*]
                    .into_iter()
                    .filter(move |(flag, _)| self.contains(*flag))
                    .map(|(_, name)| name)
            }
        }

        impl core::ops::BitOr for $name {
            type Output = Self;
            fn bitor(self, other: Self) -> Self {
                self.with(other)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_set().entries(self.names()).finish()
            }
        }

        impl Value for $name {
            const BITS: u32 = 16;
            const KIND: Kind = Kind::Flags;
            const STABLE: u32 = $stable;

            fn from_raw(raw: u32) -> Self {
                Self::from_bits(raw as u16)
            }

            fn to_raw(self) -> u32 {
                self.0.into()
            }
        }
    };
}

flags! {
    /// MODE (pages 55 and 56). The bit that resets the chip is not among these: only the driver's
    /// `init` sets it.
    Mode: 0xFFBF, stable 0xFF9F {
        /// Channel 1 passes no high-pass filter.
        DISHPF = 0;
        /// Active power passes no low-pass filter.
        DISLPF2 = 1;
        /// The CF pin is off.
        DISCF = 2;
        /// The SAG pin is off.
        DISSAG = 3;
        /// Both converters are off.
        ASUSPEND = 4;
        /// Starts a temperature measurement at the next zero crossing; goes back by itself.
        TEMPSEL = 5;
        /// Line-cycle windows are on.
        CYCMODE = 7;
        /// The inputs of channel 1 are shorted.
        DISCH1 = 8;
        /// The inputs of channel 2 are shorted.
        DISCH2 = 9;
        /// The channels are exchanged.
        SWAP = 10;
        /// Low bit of the sample rate; see [`Mode::with_sample_rate`].
        DTRT0 = 11;
        /// High bit of the sample rate.
        DTRT1 = 12;
        /// Low bit of the source of samples; see [`Mode::with_waveform`].
        WAVSEL0 = 13;
        /// High bit of the source of samples.
        WAVSEL1 = 14;
        /// Only positive active power is accumulated.
        POAM = 15;
    }
}

flags! {
    /// STATUS, RSTSTATUS and IRQEN (page 56). A set bit is an event for all of them; the data sheet's
    /// "set to logic 0" for ZX is a slip that the one of the ADE7763 does not have.
    Events: 0x7FFF, stable 0x7FBF {
        /// The active energy register is more than half full.
        AEHF = 0;
        /// The voltage was below the sag level.
        SAG = 1;
        /// A line-cycle window has ended.
        CYCEND = 2;
        /// A new waveform sample is there.
        WSMP = 3;
        /// The voltage has crossed zero.
        ZX = 4;
        /// A temperature is there.
        TEMP = 5;
        /// The chip has come out of a reset.
        RESET = 6;
        /// The active energy register has wrapped.
        AEOF = 7;
        /// The voltage exceeded its peak level.
        PKV = 8;
        /// The current exceeded its peak level.
        PKI = 9;
        /// The apparent energy register is more than half full.
        VAEHF = 10;
        /// The apparent energy register has wrapped.
        VAEOF = 11;
        /// The voltage has not crossed zero for the time in ZXTOUT.
        ZXTO = 12;
        /// Active power has become positive.
        PPOS = 13;
        /// Active power has become negative.
        PNEG = 14;
    }
}

/// What the WAVEFORM register shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum WaveformSource {
    /// Active power behind LPF2; 838 861 at full scale.
    ActivePower,
    /// Current; ±2 642 412 at full scale.
    Channel1,
    /// Voltage; about ±9496 at full scale and 60 Hz.
    Channel2,
}

/// How often the WAVEFORM register changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum SampleRate {
    /// CLKIN/128, 27.9 kHz.
    Full,
    /// CLKIN/256, 14 kHz.
    Half,
    /// CLKIN/512, 7 kHz.
    Quarter,
    /// CLKIN/1024, 3.5 kHz.
    Eighth,
}

impl SampleRate {
    /// Periods of CLKIN between two samples.
    #[must_use]
    pub const fn clocks(self) -> u32 {
        match self {
            Self::Full => 128,
            Self::Half => 256,
            Self::Quarter => 512,
            Self::Eighth => 1024,
        }
    }
}

impl Mode {
    /// Another sample rate.
    #[must_use]
    pub const fn with_sample_rate(self, rate: SampleRate) -> Self {
        let cleared = self.without(Self::DTRT0.with(Self::DTRT1));
        match rate {
            SampleRate::Full => cleared,
            SampleRate::Half => cleared.with(Self::DTRT0),
            SampleRate::Quarter => cleared.with(Self::DTRT1),
            SampleRate::Eighth => cleared.with(Self::DTRT0).with(Self::DTRT1),
        }
    }

    /// Another source of samples.
    #[must_use]
    pub const fn with_waveform(self, source: WaveformSource) -> Self {
        let cleared = self.without(Self::WAVSEL0.with(Self::WAVSEL1));
        match source {
            WaveformSource::ActivePower => cleared,
            WaveformSource::Channel1 => cleared.with(Self::WAVSEL1),
            WaveformSource::Channel2 => cleared.with(Self::WAVSEL0).with(Self::WAVSEL1),
        }
    }
}
