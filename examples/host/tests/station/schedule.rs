//! Readings come when they are due, whatever becomes of the uplink.

use std::time::Duration;

use super::archive::rows;
use super::process::{Folder, Running};
use super::receiver::{Manner, Receiver};

const SECONDS: usize = 20;
/// How far from its place in the schedule nine readings of ten may be, and how far each: a PC has other things to do.
const LIMIT_MS: i64 = 50;
const FARTHEST_MS: i64 = 500;

/// When readings were made, in milliseconds since the start of the station, by the archive.
fn times(folder: &Folder) -> Vec<i64> {
    let text = std::fs::read_to_string(folder.join("data.csv")).unwrap();
    rows(&text)
        .into_iter()
        .filter(|row| !row["voltage"].is_empty())
        .map(|row| (row["uptime_s"].parse::<f64>().unwrap() * 1_000.0).round() as i64)
        .collect()
}

#[test]
fn readings_keep_their_schedule_while_the_uplink_fails() {
    // Each request fails in another way, the slow ones for longer than the time between two readings.
    let ways = [
        Manner::Fails,
        Manner::Deaf,
        Manner::HangsUp,
        Manner::Late(Duration::from_millis(1_500)),
    ];
    let received = Receiver::start(ways.into_iter().cycle().take(400));
    let (folder, base) = (Folder::new("schedule"), received.base());
    let mut running = Running::start(&[
        "--data",
        folder.path(),
        "--http",
        &base,
        "--set",
        "sampling.interval=1s",
    ]);
    running.says("start 1 of this station");
    std::thread::sleep(Duration::from_secs(SECONDS as u64 + 1));
    running.end();
    let times = times(&folder);
    assert!(times.len() + 2 >= SECONDS, "none was left out: {times:?}");
    // Against the clock of the schedule, from the first reading after the start on: it does not drift.
    let first = times[1];
    let off = |(n, at): (usize, &i64)| (at - first - n as i64 * 1_000).abs();
    let mut off: Vec<i64> = times[1..].iter().enumerate().map(off).collect();
    off.sort_unstable();
    let at = |share: usize| off[(off.len() - 1) * share / 10];
    let (median, most_of_them, most) = (at(5), at(9), at(10));
    println!(
        "reading against its schedule, uplink failing: median {median} ms, nine of ten {most_of_them} ms, \
         farthest of {} {most} ms",
        off.len()
    );
    assert!(received.left() < 400, "the uplink was tried");
    assert!(most_of_them <= LIMIT_MS && most <= FARTHEST_MS, "{off:?}");
}
