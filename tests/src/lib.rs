//! Test doubles and helpers shared by the suites.

pub mod fixture;
pub mod script;
