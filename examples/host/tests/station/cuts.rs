//! Power cuts: the station is killed at any moment and started again.

use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

use super::failures::never_falls;
use super::process::{Folder, Running, outcome};
use super::receiver::Receiver;

/// Readings that may be lost: those of the 5 s before they are in flash, what is being written, what is on its way from
/// one to the other. At the speed of the test a busy PC takes longer for each.
const LOST: usize = 6;

/// A generator whose numbers are as good as any here (Numerical Recipes).
struct Dice(u32);

impl Dice {
    fn ms(&mut self, least: u64, most: u64) -> Duration {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let spread = u64::from(self.0 >> 8) % (most - least);
        Duration::from_millis(least + spread)
    }
}

#[test]
fn nothing_is_lost_or_told_twice_over_power_cuts() {
    let (folder, received) = (Folder::new("cuts"), Receiver::start([]));
    let base = received.base();
    let nobody = "http://127.0.0.1:1/api".to_owned();
    let mut dice = Dice(5);
    let mut shown = Vec::new();
    for cut in 0..16 {
        // Now and then nobody takes what there is.
        let way = if cut % 3 == 1 { &nobody } else { &base };
        let running = Running::start(&["--data", folder.path(), "--speed", "60", "--http", way]);
        sleep(dice.ms(200, 1_500));
        let (text, said) = running.kill();
        let boot = said
            .lines()
            .find_map(|line| line.strip_prefix("meter: start "))
            .and_then(|rest| rest.split(' ').next()?.parse::<u64>().ok());
        // Killed before it began to measure, it has shown nothing.
        let readings = text.matches("| Power factor ").count();
        assert!(boot.is_some() || readings == 0, "{said}");
        shown.extend(boot.map(|boot| (boot, readings)));
    }
    let last = [
        "--data",
        folder.path(),
        "--speed",
        "60",
        "--http",
        &base,
        "--count",
        "20",
    ];
    let (code, said) = outcome(&last);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("0 records wait to be sent"), "{said}");

    let records = received.records();
    let readings = never_falls(&records);
    let all: usize = shown.iter().map(|(_, readings)| readings).sum();
    println!(
        "{} cuts: {all} readings shown before them, {readings} there in the end",
        shown.len()
    );
    assert!(all > 100, "{all} readings are a test");
    assert!(
        shown.is_sorted_by(|(a, _), (b, _)| a < b),
        "no start has the name of another: {shown:?}"
    );
    for (boot, readings) in &shown {
        let came = received.of(*boot);
        let seq = |record: &Value| record["seq"].as_u64().expect("a number");
        let is_reading = |record: &&Value| record["voltage"].is_number();
        let count = came.iter().filter(is_reading).count();
        assert!(
            count + LOST >= *readings,
            "start {boot}: {readings} shown, {count} came"
        );
        // Events and intervals go to flash at once: where a number is missing nothing else comes after.
        let whole = (0..)
            .zip(&came)
            .take_while(|(n, record)| *n == seq(record))
            .count();
        let rest = &came[whole..];
        assert_eq!(
            rest.iter().filter(is_reading).count(),
            0,
            "start {boot}: {rest:?}"
        );
    }
    // The register has what the module has counted since it was asked first, all cuts included.
    let kept = std::fs::read_to_string(folder.join("module-1.txt")).unwrap();
    let counted: f64 = kept.trim_end_matches(" Wh\n").parse().unwrap();
    let kwh = |record: &Value| record["energy_kwh"].as_f64();
    let register = records.values().filter_map(kwh).next_back().unwrap();
    let off = counted - 1_284_350.0 - register * 1_000.0;
    println!(
        "module: {} Wh, register: {:.3} Wh",
        counted - 1_284_350.0,
        register * 1_000.0
    );
    assert!((-1.0..=1.0).contains(&off), "{kept} {register}");
}
