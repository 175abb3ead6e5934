//! The firmware application in virtual time.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that can not go on fails"
)]

mod campaign;
mod store;
mod told;
