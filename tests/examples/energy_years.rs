//! Twenty years of readings, one a second, with restarts in between, against a sum in 128 bits; and beside them
//! what sums of floats make of it.

use std::time::Instant;

use meter_core::{Config, EnergyMeter, Reading, Snapshot, Source};
use meter_sim::random::Random;
use metering_tests::oracle::Oracle;

const SECONDS: u64 = 20 * 365 * 86_400 + 5 * 86_400;

fn main() {
    let source = Source {
        counter_step_uwh: 0,
        moduli: &[],
        max_power_mw: 23_000_000,
        power_step_mw: 1,
        voltage_step_mv: 100,
        current_step_ma: 1,
        power_factor_step_milli: 10,
        is_signed: true,
        is_simultaneous: true,
    };
    let config = Config::new(source);
    let (mut meter, mut oracle, mut random) = (EnergyMeter::new(), Oracle::new(), Random::new(20));
    let (mut single, mut double) = (0.0_f32, 0.0_f64);
    let (mut at_ms, mut power_mw, mut restarts, mut before) = (0, 300_000, 0, None);
    let started = Instant::now();
    for second in 0..SECONDS {
        let word = random.next_u64();
        // A household that changes its mind now and then, and has the sun on its roof.
        if word & 0x3F == 0 {
            power_mw = ((word >> 8) % 9_000_000) as i32 - 2_500_000;
        }
        // A second, more or less.
        at_ms += 990 + (word >> 40) % 21;
        oracle.push(at_ms, power_mw);
        let reading = Reading {
            power_mw: Some(power_mw),
            ..Reading::at(at_ms)
        };
        meter.push(&reading, &config);
        if let Some((before_ms, before_mw)) = before.replace((at_ms, power_mw)) {
            let watts = f64::from(i32::max(before_mw, 0)) + f64::from(i32::max(power_mw, 0));
            let kwh = watts / 2e6 * (at_ms - before_ms) as f64 / 3.6e6;
            double += kwh;
            single += kwh as f32;
        }
        // A power cut every four months on average, at any moment.
        if word.is_multiple_of(10_000_019) || second == SECONDS / 2 {
            let stored = meter.snapshot().encode();
            let snapshot = Snapshot::decode(&stored).expect("what was stored");
            meter = EnergyMeter::restore(&snapshot);
            oracle.interrupt();
            before = None;
            restarts += 1;
        }
    }
    let elapsed = started.elapsed();
    let registers = meter.registers();
    let parts = [registers.import, registers.export]
        .map(|register| (u128::from(register.mwh()), u128::from(register.rest())));
    let right = oracle.parts();
    println!(
        "{SECONDS} readings, {restarts} restarts, {:.1} s",
        elapsed.as_secs_f64()
    );
    for (name, (got, right)) in ["import", "export"].iter().zip(parts.iter().zip(right)) {
        println!(
            "{name}: {} mWh and {} of 7 200 000; the sum in 128 bits: {} and {}",
            got.0, got.1, right.0, right.1
        );
    }
    let [(import, _), _] = right;
    let off = |kwh: f64| (kwh * 1e6 - import as f64) / import as f64 * 100.0;
    println!(
        "import summed as f32: {:+.2} %; as f64: {:+.1e} %, {:.0} mWh",
        off(f64::from(single)),
        off(double),
        double * 1e6 - import as f64
    );
    assert_eq!(parts, right, "the registers have lost something");
    println!("difference of the registers: 0 mWh");
}
