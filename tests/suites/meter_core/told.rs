//! Registers that were told further than they were stored.

use meter_core::{Config, CounterReading, EnergyMeter, Flags, Reading};

use super::COUNTING;

fn reading(at_ms: u64, wh: u64) -> Reading {
    Reading {
        power_mw: Some(720_000),
        counter: Some(CounterReading {
            import: wh,
            export: 0,
        }),
        ..Reading::at(at_ms)
    }
}

#[test]
fn raising_adds_what_is_missing_and_says_that_it_is_estimated() {
    let config = Config::new(COUNTING);
    let mut meter = EnergyMeter::new();
    meter.push(&reading(0, 100), &config);
    meter.push(&reading(5_000, 101), &config);
    meter.raise(8_500, 0);
    let registers = meter.registers();
    assert_eq!(registers.import.mwh(), 8_500);
    assert_eq!(
        (registers.export.mwh(), registers.estimated.mwh()),
        (0, 7_500)
    );
    // No lower than that: what is higher stays, and counting goes on.
    meter.raise(8_499, 0);
    meter.push(&reading(10_000, 102), &config);
    assert_eq!(meter.registers().import.mwh(), 9_500);
    assert_eq!(meter.registers().estimated.mwh(), 7_500);
}

#[test]
fn a_counter_is_doubted_until_a_second_reading() {
    let config = Config::new(COUNTING);
    let mut meter = EnergyMeter::new();
    meter.push(&reading(0, 70_000), &config);
    assert!(!meter.is_doubting());
    meter.push(&reading(5_000, 3), &config);
    assert!(meter.is_doubting());
    let step = meter.push(&reading(10_000, 4), &config);
    assert!(step.flags.contains(Flags::RESET) && !meter.is_doubting());
}

#[test]
fn a_counter_that_begins_at_zero_with_the_program_counts_from_there() {
    let config = Config::new(COUNTING);
    let mut meter = EnergyMeter::new();
    meter.push(&reading(0, 0), &config);
    meter.push(&reading(5_000, 2), &config);
    let stored = meter.snapshot();
    // More than it had when it was stored: nobody could tell that it is another count.
    let restored = EnergyMeter::restore(&stored.with_counter_at_zero());
    let mut meter = restored;
    meter.push(&reading(0, 3), &config);
    meter.push(&reading(5_000, 4), &config);
    assert_eq!(meter.registers().import.mwh(), 6_000);
    // Without a counter there is none to begin.
    let none = EnergyMeter::new().snapshot();
    assert_eq!(none.with_counter_at_zero(), none);
}
