//! Ten thousand virtual hours of devices among faults: nothing may be lost but what the settings give away, nothing
//! doubled, no register lower, no task stuck.
//!
//! `cargo run --release -p metering-tests --example campaign [HOURS [DEVICES]]`
#![allow(clippy::expect_used, reason = "a program for the command line")]

use std::thread;
use std::time::Instant;

use metering_tests::app::campaign::{Campaign, Report};

fn main() {
    let mut numbers = std::env::args().skip(1).map(|text| text.parse::<u64>());
    let hours = numbers.next().unwrap_or(Ok(10_000)).expect("hours");
    let devices = numbers
        .next()
        .unwrap_or(Ok(20))
        .expect("a number of devices");
    let begin = Instant::now();
    let threads = thread::available_parallelism().map_or(1, |count| count.get() as u64);
    let workers: Vec<_> = (0..threads)
        .map(|worker| {
            thread::spawn(move || {
                let mine = (0..devices).filter(|seed| seed % threads == worker);
                let reports = mine.map(|seed| Campaign::new(seed).run(hours / devices));
                reports.fold(Report::default(), Report::with)
            })
        })
        .collect();
    let reports = workers
        .into_iter()
        .map(|worker| worker.join().expect("everything as it must be"));
    let report = reports.fold(Report::default(), Report::with);
    print!("{report}");
    let cores = if threads == 1 { "core" } else { "cores" };
    println!(
        "| all of that on {threads} {cores} | {:.0} s |",
        begin.elapsed().as_secs_f64()
    );
}
