//! An archive on an SD card: every reading and event as a line of a CSV file.
//!
//! Lines have one length, [`line::LENGTH`], of which two fill a sector, and a sector that was written once is never
//! written again: what a power cut can harm is what was being written, and it is told by the check of each line.
//! A card that is taken out, full or broken stops nothing: records wait in an [`Inbox`], and what it has no room for
//! is counted.

mod inbox;
pub mod line;

#[cfg(feature = "sd")]
mod guard;
#[cfg(feature = "sd")]
mod slot;
#[cfg(feature = "sd")]
mod space;
#[cfg(feature = "sd")]
mod task;
#[cfg(feature = "sd")]
mod volume;
#[cfg(feature = "sd")]
mod writer;

pub use inbox::Inbox;

#[cfg(feature = "sd")]
pub use guard::{Card, Fault};
#[cfg(feature = "sd")]
pub use slot::{Failure, Slot};
#[cfg(feature = "sd")]
pub use task::run;
#[cfg(feature = "sd")]
pub use writer::{Opened, ROLL_BYTES, SECTOR, Writer};
