#![doc = include_str!("../README.md")]

pub mod pzem;
pub mod random;
