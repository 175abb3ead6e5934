#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![doc = include_str!("../README.md")]

pub mod blocking;
pub mod calibration;
pub mod config;
pub mod energy;
pub mod error;
pub mod factor;
pub mod front_end;
pub mod level;
pub mod register;
pub mod scale;
pub mod temperature;
pub mod waveform;
pub mod window;

#[cfg(feature = "async")]
pub mod asynch;
#[cfg(feature = "nb")]
pub mod nonblocking;

#[cfg(feature = "meter-core")]
mod readings;

mod access;
mod angle;
mod commands;
mod identify;
mod shadow;
mod state;

pub use calibration::Calibration;
pub use config::{Config, ConfigError, Variant};
pub use energy::{EnergyDelta, EnergyTotals};
pub use error::{Error, Failure, Symptom};
pub use factor::Factor;
pub use front_end::{CurrentSensor, Filter, FrontEnd, FrontEndError, PhaseBudget, VoltageSensor};
pub use register::{Events, Mode, SampleRate, WaveformSource};
pub use scale::{Measurement, Scale};
pub use state::Stats;
pub use temperature::Temperature;
pub use waveform::SelfTest;
pub use window::{LineCycles, Rms, Window};

pub use embedded_hal;

/// SPI mode of the chip: clock idle low, data taken over at the falling edge (data sheet Rev. C, figures 3
/// and 4).
pub const SPI_MODE: embedded_hal::spi::Mode = embedded_hal::spi::MODE_1;

/// Highest SPI clock in hertz (page 6: high and low for 50 ns each).
pub const MAX_SPI_HZ: u32 = 10_000_000;

/// The usual crystal, for which the data sheet gives its figures.
pub const CLKIN_HZ: u32 = 3_579_545;
