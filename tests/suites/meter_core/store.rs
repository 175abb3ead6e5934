//! A power cut at every byte of every write.

use meter_core::{EnergyMeter, Slots, Snapshot, SnapshotError};

use super::{COUNTING, Fed, counted};

#[test]
fn a_cut_at_any_byte_of_any_write_loses_at_most_one_checkpoint() {
    for cut in 0..=Snapshot::BYTES {
        for checkpoints in 0..5u64 {
            let mut flash = [[0xFF; Snapshot::BYTES]; 2];
            let (mut slots, none) = Slots::open([&flash[0], &flash[1]]);
            assert!(none.is_none());
            let mut meter = Fed::new(COUNTING);
            let mut stored = 0;
            for checkpoint in 0..=checkpoints {
                meter.push(&counted(
                    checkpoint * 60_000,
                    1_000_000,
                    500 + checkpoint * 100,
                ));
                let (place, bytes) = slots.store(meter.meter.snapshot());
                let written = if checkpoint == checkpoints {
                    cut
                } else {
                    Snapshot::BYTES
                };
                let slot = &mut flash[usize::from(place)];
                slot[..written].copy_from_slice(&bytes[..written]);
                if written == Snapshot::BYTES {
                    stored = meter.registers().import.mwh();
                }
            }
            let (mut slots, found) = Slots::open([&flash[0], &flash[1]]);
            let registers = found.map_or(0, |snapshot| {
                EnergyMeter::restore(&snapshot).registers().import.mwh()
            });
            assert_eq!(registers, stored, "cut at {cut} of write {checkpoints}");
            // The counter makes up for what was not stored.
            if let Some(snapshot) = found {
                let mut meter = Fed {
                    meter: EnergyMeter::restore(&snapshot),
                    ..Fed::new(COUNTING)
                };
                meter.push(&counted(0, 0, 500 + checkpoints * 100));
                assert_eq!(meter.registers().import.mwh(), checkpoints * 100_000);
                // And the next write does not go over the only good one.
                let (place, _) = slots.store(meter.meter.snapshot());
                let good = Snapshot::decode(&flash[usize::from(place ^ 1)]).unwrap();
                assert_eq!(good, snapshot);
            }
        }
    }
}

#[test]
fn every_flipped_bit_is_found() {
    let mut meter = Fed::new(COUNTING);
    meter.push(&counted(0, 1_000_000, 7));
    meter.push(&counted(9_000, 1_000_000, 9));
    let snapshot = meter.meter.snapshot();
    let bytes = snapshot.encode();
    assert_eq!(Snapshot::decode(&bytes), Ok(snapshot));
    for at in 0..bytes.len() * 8 {
        let mut damaged = bytes;
        damaged[at / 8] ^= 1 << (at % 8);
        assert_eq!(Snapshot::decode(&damaged), Err(SnapshotError::Crc));
    }
    assert_eq!(
        Snapshot::decode(&[0; Snapshot::BYTES]),
        Err(SnapshotError::Crc)
    );
    assert_eq!(
        Snapshot::decode(&[0xFF; Snapshot::BYTES]),
        Err(SnapshotError::Crc)
    );
}

#[test]
fn the_later_of_two_states_is_found_when_sequence_numbers_wrap() {
    let state = |sequence| {
        let mut snapshot = EnergyMeter::new().snapshot();
        snapshot.sequence = sequence;
        snapshot.encode()
    };
    let (old, new) = (state(u32::MAX), state(0));
    for slots in [[&old, &new], [&new, &old]] {
        assert_eq!(
            Slots::open(slots).1.map(|snapshot| snapshot.sequence),
            Some(0)
        );
    }
}
