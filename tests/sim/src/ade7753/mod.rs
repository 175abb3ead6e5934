//! A virtual ADE7753 on its SPI bus.
//!
//! [`Board`] is a chip with its clock; [`Board::spi`], [`Board::delay`] and the pins go to a driver.
//! [`Bench`] puts current transformers, dividers and loads in front of it.

mod bench;
mod board;
mod chip;
mod fast;
mod flags;
mod input;
mod map;
mod path;
mod serial;
mod spi;
mod state;
mod waveform;

pub use bench::{Bench, Load, Sensor};
pub use board::{Board, BusFaults};
pub use input::{Imperfections, Inputs};
pub use serial::Violation;
pub use spi::{Delay, Pin, Spi};
