//! A million transactions on a line with faults: no wrong value is ever taken, except what a
//! 16-bit check value can not see, and the first exchange after the faults is good again.

use std::collections::BTreeMap;

use meter_sim::pzem::{AcModule, Fault, Faults, Line, Load};
use pzem::{Address, Config, Measurement, Plausibility, blocking};

/// Registers of the load, as the reply has to carry them.
fn load() -> Load {
    Load {
        voltage_dv: 2_314,
        current_ma: 4_321,
        power_factor_percent: 93,
        frequency_dhz: 499,
    }
}

fn expected(energy_wh: u32) -> [u64; 6] {
    // 231.4 V times 4.321 A times 0.93 is 929.9 W.
    [2_314, 4_321, 9_299, u64::from(energy_wh), 499, 93]
}

fn values(m: &Measurement) -> [u64; 6] {
    [
        u64::from(m.voltage_dv),
        u64::from(m.current_ma),
        u64::from(m.power_dw),
        u64::from(m.energy_wh),
        u64::from(m.frequency_dhz),
        u64::from(m.power_factor_percent),
    ]
}

#[derive(Debug, Default)]
struct Tally {
    transactions: u64,
    altered: u64,
    good: u64,
    refused: u64,
    /// Wrong values under a right check value: nothing below plausibility can tell.
    undetectable: u64,
    /// Altered replies with a right check value that were not taken.
    stopped: u64,
}

/// Runs `count` reads with `faults` and checks every value that is accepted.
fn run(faults: Faults, count: u64, plausibility: Option<Plausibility>) -> Tally {
    let line = Line::new();
    let id = line.attach(AcModule::new(1).with_load(load()).with_energy_wh(4_649));
    line.set_faults(faults);
    let config = Config::new()
        .with_read_retries(0)
        .with_poll_step_us(1_000)
        .with_plausibility(plausibility);
    let mut pzem = blocking::Pzem::with_config(line.uart(), line.delay(), config);
    let mut tally = Tally::default();
    for _ in 0..count {
        let result = pzem.read(Address::FIRST);
        let energy_wh = line.ac(id, |m| m.energy_wh()).expect("an AC module");
        let record = line.last_reply().expect("a reply");
        tally.transactions += 1;
        tally.altered += u64::from(record.intended != record.on_wire);
        match result {
            Ok(m) if values(&m) == expected(energy_wh) => tally.good += 1,
            Ok(m) => {
                // A wrong value may only come from bytes whose check value is right.
                assert!(
                    contains_valid_frame(&record.on_wire),
                    "{m} was taken from {:02X?}",
                    record.on_wire
                );
                tally.undetectable += 1;
            }
            Err(_) => {
                tally.refused += 1;
                if record.intended != record.on_wire && contains_valid_frame(&record.on_wire) {
                    tally.stopped += 1;
                }
            }
        }
    }
    // The first exchange without faults is good again, whatever the last one was.
    line.set_faults(Faults::seeded(0));
    line.advance_us(5_000_000);
    assert!(pzem.read(Address::FIRST).is_ok());
    tally
}

/// Whether a whole ten-register reply with a right CRC stands anywhere in `bytes`.
fn contains_valid_frame(bytes: &[u8]) -> bool {
    bytes.windows(25).any(|window| {
        window[..3] == [1, 4, 20]
            && metering_tests::script::with_crc(window[..23].to_vec()) == window
    })
}

/// One in a hundred bytes and replies, of every kind at once.
fn one_percent(seed: u64) -> Faults {
    Fault::ALL
        .into_iter()
        .filter(|(_, fault)| *fault != Fault::ValidCrcGarbage)
        .fold(Faults::seeded(seed), |faults, (_, fault)| {
            faults.with(fault, 10_000)
        })
}

/// How many transactions the long run makes; the issue of a release is a million.
fn count() -> u64 {
    std::env::var("METER_TRANSACTIONS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(1_000_000)
}

#[test]
fn a_million_transactions_take_no_wrong_value() {
    let tally = run(one_percent(2026), count(), Some(Plausibility::new()));
    println!("{tally:?}");
    // A random 16-bit value fits one time in 65 536; only altered replies can be concerned.
    assert!(
        tally.undetectable <= 1 + 2 * tally.altered / 65_536,
        "{tally:?}"
    );
    assert!(tally.good > tally.transactions / 3, "{tally:?}");
    assert!(tally.altered > tally.transactions / 3, "{tally:?}");
}

#[test]
fn garbage_under_a_right_check_value_is_left_to_plausibility() {
    let garbage = || Faults::seeded(7).with(Fault::ValidCrcGarbage, 500_000);
    let blind = run(garbage(), 20_000, None);
    assert!(blind.undetectable > 9_000, "{blind:?}");
    let checked = run(garbage(), 20_000, Some(Plausibility::new()));
    println!("without plausibility {blind:?}\nwith plausibility {checked:?}");
    assert_eq!(checked.undetectable, 0, "{checked:?}");
    assert!(checked.stopped > 9_000);
}

#[test]
fn every_kind_of_fault_alone() {
    let mut report = BTreeMap::new();
    for (name, fault) in Fault::ALL {
        if fault == Fault::ValidCrcGarbage {
            continue;
        }
        let tally = run(
            Faults::seeded(3).with(fault, 10_000),
            5_000,
            Some(Plausibility::new()),
        );
        assert!(tally.undetectable <= 1, "{name}: {tally:?}");
        assert!(tally.good > 3_500, "{name}: {tally:?}");
        report.insert(name, tally.good);
    }
    println!("good of 5000: {report:?}");
}

#[test]
fn the_exchange_after_a_fault_is_good() {
    for (name, fault) in Fault::ALL {
        let line = Line::new();
        line.attach(AcModule::new(1).with_load(load()));
        let config = Config::new().with_read_retries(0);
        let mut pzem = blocking::Pzem::with_config(line.uart(), line.delay(), config);
        for round in 0..200 {
            line.inject(fault);
            let _ = pzem.read(Address::FIRST);
            if let Fault::BrownOut { ms } = fault {
                line.advance_us(u64::from(ms) * 1_000);
            }
            let next = pzem.read(Address::FIRST);
            assert!(next.is_ok(), "{name}, round {round}: {next:?}");
        }
    }
}
