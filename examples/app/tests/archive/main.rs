//! The archive on a card: formatted and read back with another implementation of FAT.
#![cfg(feature = "sd")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail"
)]

mod cards;
mod disk;
mod fuzz;
mod lines;
mod power;
mod records;
mod task;
