//! How far a meter may be off, and what a test can say about it.
//!
//! The limits are those of IEC 62053-21 for static meters of class 1 and 2, as ADI AN-916 (table 1) and reproductions of
//! the standard's tables 7 and 8 give them. This is a tool for who tests a meter, not a statement that one conforms.

mod limits;
mod no_load;
mod verdict;

pub use limits::{AccuracyClass, Connection, Load, PowerFactor, limit_ppm, starting_current_ppm};
pub use no_load::{NoLoad, NoLoadEdition};
pub use verdict::{Undecided, Verdict, energy_uncertainty_ppm, judge, judge_start};
