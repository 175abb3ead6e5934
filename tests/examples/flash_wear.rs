//! What a year does to the flash of the device: erases of each page are counted, in virtual time, with the settings a
//! new device has.
//!
//! `cargo run --release -p metering-tests --example flash_wear [DAYS]`
#![allow(clippy::expect_used, reason = "a program for the command line")]

use std::ops::Range;
use std::thread;

use metering_tests::app::server::Mood;
use metering_tests::app::world::{HOUR_US, World};
use smart_meter::settings::Uplink;

/// Erases that a page of the usual flash chips lasts for.
const ENDURANCE: f64 = 100_000.0;

struct Case {
    name: &'static str,
    addresses: &'static [u8],
    uplink: Uplink,
    /// Hours of each day without a network.
    offline_h: u64,
}

const CASES: [Case; 4] = [
    Case {
        name: "one meter, server always there",
        addresses: &[1],
        uplink: Uplink::Http,
        offline_h: 0,
    },
    Case {
        name: "one meter, no network for eight hours a day",
        addresses: &[1],
        uplink: Uplink::Http,
        offline_h: 8,
    },
    Case {
        name: "one meter, no uplink at all",
        addresses: &[1],
        uplink: Uplink::None,
        offline_h: 0,
    },
    Case {
        name: "four meters, server always there",
        addresses: &[1, 2, 3, 4],
        uplink: Uplink::Http,
        offline_h: 0,
    },
];

/// Lets the days go by; gives the report.
fn run(case: &Case, days: u64) -> String {
    let mut world = World::new(1, case.addresses);
    world.settings.uplink = case.uplink;
    world.power(1, |device| {
        for day in 0..days {
            let begin_us = day * 24 * HOUR_US;
            if case.offline_h > 0 {
                world.server.set_mood(Mood::Offline);
                device.until_us(begin_us + case.offline_h * HOUR_US);
            }
            world.server.set_mood(Mood::Good);
            device.until_us(begin_us + 24 * HOUR_US);
            // What has arrived is of no interest here.
            world.server.forget_before(u32::MAX);
        }
        let state = device.log.state();
        assert_eq!(state.failures, 0, "{state:?}");
    });
    let erases = world.flash.page_erases();
    let per_year = 365.0 / days as f64;
    let part = |name: &str, pages: &Range<u32>| {
        let pages = erases.get(pages.start as usize..pages.end as usize);
        let pages = pages.unwrap_or_default();
        let most = f64::from(pages.iter().copied().max().unwrap_or(0)) * per_year;
        let all = f64::from(pages.iter().sum::<u32>()) * per_year;
        let years = match most {
            0.0 => "never".to_owned(),
            most => format!("{:.0} years", ENDURANCE / most),
        };
        format!(
            "  {name:<9} {:>3} pages {all:>8.0} erases a year, {most:>6.0} of the most used page: {years}\n",
            pages.len()
        )
    };
    let plan = world.plan();
    let counts = world.flash.counts();
    format!(
        "{}: {:.1} MB written a year\n{}{}{}{}",
        case.name,
        counts.bytes_written as f64 * per_year / 1e6,
        part("guard", &plan.guard),
        part("states", &plan.states),
        part("journal", &plan.journal),
        part("readings", &plan.readings),
    )
}

fn main() {
    let days = std::env::args()
        .nth(1)
        .map(|text| text.parse().expect("a number of days"));
    let days = days.unwrap_or(365);
    println!("{days} virtual days, erases until a page has 100 000:");
    let runs = CASES.map(|case| thread::spawn(move || run(&case, days)));
    for run in runs {
        print!("{}", run.join().expect("all days"));
    }
}
