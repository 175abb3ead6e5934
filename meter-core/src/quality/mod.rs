//! The quality of the supply by the limits of EN 50160: sags, swells and interruptions with their depth and length,
//! the frequency, and how much of the time both were as they should be.

mod extremes;
mod frequency;
mod supply;
mod voltage;

pub use extremes::Extremes;
pub use frequency::Frequency;
pub use supply::{Supply, SupplyCounts};
pub use voltage::{DepthClass, Disturbance, DurationClass, Voltage};
