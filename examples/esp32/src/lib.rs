//! What the binaries share: the pins of each chip, and the glue between its units and the application.

#![no_std]

pub mod board;
#[cfg(feature = "parts")]
pub mod bus;
#[cfg(feature = "parts")]
pub mod card;
#[cfg(feature = "app")]
pub mod clock;
#[cfg(feature = "app")]
pub mod display;
#[cfg(feature = "emulator-net")]
pub mod emulator_net;
#[cfg(feature = "parts")]
pub mod flash;
#[cfg(feature = "app")]
pub mod machine;
#[cfg(feature = "network")]
pub mod network;
#[cfg(feature = "app")]
pub mod panel;
mod pins;
#[cfg(feature = "parts")]
pub mod rtc;
#[cfg(feature = "app")]
pub mod slots;
#[cfg(feature = "network")]
pub mod sntp;
#[cfg(feature = "app")]
pub mod watchdog;
#[cfg(feature = "wifi")]
pub mod wifi;
