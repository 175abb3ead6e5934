#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![doc = include_str!("../README.md")]

pub mod accuracy;
pub mod billing;
pub mod calibration;
pub mod demand;
pub mod detect;
pub mod energy;
pub mod freeze;
pub mod health;
pub mod meter;
pub mod profile;
pub mod quality;
pub mod reading;
pub mod snapshot;
pub mod tariff;
pub mod waveform;

mod arithmetic;
mod interval;

pub use calibration::Calibration;
pub use demand::{Demand, Peak};
pub use detect::{Event, EventCode, Phase};
pub use energy::{Config, EnergyMeter, Flags, Register, Registers, Step};
pub use freeze::Freeze;
pub use health::Health;
pub use meter::{Meter, Outputs, Settings};
pub use profile::{Profile, Record, Status};
pub use reading::{CounterReading, Reading, ReadingSource, Source};
pub use snapshot::{Ring, Slots, Snapshot, SnapshotError};
pub use tariff::{LocalTime, RateRegisters, Season, Switch, Tariff, TariffError};
