//! Alarms that an owner does not switch off.
//!
//! Each detector can be used alone and has a few bytes of state. An alarm begins when its condition has held
//! for a time, and ends when the opposite has: there is an event for both. Defaults are those that do not
//! misfire on healthy loads; the naive rules are there under their own names for those who want them.

mod alarm;
mod base_load;
mod clock;
mod consumption;
mod counter;
mod edge;
mod event;
mod feeder;
mod frozen;
mod limit;
mod link;
mod mismatch;
mod residual;

pub(crate) use alarm::Toggle;
pub use alarm::{Alarm, Level, Rule};
pub use base_load::BaseLoad;
pub use clock::ClockWatch;
pub use consumption::{ConsumptionDrop, DropLimits};
pub use counter::CounterWatch;
pub use edge::{Edge, Edges};
pub use event::{Event, EventCode, Latch, Method, Phase};
pub use feeder::FeederBalance;
pub use frozen::{FrozenSource, FrozenTimes};
pub use limit::{Limit, Naive};
pub use link::Link;
pub use mismatch::EnergyMismatch;
pub use residual::{ImpossiblePower, Residual};
