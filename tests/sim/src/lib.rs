#![doc = include_str!("../README.md")]

pub mod ade7753;
pub mod pzem;
pub mod random;
