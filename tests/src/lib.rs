//! Test doubles and helpers shared by the suites.

pub mod accuracy;
pub mod app;
pub mod evaluation;
pub mod fixture;
pub mod nor;
pub mod oracle;
pub mod script;
