//! Scoring of detectors on recordings: what is quiet when all is well, and what is found when it is not.

pub mod alarms;
pub mod baselines;
pub mod faults;
pub mod household;
pub mod parse;
pub mod recording;
pub mod replay;
pub mod sets;
pub mod theft;

pub use alarms::Alarm;
pub use recording::{MONTH_MS, Recording, Set};
pub use replay::{Run, replay};
