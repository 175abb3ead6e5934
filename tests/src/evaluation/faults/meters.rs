//! Meters with counters to put faults into.

use meter_core::ReadingSource;
use meter_core::meter::Limits;
use meter_sim::pzem::{AcModule, Line};
use pzem::Address;
use pzem::blocking::Pzem;
use pzem::operation::Family;

use crate::evaluation::recording::{Recording, Set};

/// A watt-hour meter starts where a PZEM-004T may stand after a year.
const FROM_WH: u64 = 20_000;

/// Recordings that have a load, each with a counter: its own, or one made of its power.
pub fn meters(healthy: &[Set]) -> Vec<Recording> {
    let all = healthy.iter().flat_map(|set| &set.recordings);
    let loaded = all.filter(|recording| {
        let mut powers = recording
            .readings
            .iter()
            .flat_map(|reading| reading.power_mw);
        powers.any(|mw| mw > 0)
    });
    let counting = loaded.map(|recording| {
        let has_counter = recording.readings.iter().any(|r| r.counter.is_some());
        let mut recording = recording.clone();
        // One of the baselines, and not of the defaults.
        recording.rules.high_usage = None;
        if has_counter {
            recording
        } else {
            recording.with_counter(FROM_WH)
        }
    });
    counting.collect()
}

/// Hours of simulated PZEM-004T modules with a household behind them, read by the driver each second.
pub fn simulated(seeds: std::ops::Range<u64>, hours: u32) -> Vec<Recording> {
    let of = |seed| {
        let line = Line::new();
        line.attach(
            AcModule::new(1)
                .with_household(seed)
                .with_energy_wh(FROM_WH as u32),
        );
        let mut pzem = Pzem::new(line.uart(), line.delay());
        let source = Family::Ac.describe();
        let limits = Limits::new(230, 50);
        let mut recording = Recording::new(format!("simulated PZEM {seed}"), source, 1_000, limits);
        for _ in 0..hours * 3_600 {
            line.advance_us(930_000);
            let measured = pzem.read(Address::FIRST).expect("an answer");
            let mut reading = measured.reading(line.now_us() / 1_000);
            reading.utc_s = Some(1_700_000_000 + (reading.at_ms / 1_000).cast_signed());
            recording.readings.push(reading);
        }
        recording
    };
    seeds.map(of).collect()
}
