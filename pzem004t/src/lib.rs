#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![doc = include_str!("../README.md")]

pub mod address;
pub mod blocking;
pub mod bus;
pub mod config;
pub mod dc;
pub mod error;
pub mod frame;
pub mod measurement;
pub mod operation;
pub mod plausibility;
pub mod request;
pub mod rs485;
pub mod stats;
pub mod transaction;

#[cfg(feature = "async")]
pub mod asynch;
#[cfg(feature = "legacy")]
pub mod legacy;
#[cfg(feature = "nb")]
pub mod nonblocking;

#[cfg(feature = "meter-core")]
mod readings;

mod commands;
mod crc;
mod decoder;

pub use address::{Address, InvalidAddress, Target};
pub use config::{Config, EchoMode};
pub use dc::{CurrentRange, DcMeasurement, DcSettings};
pub use decoder::Tally;
pub use error::{Error, Exception, Failure};
pub use measurement::{Alarm, Measurement, Quantity};
pub use operation::{CalibrationToken, Diagnosis, Family, Presence, Verdict};
pub use plausibility::{DcPlausibility, Field, Implausible, Plausibility, Reason};
pub use stats::Stats;

pub use embedded_hal;
pub use embedded_io;
