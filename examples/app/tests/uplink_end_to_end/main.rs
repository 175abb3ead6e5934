//! Records on their way out, against real counterparts over real sockets: the broker mosquitto, and a receiver of HTTP
//! posts that misbehaves when told to. Each record has to be there exactly once, known by boot and number.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests are tests"
)]

#[allow(dead_code, reason = "the suite of the station needs more of it")]
mod broker;
#[path = "../uplink/device.rs"]
#[allow(dead_code, reason = "the other suite needs more of it")]
mod device;
mod host;
mod http;
mod latency;
mod mqtt;
mod receiver;
mod subscriber;
