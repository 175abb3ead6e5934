//! What the measuring programs share.

#![no_std]

#[cfg(target_arch = "riscv32")]
pub mod emulated;
pub mod linked;
