//! How the chip is wired and what it shall do.

use crate::access;
use crate::calibration::Calibration;
use crate::front_end::FrontEnd;
use crate::level::PulseOutput;
use crate::register::{CFDEN, CFNUM, CH1OS, CH2OS, GAIN, MODE, Register};
use crate::register::{Gain, Mode, OffsetCh1, OffsetCh2, Value};

/// Which chip it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Variant {
    /// With reactive energy.
    #[default]
    Ade7753,
    /// The same without reactive energy.
    Ade7763,
}

/// What is wrong with a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ConfigError {
    /// CLKIN is 1 to 4 MHz (data sheet Rev. C, page 4).
    Clkin(u32),
    /// SCLK is at most 10 MHz (page 6: 50 ns high, 50 ns low).
    Sclk(u32),
}

impl core::fmt::Display for ConfigError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Clkin(hz) => write!(f, "CLKIN of {hz} Hz: the chip takes 1 to 4 MHz"),
            Self::Sclk(hz) => write!(f, "SCLK of {hz} Hz: the chip takes up to 10 MHz"),
        }
    }
}

impl core::error::Error for ConfigError {}

/// Settings of the driver and of the chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Config {
    variant: Variant,
    clkin_hz: u32,
    sclk_hz: u32,
    verify: bool,
    read_retries: u8,
    gain: Gain,
    ch1_offset: i8,
    ch2_offset: OffsetCh2,
    pulse_output: Option<PulseOutput>,
    only_positive: bool,
    calibration: Calibration,
}

impl Config {
    /// For a board with this front end: a crystal of 3.579545 MHz, SPI up to 1 MHz, every transfer
    /// verified, the nominal calibration of the front end, its phase correction included.
    #[must_use]
    pub fn new(front_end: &FrontEnd) -> Self {
        Self {
            variant: Variant::Ade7753,
            clkin_hz: front_end.clkin_hz(),
            sclk_hz: 1_000_000,
            verify: true,
            read_retries: 3,
            gain: front_end.gain(),
            ch1_offset: 0,
            ch2_offset: OffsetCh2::default(),
            pulse_output: None,
            only_positive: false,
            calibration: front_end.nominal_calibration(),
        }
    }

    /// The chip.
    #[must_use]
    pub const fn with_variant(mut self, variant: Variant) -> Self {
        self.variant = variant;
        self
    }

    /// The highest rate the SPI clock may have: the pauses are made for it.
    ///
    /// # Errors
    /// [`ConfigError::Sclk`] for 0 and above 10 MHz.
    pub const fn with_sclk_hz(mut self, hz: u32) -> Result<Self, ConfigError> {
        if hz == 0 || hz > crate::MAX_SPI_HZ {
            return Err(ConfigError::Sclk(hz));
        }
        self.sclk_hz = hz;
        Ok(self)
    }

    /// Whether every read is checked against CHKSUM and every write read back.
    #[must_use]
    pub const fn with_verify(mut self, verify: bool) -> Self {
        self.verify = verify;
        self
    }

    /// How often a read is repeated whose check sum is wrong.
    #[must_use]
    pub const fn with_read_retries(mut self, retries: u8) -> Self {
        self.read_retries = retries;
        self
    }

    /// The result of a calibration.
    #[must_use]
    pub const fn with_calibration(mut self, calibration: Calibration) -> Self {
        self.calibration = calibration;
        self
    }

    /// Offsets of the converters; only needed with the high-pass filter off. `None` beyond 31 steps.
    #[must_use]
    pub const fn with_offsets(mut self, ch1: i8, ch2: i8) -> Option<Self> {
        match (OffsetCh1::new(ch1, false), OffsetCh2::new(ch2)) {
            (Some(ch1), Some(ch2)) => {
                self.ch1_offset = ch1.steps();
                self.ch2_offset = ch2;
                Some(self)
            }
            _ => None,
        }
    }

    /// Pulses on the CF pin; without, the pin is off.
    #[must_use]
    pub const fn with_pulse_output(mut self, output: PulseOutput) -> Self {
        self.pulse_output = Some(output);
        self
    }

    /// Only positive active power counts, on the CF pin too. The sign of what flows back is lost, so
    /// this is off unless a pulse output needs it.
    #[must_use]
    pub const fn with_only_positive(mut self, only_positive: bool) -> Self {
        self.only_positive = only_positive;
        self
    }

    /// The chip.
    #[must_use]
    pub const fn variant(&self) -> Variant {
        self.variant
    }

    /// Frequency at CLKIN in hertz.
    #[must_use]
    pub const fn clkin_hz(&self) -> u32 {
        self.clkin_hz
    }

    /// Whether transfers are verified.
    #[must_use]
    pub const fn verify(&self) -> bool {
        self.verify
    }

    /// The calibration.
    #[must_use]
    pub const fn calibration(&self) -> &Calibration {
        &self.calibration
    }

    pub(crate) const fn attempts(&self) -> u32 {
        if self.verify {
            self.read_retries as u32 + 1
        } else {
            1
        }
    }

    pub(crate) const fn gap_ns(&self) -> u32 {
        access::gap_ns(self.sclk_hz)
    }

    pub(crate) const fn set_pulse_output(&mut self, output: Option<PulseOutput>) {
        self.pulse_output = output;
    }

    /// Registers of the board, in the order in which they are to be written.
    pub(crate) fn board_registers(&self) -> [(u8, u16); 6] {
        let integrator = self.calibration.scale.integrator;
        let ch1 = OffsetCh1::new(self.ch1_offset, integrator)
            .unwrap_or(OffsetCh1::integrator_only(integrator));
        let mut mode = Mode::from_raw(MODE::RESET);
        if self.only_positive {
            mode = mode.with(Mode::POAM);
        }
        let (mut cfnum, mut cfden) = (CFNUM::RESET, CFDEN::RESET);
        if let Some(output) = self.pulse_output {
            mode = mode.without(Mode::DISCF);
            (cfnum, cfden) = (output.numerator.to_raw(), output.denominator.to_raw());
        }
        [
            (GAIN::ADDRESS, self.gain.to_raw()),
            (CH1OS::ADDRESS, ch1.to_raw()),
            (CH2OS::ADDRESS, self.ch2_offset.to_raw()),
            (CFNUM::ADDRESS, cfnum),
            (CFDEN::ADDRESS, cfden),
            // The last one starts something.
            (MODE::ADDRESS, mode.to_raw()),
        ]
        .map(|(address, raw)| (address, raw as u16))
    }
}
