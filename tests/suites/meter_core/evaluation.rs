//! The core of the scoring program on the committed extracts: what its tables claim is guarded here.

use meter_core::EventCode;
use metering_tests::evaluation::replay;
use metering_tests::evaluation::sets::{self, Data};

/// Residual, impossible power, mismatch, counter and frozen source.
const FAULTS: [EventCode; 6] = [
    EventCode::Residual,
    EventCode::ImpossiblePower,
    EventCode::EnergyMismatch,
    EventCode::CounterReset,
    EventCode::CounterGlitch,
    EventCode::FrozenSource,
];

#[test]
fn no_fault_and_no_theft_is_seen_in_healthy_recordings() {
    let mut readings = 0;
    for set in sets::healthy(&Data::extracts()) {
        for recording in &set.recordings {
            let run = replay(recording);
            let theft = [
                EventCode::ConsumptionDrop,
                EventCode::BaseLoadShift,
                EventCode::TheftSuspicion,
            ];
            for code in FAULTS.into_iter().chain(theft) {
                let count = run.count(code.name());
                assert_eq!(count, 0, "{}, {}: {code:?}", set.name, recording.meter);
            }
            assert!(!recording.readings.is_empty(), "{}", recording.meter);
            readings += recording.readings.len();
        }
    }
    assert!(readings > 13_000, "{readings} readings");
}
