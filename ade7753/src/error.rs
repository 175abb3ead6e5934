//! What can go wrong, told apart by what a person has to look at next.

use core::fmt;

use crate::register::name;

/// The error of the shells: the bus itself, or what the chip did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Error<E> {
    /// The SPI bus failed, with its own error.
    Spi(E),
    /// The pin for interrupts or zero crossings failed.
    Pin(#[cfg_attr(feature = "defmt", defmt(Debug2Format))] embedded_hal::digital::ErrorKind),
    /// The bus works; the chip, its inputs or the call are at fault.
    Chip(Failure),
}

impl<E> Error<E> {
    /// What failed beyond the bus; `None` when it was the bus.
    #[must_use]
    pub const fn failure(&self) -> Option<Failure> {
        match self {
            Self::Spi(_) | Self::Pin(_) => None,
            Self::Chip(failure) => Some(*failure),
        }
    }
}

impl<E> From<Failure> for Error<E> {
    fn from(failure: Failure) -> Self {
        Self::Chip(failure)
    }
}

impl<E: fmt::Debug> fmt::Display for Error<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Spi(error) => write!(f, "SPI bus failed: {error:?}"),
            Self::Pin(kind) => write!(f, "interrupt pin failed: {kind}"),
            Self::Chip(failure) => failure.fmt(f),
        }
    }
}

impl<E: core::error::Error + 'static> core::error::Error for Error<E> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Spi(error) => Some(error),
            Self::Pin(_) => None,
            Self::Chip(failure) => Some(failure),
        }
    }
}

/// Why there is no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Failure {
    /// What answers is not a working chip.
    NotIdentified(Symptom),
    /// The chip did not come out of its reset.
    ResetTimeout,
    /// A register and the number of its ones did not agree, repeats included.
    Checksum {
        /// Address of the register.
        register: u8,
    },
    /// A disturbed read has cleared a register; what was in it is lost.
    Lost {
        /// Address of the register.
        register: u8,
    },
    /// A register does not hold what was written to it.
    ReadBack {
        /// Address of the register.
        register: u8,
        /// What was written.
        wrote: u16,
        /// What it holds.
        read: u16,
    },
    /// The chip has started anew and lost its configuration.
    Restarted,
    /// The voltage did not cross zero in time.
    NoMains,
    /// Line-cycle windows have not been started.
    WindowsOff,
    /// Line-cycle windows have gone by unread; the next one read is a good one.
    WindowsLost {
        /// How many, as far as the time tells.
        missed: u16,
    },
    /// Waveform samples have gone by unread.
    SamplesLost {
        /// How many, as far as the time tells.
        missed: u32,
    },
    /// More waveform samples came than there can have been.
    SamplesRepeated,
    /// An energy register has wrapped since it was read last.
    EnergyOverflow,
    /// No sample of the waveform came.
    NoSamples,
    /// The value is outside what the register takes; nothing was sent.
    OutOfRange {
        /// Address of the register.
        register: u8,
    },
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotIdentified(symptom) => symptom.fmt(f),
            Self::ResetTimeout => f.write_str(
                "the chip did not come out of its reset: check the crystal, the 5 V supply, the RESET pin",
            ),
            Self::Checksum { register } => write!(
                f,
                "{} disagrees with its check sum again and again: check SPI wiring, level shifter, clock rate",
                name(*register)
            ),
            Self::Lost { register } => write!(
                f,
                "a disturbed read has cleared {}, its contents are lost: check SPI wiring",
                name(*register)
            ),
            Self::ReadBack {
                register,
                wrote,
                read,
            } => write!(
                f,
                "{} holds 0x{read:04X} after 0x{wrote:04X} was written: check SPI wiring and clock rate",
                name(*register)
            ),
            Self::Restarted => f.write_str(
                "the chip has started anew and lost its settings: check its supply, then configure it again",
            ),
            Self::NoMains => f.write_str("the voltage does not cross zero: check mains at channel 2"),
            Self::WindowsOff => f.write_str("line-cycle windows have not been started"),
            Self::WindowsLost { missed } => {
                write!(f, "{missed} windows went by unread: poll more often")
            }
            Self::SamplesLost { missed } => write!(
                f,
                "{missed} samples went by unread: lower the sample rate or raise the SPI clock"
            ),
            Self::SamplesRepeated => {
                f.write_str("some samples were read twice: check SPI wiring and the clock given")
            }
            Self::EnergyOverflow => {
                f.write_str("an energy register has wrapped: read it at least every three minutes")
            }
            Self::NoSamples => {
                f.write_str("no waveform sample came: check the crystal and the supply")
            }
            Self::OutOfRange { register } => {
                write!(f, "the value does not fit into {}", name(*register))
            }
        }
    }
}

impl core::error::Error for Failure {}

/// What the answers of something that is not a working chip look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Symptom {
    /// Every bit is 0.
    AllZeros,
    /// Every bit is 1.
    AllOnes,
    /// Known values come shifted by so many bits, to the right when positive.
    Shifted(i8),
    /// Each read brings what belongs to the one before: the pause after the command is missing.
    Stale,
    /// Reads are right, writes get lost in part: the pauses of a write are missing.
    WritesLost,
    /// Reads are right, no write takes effect.
    WritesIgnored,
    /// A register does not have its reset value after a reset.
    UnexpectedDefault {
        /// Address of the register.
        register: u8,
        /// What it should hold.
        expected: u16,
        /// What it holds.
        read: u16,
    },
    /// The register that counts ones does not.
    NoCheckSum,
}

impl fmt::Display for Symptom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AllZeros => f.write_str(
                "only zeros come from the chip: check its supply, DOUT, chip select, the level shifter",
            ),
            Self::AllOnes => f.write_str(
                "only ones come from the chip: check its supply, DOUT, chip select, the level shifter",
            ),
            Self::Shifted(bits) => write!(
                f,
                "values come shifted by {bits} bits: set SPI mode 1 (clock idle low, second edge)"
            ),
            Self::Stale => f.write_str(
                "each read brings the value of the one before: the SPI device drops the 4 us pause between command and data",
            ),
            Self::WritesLost => f.write_str(
                "written bytes get lost: the SPI device drops the 4 us pauses of a write, or runs faster than configured",
            ),
            Self::WritesIgnored => {
                f.write_str("no write takes effect: check DIN, chip select, SPI mode 1")
            }
            Self::UnexpectedDefault {
                register,
                expected,
                read,
            } => write!(
                f,
                "{} holds 0x{read:04X} after a reset instead of 0x{expected:04X}: is this an ADE7753 or ADE7763, in SPI mode 1?",
                name(*register)
            ),
            Self::NoCheckSum => {
                f.write_str("CHKSUM does not count ones: is this an ADE7753 or ADE7763?")
            }
        }
    }
}
