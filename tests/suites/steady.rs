//! A day of the device without growth. The device has no allocator; the world around it has one, and holds the device's
//! future, flash and sockets: what grew in either would be seen in what is allocated.
//!
//! `cargo test -p metering-tests --test steady -- --nocapture` prints the hours. Nothing else may run in this
//! process.
#![allow(clippy::unwrap_used, reason = "a test that can not go on fails")]

use std::fmt::Write as _;

use metering_tests::app::server::Mood;
use metering_tests::app::world::{HOUR_US, SECOND_US, World};
use peak_alloc::PeakAlloc;
use smart_meter::settings::Uplink;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// The hours without a network.
const OFFLINE: [u64; 2] = [9, 10];

/// When somebody looks in each second: right after the first meter was read, which takes 70 ms, after the second, and
/// when both have arrived.
const LOOKS_US: [u64; 3] = [75_000, 145_000, 500_000];

/// What an hour was like.
#[derive(Clone, Copy, Debug)]
struct Hour {
    /// Most records that waited in RAM, and in flash.
    most: (u32, u32),
    /// Those that waited at its end.
    left: (u32, u32),
    /// Bytes allocated at its end, when the server has forgotten what came.
    bytes: usize,
}

fn day(uplink: Uplink) -> Vec<Hour> {
    let mut world = World::new(1, &[1, 2]);
    world.settings.uplink = uplink;
    world.settings.mqtt_broker = "mqtt://server".try_into().unwrap();
    let mut hours = Vec::with_capacity(24);
    world.power(1, |device| {
        for hour in 0..24 {
            let is_offline = OFFLINE.contains(&hour);
            world.server.set_mood(if is_offline {
                Mood::Offline
            } else {
                Mood::Good
            });
            let mut most = (0, 0);
            for second in 0..3_600 {
                for part_us in LOOKS_US {
                    let at_us = hour * HOUR_US + second * SECOND_US + part_us;
                    assert!(device.until_us(at_us));
                    let (ram, flash) = device.log.depths();
                    most = (ram.max(most.0), flash.max(most.1));
                }
            }
            world.server.forget_before(u32::MAX);
            let left = device.log.depths();
            hours.push(Hour {
                most,
                left,
                bytes: ALLOCATOR.current_usage(),
            });
        }
        let state = device.log.state();
        assert_eq!((state.dropped, state.failures), (0, 0), "{state:?}");
    });
    assert!(world.server.complaints().is_empty());
    hours
}

#[test]
fn a_day_does_not_grow() {
    for uplink in [Uplink::Http, Uplink::Mqtt] {
        let hours = day(uplink);
        let mut text = format!("{uplink:?}: hour, most in RAM and flash, left there, bytes\n");
        for (hour, row) in (1..).zip(&hours) {
            let ((ram, flash), left) = (row.most, row.left);
            let _ = writeln!(text, "{hour:>2} {ram:>3} {flash:>5} {left:?} {}", row.bytes);
        }
        println!("{text}");
        let first = hours.first().unwrap();
        for (hour, row) in (0..).zip(&hours) {
            if OFFLINE.contains(&hour) {
                assert!(row.left.1 > 1_000, "two hours offline are in flash\n{text}");
                continue;
            }
            assert_eq!(row.left, (0, 0), "everything has gone\n{text}");
            let is_after = OFFLINE.iter().any(|offline| offline + 1 == hour);
            if !is_after {
                let (ram, flash) = row.most;
                assert!(ram <= 2 && flash <= 2, "one for each meter\n{text}");
            }
            assert_eq!(row.bytes, first.bytes, "as after the first hour\n{text}");
        }
    }
}
