//! Servers that fail in one way or another: what was made is there in the end, each once and without a hole.

use std::time::Duration;

use serde_json::Value;

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

/// A number of kilowatt-hours in milliwatt-hours, which it is sent with.
fn mwh(kwh: &Value) -> Option<i64> {
    kwh.as_f64().map(|kwh| (kwh * 1e6).round() as i64)
}

fn utc_ms(time: &Value) -> i64 {
    let time: jiff::Timestamp = time.as_str().expect("a time").parse().unwrap();
    time.as_millisecond()
}

/// What intervals have is what the register rose between their ends, as far as the readings around these tell. Gives how
/// many there are.
fn sums_agree(records: &Records) -> usize {
    let readings: Vec<(i64, i64)> = records
        .values()
        .filter_map(|record| Some((utc_ms(&record["timestamp"]), mwh(&record["energy_kwh"])?)))
        .collect();
    let before = |at| {
        readings
            .iter()
            .rev()
            .find(|(time, _)| *time <= at)
            .unwrap()
            .1
    };
    let after = |at| readings.iter().find(|(time, _)| *time >= at).unwrap().1;
    let intervals: Vec<(i64, i64)> = records
        .values()
        .filter_map(|record| {
            let import = mwh(&record["import_kwh"])?;
            Some((utc_ms(&record["interval_end"]), import))
        })
        .collect();
    let mut sum = 0;
    for pair in intervals.windows(2) {
        let (begin, (end, import)) = (pair[0].0, pair[1]);
        let possible = before(end) - after(begin)..=after(end) - before(begin);
        assert!(possible.contains(&import), "{import} mWh of {possible:?}");
        // Each alone could be off by a little, and all of them not.
        sum += import;
        let begin = intervals[0].0;
        let possible = before(end) - after(begin)..=after(end) - before(begin);
        assert!(possible.contains(&sum), "{sum} mWh of {possible:?}");
    }
    intervals.len()
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
    let (code, said) = outcome(&[
        "--count",
        "45",
        "--speed",
        "30",
        "--http",
        &base,
        "--set",
        "profile.interval=1min",
    ]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("0 records wait to be sent"), "{said}");
    assert_eq!(received.left(), 0, "everything went wrong that was to");
    assert!(is_whole(&received.records()) >= 45);
    assert!(sums_agree(&received.records()) >= 3);
    // What was taken although nobody heard of it came once more, and was told by its number.
    assert!(received.again() >= 2, "{}", received.again());
}
