//! Energy registers of a meter.
//!
//! The meter's own counter is the truth: it goes on while nobody reads. The integral of power is kept beside it
//! as a check, and takes its place where there is no counter or where the counter was lost. What a counter
//! does is told apart: it counts, it starts over at its end, it was set to zero, or it says nonsense, which
//! is believed only when the next reading says the same.

mod belief;
mod change;
mod config;
mod flags;
mod integral;
mod meter;
mod register;
mod registers;

pub use config::Config;
pub use flags::{Flags, Step};
pub use meter::EnergyMeter;
pub use register::Register;
pub use registers::Registers;
