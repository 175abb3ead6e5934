//! New firmware: signed, loaded into the slot that does not run, started, and taken back unless it proves itself.

mod error;
mod fetch;
pub mod guard;
pub mod image;
mod install;
pub mod proof;
mod slots;
mod update;
mod verify;
mod version;

pub use error::UpdateError;
pub use fetch::fetch;
pub use guard::{Expects, Start};
pub use image::{Chip, Header};
pub use install::Install;
pub use slots::{Slot, SlotError, Slots};
pub use update::{Device, update, updater};
pub use verify::{Policy, Refusal, Verifier};
pub use version::Version;
