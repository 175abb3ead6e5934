//! The built `meter station` against real counterparts: brokers, servers that misbehave, power cuts.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that can not go on fails"
)]

#[cfg(unix)]
mod archive;
#[path = "../../../app/tests/uplink_end_to_end/broker.rs"]
#[allow(dead_code, reason = "the other suite needs more of it")]
mod broker;
#[path = "../firmware_server/ca.rs"]
#[allow(dead_code, reason = "the other suite needs more of it")]
mod ca;
#[cfg(unix)]
mod clocks;
#[cfg(unix)]
mod cuts;
mod failures;
#[cfg(unix)]
mod looks;
#[cfg(unix)]
mod manners;
#[cfg(unix)]
mod modules;
mod process;
#[cfg(unix)]
#[path = "../support/pty.rs"]
#[allow(dead_code, reason = "other suites need more of it")]
mod pty;
mod receiver;
mod runs;
#[cfg(unix)]
mod schedule;
#[path = "../../../app/tests/uplink_end_to_end/subscriber.rs"]
#[allow(dead_code, reason = "the other suite needs more of it")]
mod subscriber;
#[cfg(unix)]
mod subscribers;
mod trust;
