//! What the binaries share: the pins of each chip, and the glue between its units and the application.

#![no_std]

pub mod board;
#[cfg(feature = "parts")]
pub mod bus;
#[cfg(feature = "parts")]
pub mod card;
#[cfg(feature = "parts")]
pub mod flash;
mod pins;
#[cfg(feature = "parts")]
pub mod rtc;
