//! What the binaries share: the pins of each chip.

#![no_std]

pub mod board;
