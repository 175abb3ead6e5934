//! New firmware: signed, loaded into the slot that does not run, started, and taken back unless it proves itself.

pub mod image;
mod verify;
mod version;

pub use image::{Chip, Header};
pub use verify::{Policy, Refusal, Verifier};
pub use version::Version;
