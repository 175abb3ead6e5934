//! What the measuring programs share.

#![no_std]

#[cfg(all(target_arch = "riscv32", feature = "app"))]
pub mod awaited;
#[cfg(target_arch = "riscv32")]
pub mod emulated;
pub mod linked;
