//! Stored states of any content, under the right check value: each is refused, or comes back as it was, and a meter
//! goes on from it.
#![no_main]

use crc::{CRC_32_ISO_HDLC, Crc};
use libfuzzer_sys::fuzz_target;
use meter_core::detect::DropLimits;
use meter_core::meter::{Limits, Meter, Outputs, Rules, Settings, Standard, StandardSettings};
use meter_core::{
    Config, CounterReading, LocalTime, Reading, Ring, Season, Slots, Snapshot, Source, Switch,
    Tariff,
};

const CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);
const DAY: &[Switch] = &[Switch { minute: 0, rate: 0 }];
const SEASONS: &[Season<'_>] = &[Season {
    from: (1, 1),
    workday: DAY,
    saturday: DAY,
    sunday: DAY,
}];
const SOURCE: Source = Source {
    counter_step_uwh: 1_000_000,
    moduli: &[1 << 16],
    max_power_mw: 27_600_000,
    power_step_mw: 100,
    voltage_step_mv: 100,
    current_step_ma: 1,
    power_factor_step_milli: 10,
    is_signed: false,
    is_simultaneous: true,
};

fuzz_target!(|bytes: &[u8]| {
    let mut stored = [0; Snapshot::BYTES];
    let body = Snapshot::BYTES - 4;
    let length = bytes.len().min(body);
    stored[..length].copy_from_slice(&bytes[..length]);
    // The version, or nothing else would be looked at.
    stored[0] = 1;
    let crc = CRC.checksum(&stored[..body]);
    stored[body..].copy_from_slice(&crc.to_le_bytes());
    let Ok(snapshot) = Snapshot::decode(&stored) else {
        return;
    };
    assert_eq!(Snapshot::decode(&snapshot.encode()), Ok(snapshot));
    let (_, latest) = Slots::open([&stored, &[0xFF; Snapshot::BYTES]]);
    assert_eq!(latest, Some(snapshot));
    let mut ring = Ring::new(2, 3).expect("two pages");
    let found = ring.look(1, &stored);
    assert!(found.is_none_or(|found| found == snapshot));
    let write = ring.store(snapshot);
    let again = Snapshot::decode(&write.bytes).expect("what was stored");
    assert!(write.page < 2 && write.place < 3);
    assert_eq!(
        again.sequence,
        found.map_or(0, |found| found.sequence.wrapping_add(1))
    );

    let settings = Settings::new(
        Config::new(SOURCE),
        StandardSettings {
            tariff: Tariff::new(SEASONS, &[], 4).expect("a tariff"),
            limits: Limits::new(230, 50),
            rules: Rules::new(),
            drop: DropLimits::new(),
        },
    );
    let mut meter = Meter::restore(Standard::<4>::new(900, 1), &snapshot);
    let before = *meter.registers();
    let mut outputs = Outputs::new();
    for day in 0..4_u8 {
        let reading = Reading {
            utc_s: Some(i64::from(day) * 86_400),
            power_mw: Some(1_000_000),
            counter: Some(CounterReading {
                import: u64::from(day) * 24_000,
                export: 0,
            }),
            ..Reading::at(u64::from(day) * 86_400_000)
        };
        let local = LocalTime {
            month: 1,
            day: 1 + day,
            weekday: day,
            minute: 0,
        };
        meter.push(&reading, Some(local), &settings, &mut outputs);
        assert!(meter.registers().import.mwh() >= before.import.mwh());
    }
});
