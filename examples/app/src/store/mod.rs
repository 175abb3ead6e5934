//! What the device keeps: records until they are sent, registers, small values. Nothing here makes the sampling wait.
//!
//! Records are born into the [`Log`] in RAM. While the uplink keeps up they go from there and never touch flash,
//! but for events and intervals, which are written at once. Readings that wait longer than the settings allow are
//! written in blocks. The [`Outbox`](crate::platform::Outbox) gives all of them in the order they were made, wherever
//! they are; what has been sent from RAM while it was being written is dropped from flash unseen.
//!
//! A power cut takes what was in RAM: readings younger than the settings allow, and nothing else. When flash is full
//! the oldest readings go, counted, and an event tells how many.

mod block;
mod covered;
mod difference;
mod enrolment;
mod error;
mod flash;
mod guard;
mod inner;
mod keeper;
mod log;
mod open;
mod outbox;
mod plan;
mod queue;
mod states;
mod varint;
mod window;

pub use enrolment::Enrolled;
pub use error::StoreError;
pub use flash::{Region, SharedFlash, USES, Use};
pub use keeper::Keeper;
pub use log::Log;
pub use open::{Layout, Opened, Queues, Stored};
pub use outbox::Outlet;
pub use plan::Plan;
pub use queue::{JOURNAL_PAGES, READING_PAGES};
pub use states::{Key, STATE_PAGES, SharedStates, States, VALUE};

/// Records in RAM.
pub const RING: usize = 96;
/// Most records that [`Outlet`] gives at once.
pub const BATCH: usize = 32;
