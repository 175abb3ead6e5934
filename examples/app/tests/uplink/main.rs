//! Records on their way out: payloads, rules, retries, against scripted peers in virtual time.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "helpers of tests are tests"
)]

mod backoff;
mod device;
mod fake_broker;
mod home_assistant;
mod http;
mod mqtt;
mod payload;
mod reply;
mod size;
mod target;
mod tasmota;
mod time;
mod wire;
