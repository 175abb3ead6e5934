#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![doc = include_str!("../README.md")]

pub mod energy;
pub mod reading;
pub mod snapshot;

pub use energy::{Config, EnergyMeter, Flags, Register, Registers, Step};
pub use reading::{CounterReading, Reading, ReadingSource, Source};
pub use snapshot::{Slots, Snapshot, SnapshotError};
