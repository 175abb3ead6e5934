//! Bills in whole numbers: energy by slabs and rates, fixed charges, demand, taxes, and credit that is paid before.
//!
//! Money is counted in millionths of the currency. Each line of a bill is rounded once, to the nearest of these, and
//! all sums are exact from there on.

mod bill;
mod money;
mod plan;
mod prepaid;

pub use bill::{Bill, Usage};
pub use money::Money;
pub use plan::{Plan, PlanError, Slab};
pub use prepaid::{Notice, Prepaid};
