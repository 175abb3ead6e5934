//! The time of the day: from time servers, else from the clock with a battery, else nobody's.

pub mod zone;
