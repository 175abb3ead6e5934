//! Servers that fail in one way or another: what was made is there in the end, each once and without a hole.

use std::time::Duration;

use super::process::outcome;
use super::receiver::{Manner, Receiver, Records};

/// Each start of the device numbers its records from 0, and none is missing; energy never falls. Gives how many readings
/// there are.
pub(crate) fn is_whole(records: &Records) -> usize {
    let mut next = (0, 0);
    for (boot, seq) in records.keys() {
        let expected = if *boot == next.0 { next.1 } else { 0 };
        assert_eq!(*seq, expected, "of start {boot}");
        next = (*boot, seq + 1);
    }
    never_falls(records)
}

/// Energy never falls. Gives how many readings there are.
pub(crate) fn never_falls(records: &Records) -> usize {
    let (mut energy, mut readings) = (0.0, 0);
    for record in records.values() {
        if let Some(kwh) = record["energy_kwh"].as_f64() {
            assert!(kwh >= energy, "{energy} kWh, then {record}");
            energy = kwh;
            readings += 1;
        }
    }
    readings
}

#[test]
fn a_server_that_misbehaves_has_everything_in_the_end() {
    use Manner::{Deaf, Fails, HangsUp, Late};
    let received = Receiver::start([
        Fails,
        Deaf,
        HangsUp,
        Late(Duration::from_millis(50)),
        Fails,
        HangsUp,
        // Longer than it is waited for at that speed.
        Late(Duration::from_millis(1_500)),
        Deaf,
        Fails,
    ]);
    let base = received.base();
    let (code, said) = outcome(&["--count", "45", "--speed", "30", "--http", &base]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("0 records wait to be sent"), "{said}");
    assert_eq!(received.left(), 0, "everything went wrong that was to");
    assert!(is_whole(&received.records()) >= 45);
    // What was taken although nobody heard of it came once more, and was told by its number.
    assert!(received.again() >= 2, "{}", received.again());
}
