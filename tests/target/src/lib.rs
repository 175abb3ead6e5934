//! What the measuring programs share.

#![no_std]

pub mod linked;
