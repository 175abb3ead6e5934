#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![doc = include_str!("../README.md")]

pub mod demand;
pub mod detect;
pub mod energy;
pub mod profile;
pub mod reading;
pub mod snapshot;
pub mod tariff;

mod interval;

pub use demand::{Demand, Peak};
pub use detect::{Event, EventCode, Phase};
pub use energy::{Config, EnergyMeter, Flags, Register, Registers, Step};
pub use profile::{Profile, Record, Status};
pub use reading::{CounterReading, Reading, ReadingSource, Source};
pub use snapshot::{Slots, Snapshot, SnapshotError};
pub use tariff::{LocalTime, RateRegisters, Season, Switch, Tariff, TariffError};
