//! Settings, console, updates: what a person or a server changes on a device.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod authority;
mod clock;
mod console;
mod device;
mod download;
mod flash;
mod form;
mod image;
mod life;
mod readme;
mod settings;
mod stored;
mod web;
