//! Any readings through registers, profile, demand and detectors, with restarts from any stored bytes:
//! nothing panics, no register decreases, records add up.
#![no_main]

use libfuzzer_sys::fuzz_target;
use meter_core::detect::{
    EnergyMismatch, FrozenSource, ImpossiblePower, Limit, Link, Naive, Residual, Voltage,
};
use meter_core::{
    Config, CounterReading, Demand, EnergyMeter, Profile, Reading, Registers, Snapshot, Source,
};

const SOURCE: Source = Source {
    counter_step_uwh: 1_000_000,
    moduli: &[1 << 16, 10_000_000, 1 << 32],
    max_power_mw: 27_600_000,
    power_step_mw: 100,
    voltage_step_mv: 100,
    current_step_ma: 1,
    power_factor_step_milli: 10,
    is_signed: true,
    is_simultaneous: true,
};

fn growing(r: &Registers) -> [(u64, u32); 7] {
    [
        r.import,
        r.export,
        r.estimated,
        r.integrated_import,
        r.integrated_export,
        r.apparent,
        r.nonactive,
    ]
    .map(|register| (register.mwh(), register.rest()))
}

fuzz_target!(|bytes: &[u8]| {
    if let Some(stored) = bytes.first_chunk() {
        if let Ok(snapshot) = Snapshot::decode(stored) {
            assert_eq!(snapshot.encode()[6..], stored[6..]);
        }
    }
    let mut meter = EnergyMeter::new(SOURCE, Config::new());
    let (mut profile, mut demand) = (Profile::new(900), Demand::<3>::new(900));
    let (mut residual, mut impossible) = (Residual::new(), ImpossiblePower::new());
    let (mut frozen, mut mismatch, mut link) =
        (FrozenSource::new(), EnergyMismatch::new(), Link::new());
    let mut limits = [
        Limit::overload(1),
        Limit::over_current(1),
        Limit::low_power_factor(),
    ];
    let (mut voltage, mut naive) = (Voltage::new(230_000), Naive::theft_suspicion(100, true));
    let (mut at_ms, mut recorded, mut before) = (1 << 40, 0, growing(meter.registers()));
    for chunk in bytes.chunks_exact(16) {
        let word = |at: usize| {
            u32::from_le_bytes([chunk[at], chunk[at + 1], chunk[at + 2], chunk[at + 3]])
        };
        let kind = chunk[0];
        at_ms = match kind & 7 {
            0 => word(1).into(),
            1 => at_ms,
            _ => at_ms + u64::from(word(1) >> 8),
        };
        let has = |bit: u8| kind & bit != 0;
        let reading = Reading {
            utc_s: has(8).then(|| i64::from(word(1)) * 1_000_003),
            voltage_mv: has(16).then(|| word(4)),
            current_ma: has(32).then(|| word(8)),
            power_mw: has(64).then(|| word(12).cast_signed()),
            reactive_mvar: has(8).then(|| word(8).cast_signed()),
            power_factor_milli: Some(word(6) as i16),
            counter: has(128).then(|| CounterReading {
                import: word(10).into(),
                export: word(2).into(),
            }),
            ..Reading::at(at_ms)
        };
        let step = meter.push(&reading);
        let now = growing(meter.registers());
        assert!(now.iter().zip(before).all(|(now, before)| *now >= before));
        before = now;
        let time_s = reading.utc_s.unwrap_or(at_ms as i64 / 1_000);
        if let Some(record) = profile.push(time_s, &reading, &step, meter.registers()) {
            recorded += record.import_mwh;
            assert!(recorded <= meter.registers().import.mwh());
        }
        let _ = demand.push(time_s, meter.registers());
        let _ = residual.push(&reading, &SOURCE);
        let _ = impossible.push(&reading, &SOURCE);
        let _ = frozen.push(&reading);
        let _ = mismatch.push(at_ms, meter.registers(), &SOURCE);
        let _ = link.push(at_ms, has(4));
        let _ = voltage.push(&reading);
        let _ = naive.push(&reading, &SOURCE);
        for limit in &mut limits {
            let _ = limit.push(&reading);
        }
        if chunk[15] == 0xFF {
            let stored = meter.snapshot(word(0)).encode();
            let snapshot = Snapshot::decode(&stored).expect("what was stored");
            meter = EnergyMeter::restore(SOURCE, Config::new(), &snapshot);
        }
    }
});
