#![no_std]
#![doc = include_str!("../README.md")]

/// SPI mode of the chip: clock idle low, data taken over at the falling edge (mode 1; ADE7753 data
/// sheet Rev. C, serial interface timing).
pub const SPI_MODE: u8 = 1;

/// Highest SPI clock in Hz (ADE7753 data sheet Rev. C, timing characteristics: t2 and t3 of 50 ns
/// each).
pub const MAX_SPI_HZ: u32 = 10_000_000;
