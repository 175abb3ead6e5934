//! Loads that are switched.

use meter_core::Reading;
use meter_core::detect::{Edge, Edges};
use meter_sim::random::Random;

use super::power;

fn edges(powers: &[i32]) -> Vec<(u64, i32)> {
    let mut edges = Edges::new();
    (0..)
        .zip(powers)
        .filter_map(|(second, watts)| edges.push(&power(second * 1_000, watts * 1_000)))
        .map(|edge| (edge.at_ms / 1_000, edge.power_mw / 1_000))
        .collect()
}

#[test]
fn a_load_is_a_step_between_two_times_of_quiet() {
    // A kettle: on at 5, off at 10.
    assert_eq!(
        edges(&[
            100, 101, 100, 99, 100, 2_100, 2_098, 2_101, 2_100, 2_099, 100, 100, 101, 100
        ]),
        [(5, 2_001), (10, -1_998)]
    );
    // Inrush and ramps are left out, the time is that of the new level.
    assert_eq!(
        edges(&[50, 50, 50, 900, 400, 250, 251, 250, 250]),
        [(5, 200)]
    );
    // Below 15 W, or below 5 %, nothing has happened; nor when the level comes back within two readings.
    assert_eq!(edges(&[50, 50, 50, 64, 64, 64, 64]), []);
    assert_eq!(edges(&[2_000, 2_000, 2_000, 2_090, 2_090, 2_090]), []);
    assert_eq!(edges(&[50, 50, 50, 500, 500, 50, 50, 50]), []);
    // Export is a load like any other.
    assert_eq!(edges(&[300, 300, 300, -700, -700, -700]), [(3, -1_000)]);
    // A slow drift is none.
    let drift: Vec<i32> = (0..500).map(|n| 200 + n).collect();
    assert_eq!(edges(&drift), []);
}

#[test]
fn edges_add_up_to_what_the_loads_are() {
    let mut random = Random::new(31);
    let mut edges = Edges::new();
    let (mut total, mut found, mut switched) = (500_000_i32, 0_i64, 0_u32);
    let mut seen = 0;
    for second in 0..60_000_u64 {
        if second > 10 && second % 12 == 0 {
            let step = 300_000 + random.below(2_000_000) as i32;
            total = if total > 3_000_000 {
                total - step
            } else {
                total + step
            };
            switched += 1;
        }
        let noise = random.below(2_000) as i32 - 1_000;
        if let Some(Edge { power_mw, .. }) = edges.push(&power(second * 1_000, total + noise)) {
            found += i64::from(power_mw);
            seen += 1;
        }
    }
    assert_eq!(seen, switched);
    // Noise of a watt at each end of each.
    assert!(
        (found - i64::from(total - 500_000)).abs() < 400_000,
        "{found} {total}"
    );
}

#[test]
fn edges_tell_reactive_power_of_meters_that_have_it() {
    let mut edges = Edges::new();
    let with = |second: u64, mw, mvar| Reading {
        reactive_mvar: Some(mvar),
        ..power(second * 1_000, mw)
    };
    let edge = (0..6).find_map(|second| {
        let (mw, mvar) = if second < 3 {
            (100_000, 20_000)
        } else {
            (900_000, 620_000)
        };
        edges.push(&with(second, mw, mvar))
    });
    assert_eq!(
        edge,
        Some(Edge {
            at_ms: 3_000,
            power_mw: 800_000,
            reactive_mvar: Some(600_000)
        })
    );
}

#[test]
fn an_edge_is_not_before_the_time_stepped_back() {
    let mut edges = Edges::new();
    let base = 1 << 40;
    let times = [
        base,
        base + 1_000,
        base + 2_000,
        base + 3_000,
        base - 60_000,
        base - 59_000,
    ];
    let edge = times
        .into_iter()
        .zip([100, 100, 100, 900, 900, 900])
        .find_map(|(at_ms, watts)| edges.push(&power(at_ms, watts * 1_000)));
    assert_eq!(edge.map(|edge| edge.at_ms), Some(base - 59_000));
}
