//! The local page over real sockets.
#![cfg(feature = "local-page")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail"
)]

mod calibrate;
mod clients;
mod device;
mod html;
mod json;
mod metrics;
mod openmetrics;
mod server;
mod setup;
