//! What the binaries share: the pins of each chip, and the glue between its units and the application.

#![no_std]

#[cfg(feature = "network")]
pub mod access;
pub mod board;
#[cfg(feature = "parts")]
pub mod bus;
#[cfg(feature = "parts")]
pub mod card;
#[cfg(feature = "app")]
pub mod clock;
#[cfg(feature = "app")]
pub mod console;
#[cfg(feature = "app")]
pub mod device;
#[cfg(feature = "app")]
pub mod display;
#[cfg(feature = "emulator-net")]
pub mod emulator_net;
#[cfg(feature = "app")]
pub mod firmware;
#[cfg(feature = "parts")]
pub mod flash;
#[cfg(feature = "app")]
pub mod machine;
#[cfg(feature = "network")]
pub mod network;
#[cfg(all(feature = "app", not(feature = "network")))]
pub mod offline;
#[cfg(feature = "app")]
pub mod outside;
#[cfg(feature = "app")]
pub mod panel;
mod pins;
#[cfg(feature = "network")]
pub mod reach;
#[cfg(feature = "parts")]
pub mod rtc;
#[cfg(feature = "app")]
pub mod run;
#[cfg(feature = "tls")]
pub mod secure;
#[cfg(feature = "app")]
pub mod slots;
#[cfg(feature = "network")]
pub mod sntp;
#[cfg(feature = "app")]
pub mod stack;
#[cfg(feature = "app")]
pub mod watchdog;
#[cfg(feature = "wifi")]
pub mod wifi;
#[cfg(feature = "app")]
pub mod witness;
