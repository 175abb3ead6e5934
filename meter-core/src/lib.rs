#![no_std]
#![doc = include_str!("../README.md")]

/// Milliwatt-hours in one watt-hour, the step of a PZEM's energy counter.
pub const MWH_PER_WH: u64 = 1_000;

/// Milliwatt-milliseconds in one milliwatt-hour: what an integral of power over a millisecond clock
/// is divided by, with the remainder kept.
pub const MW_MS_PER_MWH: u64 = 3_600_000;
